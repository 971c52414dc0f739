import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { createHash } from 'node:crypto';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';

/**
 * A result up to this size is checked before its first byte is sent, so that the answer for a damaged result is a
 * complete error with status 500.
 */
export const CHECK_FIRST_BYTES_MAX = 1024 * 1024;
/** Number of blobs remembered as damaged. The oldest is forgotten first, and detected again at the next request. */
const KNOWN_CORRUPT_MAX = 1_000;

export function checkedBlobs(blobs: BlobStore) {
  const corrupt = new Set<string>();
  const remember = (error: unknown): unknown => {
    if (error instanceof BlobCorrupt) {
      corrupt.add(error.blobKey);
      const [oldest] = corrupt;
      if (corrupt.size > KNOWN_CORRUPT_MAX && oldest !== undefined) corrupt.delete(oldest);
    }
    return error;
  };
  async function* remembering(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* source;
    } catch (error) {
      throw remember(error);
    }
  }
  return {
    /**
     * Opens a blob. A small blob is read and checked first. The last chunk of a large blob is sent only if the hash is
     * right.
     * @throws BlobCorrupt, BlobMissing, BlobStoreUnavailable
     */
    open: async (expected: ExpectedBlob) => {
      if (corrupt.has(expected.blobKey)) throw new BlobCorrupt(expected.blobKey);
      const opened = await blobs.open(expected.blobKey);
      if (opened.bytes !== expected.bytes) {
        opened.stream.destroy();
        throw remember(new BlobCorrupt(expected.blobKey));
      }
      const checked = remembering(checkedBytes(opened.stream, expected));
      if (expected.bytes > CHECK_FIRST_BYTES_MAX) return Readable.from(checked, { objectMode: false });
      const chunks: Buffer[] = [];
      for await (const chunk of checked) chunks.push(chunk);
      return Readable.from(chunks, { objectMode: false });
    },
  };
}

/** Reads results and checks them against the hash in the log. */
export type CheckedBlobs = ReturnType<typeof checkedBlobs>;

/**
 * Sends a stream as the body of an answer whose headers are set. Resolves when the client's connection has taken the
 * whole stream. If the stream fails, this function closes the connection, so that the client does not regard a part
 * as the whole.
 */
export async function sendWhole(stream: Readable, res: Response): Promise<void> {
  await pipeline(stream, res);
}

/** The bytes of a blob differ from the hash or the length in the log (A-FS03). */
export class BlobCorrupt extends CodedError {
  readonly code = 'BLOB_CORRUPT';
  readonly blobKey: string;

  constructor(blobKey: string, options?: ErrorOptions) {
    super(`The blob ${blobKey} differs from the hash in the log.`, options);
    this.blobKey = blobKey;
  }
}

/** The facts that the log states about a blob. */
interface ExpectedBlob {
  readonly blobKey: string;
  readonly bytes: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Passes bytes on while it hashes them, one chunk behind. It passes the last chunk only when the hash of the whole is
 * right. So wrong bytes never look complete (I13).
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
