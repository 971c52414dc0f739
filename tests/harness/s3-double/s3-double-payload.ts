import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import type { S3Operation } from './s3-double-faults.ts';
import { S3Refusal } from './s3-double-refusals.ts';
import { sha256Of } from '../../../schemas/sha256.ts';

/** Longest body that the double accepts. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const STREAMED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

export type ChecksumName = 'crc32' | 'sha256';

/** The checksum of bytes, base64 as it stands in headers. */
export function checksumOf(name: ChecksumName, bytes: Buffer): string {
  if (name === 'sha256') return createHash('sha256').update(bytes).digest('base64');
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

export interface Payload {
  readonly bytes: Buffer;
  /** The checksum that came with the request and was correct, if any. */
  readonly checksum: { readonly name: ChecksumName; readonly value: string } | null;
}

/**
 * Decodes an `aws-chunked` body and compares it with every declared length, hash and checksum.
 * @throws S3Refusal
 */
export function understandPayload(
  headers: IncomingHttpHeaders,
  raw: Buffer,
  operation: S3Operation,
): Payload {
  const declared = headers['x-amz-content-sha256'];
  if (declared === STREAMED) {
    const { bytes, trailers } = unchunked(raw, headers);
    return { bytes, checksum: agreeingChecksum(bytes, { ...headers, ...trailers }) };
  }
  if (declared?.toString().startsWith('STREAMING-') === true)
    throw new S3Refusal('NotImplemented', 'Signed chunks are not understood.');
  if (declared !== 'UNSIGNED-PAYLOAD' && declared !== sha256Of(raw))
    throw new S3Refusal('XAmzContentSHA256Mismatch', 'The body is not the one that was signed.');
  // The checksum of a completion belongs to the object; the request's body is a list of parts.
  if (operation === 'CompleteMultipartUpload') return { bytes: raw, checksum: null };
  return { bytes: raw, checksum: agreeingChecksum(raw, headers) };
}

/**
 * Reads a body to its end.
 * @throws S3Refusal when the body has no length or is longer than the double accepts
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const { method, headers } = request;
  if (
    method === 'PUT' &&
    headers['content-length'] === undefined &&
    headers['x-amz-decoded-content-length'] === undefined
  )
    throw new S3Refusal('MissingContentLength', 'A length must be given.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new S3Refusal('InvalidRequest', 'The body is longer than the double takes.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** "Signature calculations: trailing checksums": chunks of hexadecimal length, a last one of 0, then the trailers. */
function unchunked(
  raw: Buffer,
  headers: IncomingHttpHeaders,
): { bytes: Buffer; trailers: Record<string, string> } {
  if (headers['content-encoding']?.split(',').includes('aws-chunked') !== true)
    throw new S3Refusal('InvalidRequest', 'A streamed payload must be aws-chunked.');
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', at);
    const head = end < 0 ? '' : raw.toString('latin1', at, end);
    if (!/^[0-9a-f]{1,8}$/i.test(head)) throw new S3Refusal('IncompleteBody', 'A chunk has no length.');
    const length = Number.parseInt(head, 16);
    at = end + 2;
    if (length === 0) break;
    if (raw.toString('latin1', at + length, at + length + 2) !== '\r\n')
      throw new S3Refusal('IncompleteBody', 'A chunk is not as long as it says.');
    chunks.push(raw.subarray(at, at + length));
    at += length + 2;
  }
  const bytes = Buffer.concat(chunks);
  if (Number(headers['x-amz-decoded-content-length']) !== bytes.length)
    throw new S3Refusal('IncompleteBody', 'x-amz-decoded-content-length is not the length of the content.');
  return { bytes, trailers: readTrailers(raw.toString('latin1', at), headers) };
}

function readTrailers(text: string, headers: IncomingHttpHeaders): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '');
  const trailers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  for (const name of String(headers['x-amz-trailer'] ?? '').split(','))
    if (name !== '' && trailers[name.trim()] === undefined)
      throw new S3Refusal('InvalidRequest', `The trailer ${name} was announced and did not come.`);

  return trailers;
}

function agreeingChecksum(bytes: Buffer, headers: IncomingHttpHeaders): Payload['checksum'] {
  const given = Object.keys(headers).flatMap(
    (header) => /^x-amz-checksum-(?!type|algorithm|mode)(.+)$/.exec(header)?.[1] ?? [],
  );
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64'))
    throw new S3Refusal('BadDigest', 'Content-MD5 is not that of the body.');
  if (given.length > 1) throw new S3Refusal('InvalidRequest', 'More than one checksum was given.');
  const [name] = given;
  if (name === undefined) return null;
  if (name !== 'crc32' && name !== 'sha256')
    throw new S3Refusal('NotImplemented', `The double does not know ${name}.`);
  const value = String(headers[`x-amz-checksum-${name}`]);
  if (Buffer.from(value, 'base64').length !== (name === 'crc32' ? 4 : 32))
    throw new S3Refusal('InvalidRequest', `Value for x-amz-checksum-${name} header is invalid.`);
  if (value !== checksumOf(name, bytes))
    throw new S3Refusal('BadDigest', `The ${name} is not that of the body.`);
  return { name, value };
}
