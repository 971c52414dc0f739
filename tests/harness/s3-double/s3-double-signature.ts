import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Refusal } from './s3-double-refusals.ts';
import { sha256Of } from '../../../schemas/sha256.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A request that is older or newer than this is refused ("RequestTimeTooSkewed"). */
const SKEW_MAX_MS = 15 * 60 * 1000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Verifies the AWS Signature Version 4 of a request as S3 does: path and query as they were sent, the payload by its
 * `x-amz-content-sha256` ("Authenticating Requests: Using the Authorization Header").
 * @throws S3Refusal
 */
export function verifySignature(
  request: IncomingMessage,
  expected: { readonly credentials: S3Credentials; readonly region: string },
): void {
  const { headers } = request;
  const parsed = AUTHORIZATION.exec(headers.authorization ?? '');
  if (!parsed) throw new S3Refusal('AccessDenied', 'There is no signature that can be read.');
  const [, accessKeyId = '', day = '', region = '', names = '', signature = ''] = parsed;
  if (accessKeyId !== expected.credentials.accessKeyId)
    throw new S3Refusal('InvalidAccessKeyId', 'The access key is not known.');
  const date = String(headers['x-amz-date'] ?? '');
  assertRecent(date, day);
  const payload = headers['x-amz-content-sha256'];
  if (typeof payload !== 'string') throw new S3Refusal('InvalidRequest', 'x-amz-content-sha256 is missing.');
  const signed = names.split(';');
  assertAllSigned(request, signed);
  const canonical = canonicalRequest(request, signed, payload);
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256Of(canonical)].join('\n');
  const wanted = hmac(signingKey(expected.credentials.secretAccessKey, day, expected.region), text);
  if (region !== expected.region || !timingSafeEqual(wanted, Buffer.from(signature, 'hex')))
    throw new S3Refusal('SignatureDoesNotMatch', 'The signature is not that of this request.');
}

function assertRecent(date: string, day: string): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!parts || !date.startsWith(day))
    throw new S3Refusal('AccessDenied', 'x-amz-date is not the day signed for.');
  const [, year, month, dayOfMonth, hour, minute, second] = parts;
  const at = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (Math.abs(Date.now() - at) > SKEW_MAX_MS)
    throw new S3Refusal('RequestTimeTooSkewed', 'The clocks are more than 15 minutes apart.');
}

/** The signature must cover the host and every x-amz-* header. */
function assertAllSigned(request: IncomingMessage, signed: readonly string[]): void {
  const needed = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const bare = needed.filter((name) => !signed.includes(name));
  if (bare.length > 0) throw new S3Refusal('AccessDenied', `Headers are not signed: ${bare.join(', ')}.`);
}

function canonicalRequest(request: IncomingMessage, signed: readonly string[], payload: string): string {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const pairs = query === '' ? [] : query.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`));
  const headers = signed.map((name) => {
    const value = request.headers[name];
    return `${name}:${String(value ?? '')
      .trim()
      .replaceAll(/\s+/g, ' ')}\n`;
  });
  return [request.method, path, pairs.sort().join('&'), headers.join(''), signed.join(';'), payload].join(
    '\n',
  );
}

function signingKey(secret: string, day: string, region: string): Buffer {
  const steps = [day, region, 's3', 'aws4_request'];
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secret}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
