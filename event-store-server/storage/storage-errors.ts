import { CodedError } from '../../schemas/errors/coded-error.ts';

/** Another running event store uses the directory. */
export class StoreLocked extends CodedError {
  readonly code = 'STORE_LOCKED';

  constructor(directory: string, owner: string, options?: ErrorOptions) {
    super(`The event store in ${directory} is already open in another process${owner}.`, options);
  }
}

/** Stored bytes differ from the bytes that were written. The store repairs nothing: restore the file from a backup. */
export class LogCorrupt extends CodedError {
  readonly code = 'LOG_CORRUPT';
  readonly file: string;
  /** Offset in `file` at which the damaged record or file begins. */
  readonly byteOffset: number;

  constructor(file: string, byteOffset: number, reason: string, options?: ErrorOptions) {
    super(`The event log is damaged in ${file} at byte ${byteOffset}: ${reason}.`, options);
    this.file = file;
    this.byteOffset = byteOffset;
  }
}

/** The store cannot make, read or write the directory. */
export class DirectoryUnusable extends CodedError {
  readonly code = 'DIRECTORY_UNUSABLE';

  constructor(directory: string, reason: string, options?: ErrorOptions) {
    super(`The event store cannot use the directory ${directory}: ${reason}.`, options);
  }
}

/** The disk has no room. Nothing of the write is in the log. */
export class DiskFull extends CodedError {
  readonly code = 'DISK_FULL';
  override readonly retryable = true;

  constructor(options?: ErrorOptions) {
    super('The disk of the event store is full.', options);
  }
}

/** The disk failed, and nobody knows which bytes are stored. The process must end and start again. */
export class DiskFailed extends CodedError {
  readonly code = 'DISK_FAILED';

  constructor(doing: string, options?: ErrorOptions) {
    super(`The disk of the event store failed while ${doing}; nobody knows what it stored.`, options);
  }
}

/** The system's code of an error (`ENOSPC`), or ''. */
export const systemCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

// The system reports EFBIG at a file-size limit (RLIMIT_FSIZE) and EDQUOT at a quota.
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** True when the system says that there is no room. */
export const isNoRoom = (error: unknown): boolean => NO_ROOM.has(systemCode(error));
