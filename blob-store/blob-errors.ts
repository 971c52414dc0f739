import { CodedError } from '../schemas/errors/coded-error.ts';

/** No blob has this key. */
export class BlobMissing extends CodedError {
  readonly code = 'BLOB_MISSING';
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`There is no blob ${key}.`, options);
    this.key = key;
  }
}

/** A blob with this key already exists, and blobs are written only once. */
export class BlobExists extends CodedError {
  readonly code = 'BLOB_EXISTS';
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`There already is a blob ${key}; blobs are never overwritten.`, options);
    this.key = key;
  }
}

/** The stream exceeded its limit. Nothing of it is in the store. */
export class BlobTooLarge extends CodedError {
  readonly code = 'BLOB_TOO_LARGE';
  readonly maxBytes: number;

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`The stream is longer than ${maxBytes} bytes.`, options);
    this.maxBytes = maxBytes;
  }
}

/** The store has no room, because of the disk, a quota or a file-size limit (D26). Somebody must free space. */
export class StorageFull extends CodedError {
  readonly code = 'STORAGE_FULL';

  constructor(options?: ErrorOptions) {
    super('There is no room left in the blob store.', options);
  }
}

/**
 * The store cannot be used now: it is unmounted or read-only, file descriptors are used up, or the disk reports I/O
 * errors (D27).
 */
export class BlobStoreUnavailable extends CodedError {
  readonly code = 'BLOB_STORE_UNAVAILABLE';
  override readonly retryable = true;
  /** The reason alone, without a full stop. */
  readonly why: string;

  constructor(why: string, options?: ErrorOptions) {
    super(`The blob store cannot be used: ${why}.`, options);
    this.why = why;
  }
}

/**
 * No caller in Docket makes such a key. The key comes from a defect, or from an attack that passed the other checks
 * (R01.06).
 */
export class BlobKeyRefused extends CodedError {
  readonly code = 'BLOB_KEY_REFUSED';

  constructor(key: string) {
    super(`${JSON.stringify(key.slice(0, 80))} is not a blob key.`);
  }
}
