import { createHash } from 'node:crypto';

/** A blob is not what the log says it is: other bytes, or another number of them (A-FS03). */
export class BlobCorrupt extends Error {
  readonly code = 'BLOB_CORRUPT';
  readonly retryable = false;
  readonly blobKey: string;

  constructor(blobKey: string, options?: ErrorOptions) {
    super(`The blob ${blobKey} is not what the log says it is.`, options);
    this.name = 'BlobCorrupt';
    this.blobKey = blobKey;
  }
}

/** What the log says of a blob. */
export interface ExpectedBlob {
  readonly blobKey: string;
  readonly bytes: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Passes bytes on while they are hashed, one chunk behind: the last chunk is given only when the whole is known to be
 * right, so wrong bytes are never delivered as complete (I13).
 * @throws BlobCorrupt instead of the last chunk
 */
export async function* checkedBytes(
  source: AsyncIterable<Buffer>,
  expected: ExpectedBlob,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  let last: Buffer | null = null;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > expected.bytes) throw new BlobCorrupt(expected.blobKey);
    hash.update(chunk);
    if (last !== null) yield last;
    last = chunk;
  }
  if (bytes !== expected.bytes || hash.digest('hex') !== expected.sha256)
    throw new BlobCorrupt(expected.blobKey);
  if (last !== null) yield last;
}
