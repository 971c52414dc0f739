import type { Readable } from 'node:stream';

/** With less free room than this uploads are refused: what is left is for the log, the tables and cleanup. */
export const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** What a finished stream was: its length, and SHA-256 in lower-case hexadecimal. */
export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

export interface PutOptions {
  /** Longest stream taken, in bytes. */
  readonly maxBytes: number;
  /** Sees every chunk before it is written; what it throws ends the put and is what the put rejects with. */
  readonly inspect?: (chunk: Buffer) => void;
  /** Called after the last byte, before the blob becomes visible; what it throws undoes the put. */
  readonly verify?: (written: Written) => void | Promise<void>;
  /** Ends the put at once; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface OpenedBlob {
  /** The caller reads the stream to its end or destroys it. */
  readonly stream: Readable;
  readonly bytes: number;
}

export interface BlobListing {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/**
 * Where PDFs and results are kept. Every implementation passes `contract.ts`.
 *
 * Every method may throw `BlobStoreUnavailable` (try again later) and `BlobKeyRefused` (a key that is no key).
 */
export interface BlobStore {
  /**
   * Writes a blob once. It is visible only when the stream has ended, `verify` has agreed and the bytes are durable;
   * after any failure there is nothing under the key. The source is never destroyed: it stays the caller's.
   *
   * @throws BlobTooLarge, BlobExists, StorageFull, whatever `inspect`, `verify`, the source or the signal gave
   */
  put(key: string, source: Readable, options: PutOptions): Promise<Written>;
  /** @throws BlobMissing */
  open(key: string): Promise<OpenedBlob>;
  /** @throws BlobMissing */
  stat(key: string): Promise<BlobListing>;
  /** Removes a blob, durably; a missing one is already removed. */
  remove(key: string): Promise<void>;
  /** Every blob whose key starts with `prefix`, in no order. */
  list(prefix: string): AsyncIterable<BlobListing>;
  /** Removes what crashed puts left behind, when it was last written to more than `olderThanMs` ago; returns how many. */
  sweepPartials(olderThanMs: number): Promise<number>;
  /**
   * The store's own time in milliseconds since the epoch, the clock of `modifiedAt`. The age of a blob is computed by
   * this clock. A host with a wrong clock would take a file that is being uploaded for an old one.
   */
  now(): Promise<number>;
  /** Share of the room that is used, 0 to 100, or null where there is no such limit. */
  usedPercent(): Promise<number | null>;
  /** Bytes that are still free, or null where there is no limit. */
  freeBytes(): Promise<number | null>;
}
