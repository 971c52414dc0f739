import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { ApiError } from '../../runtime/http/api-error.ts';

/** Limit of a body. A full batch of 500 job ids has 20 KB. */
const BODY_BYTES_MAX = 32 * 1024;
const BODY_MS_MAX = 5_000;

/**
 * Reads a small JSON body and checks it against a strict schema. It accepts only plain UTF-8 JSON. It refuses a byte
 * order mark, another encoding, and a key that is repeated or not in the schema (A-ID06, A-PP01, A-PP02).
 * @throws ApiError BAD_REQUEST, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
 */
export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.');
  const text = decoded(await readBytes(request));
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
    throw new ApiError('BAD_REQUEST', `The body does not match the schema${where}.`.slice(0, 200));
  }
  // The texts that the schemas allow need no escapes. So a body of the expected content has only one length, except
  // for white space.
  if (text.replace(/\s+/g, '') !== JSON.stringify(parsed.data))
    throw new ApiError('BAD_REQUEST', 'The body contains a key twice.');
  return parsed.data;
}

/** True when the request has a body (RFC 9112, section 6). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX)
    throw new ApiError('TOO_LARGE', TOO_LONG);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return reject(new ApiError('TOO_LARGE', TOO_LONG));
    chunks.push(chunk);
  };
  const onEnd = (): void => resolve(Buffer.concat(chunks));
  const onClose = (): void => reject(new ApiError('BAD_REQUEST', 'The body did not arrive completely.'));
  const onLate = (): void => reject(new ApiError('REQUEST_TIMEOUT'));
  const timer = setTimeout(onLate, BODY_MS_MAX);
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    request.off('data', onData).off('end', onEnd).off('close', onClose).pause();
  }
}

const TOO_LONG = 'The body is too long.';

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ApiError('BAD_REQUEST', 'The body is not UTF-8.', { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiError('BAD_REQUEST', 'The body is not JSON.', { cause: error });
  }
}
