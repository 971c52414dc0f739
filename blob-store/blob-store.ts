import type { Readable } from 'node:stream';

/** Docket refuses uploads when less space is free, because the log, the tables and cleanup need this space. */
export const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** The length and the SHA-256 (lower-case hexadecimal) of a finished stream. */
export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

export interface PutOptions {
  /** Longest accepted stream, in bytes. */
  readonly maxBytes: number;
  /**
   * Receives every chunk before the store writes it. An error that this function throws ends the put, which rejects
   * with that error.
   */
  readonly inspect?: (chunk: Buffer) => void;
  /** Called after the last byte, before the blob becomes visible. An error from it removes the blob again. */
  readonly verify?: (written: Written) => void | Promise<void>;
  /** True when nobody reads the chunks of the source after this put. A store may free their memory once they are written. */
  readonly chunksAreGivenUp?: boolean;
  /** Ends the put at once, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface OpenedBlob {
  /** The caller must read the stream to its end or destroy it. */
  readonly stream: Readable;
  readonly bytes: number;
}

export interface BlobListing {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/**
 * The store of PDFs and results. Every implementation passes `tests/rooms/blob-store/contract.ts`.
 *
 * Every method may throw `BlobStoreUnavailable` (try again later) and `BlobKeyRefused` (an invalid key).
 */
export interface BlobStore {
  /**
   * Writes a blob once. The blob becomes visible when the stream has ended, `verify` has resolved and the bytes are
   * durable. After any failure the key has no blob. The put never destroys the source, which the caller must destroy.
   *
   * @throws BlobTooLarge, BlobExists, StorageFull, or the error of `inspect`, `verify`, the source or the signal
   */
  put(key: string, source: Readable, options: PutOptions): Promise<Written>;
  /**
   * Opens a blob.
   * @throws BlobMissing
   */
  open(key: string): Promise<OpenedBlob>;
  /**
   * Returns length and time of a blob.
   * @throws BlobMissing
   */
  stat(key: string): Promise<BlobListing>;
  /** Removes a blob durably. A missing blob counts as removed. */
  remove(key: string): Promise<void>;
  /** Lists every blob whose key begins with `prefix`, in no order. */
  list(prefix: string): AsyncIterable<BlobListing>;
  /**
   * Removes the unfinished blobs of crashed puts whose last write is more than `olderThanMs` ago.
   * @returns their number
   */
  sweepPartials(olderThanMs: number): Promise<number>;
  /**
   * The store's own time in milliseconds since the epoch, by the clock of `modifiedAt`. The age of a blob is computed
   * with it. By a wrong clock of another machine, a new file could look old.
   */
  now(): Promise<number>;
  /** Percent of the space that is used, 0 to 100; null when the store has no limit. */
  usedPercent(): Promise<number | null>;
  /** Free bytes; null when the store has no limit. */
  freeBytes(): Promise<number | null>;
}
