import { CodedError } from '../schemas/coded-error.ts';

/** There is no blob under this key. */
export class BlobMissing extends CodedError {
  readonly code = 'BLOB_MISSING';
  readonly retryable = false;
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`There is no blob ${key}.`, options);
    this.key = key;
  }
}

/** Blobs are written once; this key is taken. */
export class BlobExists extends CodedError {
  readonly code = 'BLOB_EXISTS';
  readonly retryable = false;
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`There already is a blob ${key}; blobs are never overwritten.`, options);
    this.key = key;
  }
}

/** The stream went past its limit; nothing was kept. */
export class BlobTooLarge extends CodedError {
  readonly code = 'BLOB_TOO_LARGE';
  readonly retryable = false;
  readonly maxBytes: number;

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`The stream is longer than ${maxBytes} bytes.`, options);
    this.maxBytes = maxBytes;
  }
}

/** There is no room left: disk, quota or file-size limit (D26). Somebody has to free some. */
export class StorageFull extends CodedError {
  readonly code = 'STORAGE_FULL';
  readonly retryable = false;

  constructor(options?: ErrorOptions) {
    super('There is no room left in the blob store.', options);
  }
}

/** The store cannot be used right now: unmounted, read-only, out of descriptors, I/O errors (D27). */
export class BlobStoreUnavailable extends CodedError {
  readonly code = 'BLOB_STORE_UNAVAILABLE';
  readonly retryable = true;
  /** The reason alone, without full stop. */
  readonly why: string;

  constructor(why: string, options?: ErrorOptions) {
    super(`The blob store cannot be used: ${why}.`, options);
    this.why = why;
  }
}

/** A key that no caller of ours makes: a broken invariant, or an attack that came too far (R01.06). */
export class BlobKeyRefused extends CodedError {
  readonly code = 'BLOB_KEY_REFUSED';
  readonly retryable = false;

  constructor(key: string) {
    super(`${JSON.stringify(key.slice(0, 80))} is not a blob key.`);
  }
}
