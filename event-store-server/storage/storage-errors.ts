import { CodedError } from '../../schemas/coded-error.ts';

/** The directory belongs to another running event store. */
export class StoreLocked extends CodedError {
  readonly code = 'STORE_LOCKED';
  readonly retryable = false;

  constructor(directory: string, owner: string, options?: ErrorOptions) {
    super(`The event store in ${directory} is already open in another process${owner}.`, options);
  }
}

/** Stored bytes are not what was written. Nothing is repaired: restore the file from a backup. */
export class LogCorrupt extends CodedError {
  readonly code = 'LOG_CORRUPT';
  readonly retryable = false;
  readonly file: string;
  /** Offset in `file` at which the damaged record or file begins. */
  readonly byteOffset: number;

  constructor(file: string, byteOffset: number, reason: string, options?: ErrorOptions) {
    super(`The event log is damaged in ${file} at byte ${byteOffset}: ${reason}.`, options);
    this.file = file;
    this.byteOffset = byteOffset;
  }
}

/** The directory cannot be made, read or written. */
export class DirectoryUnusable extends CodedError {
  readonly code = 'DIRECTORY_UNUSABLE';
  readonly retryable = false;

  constructor(directory: string, reason: string, options?: ErrorOptions) {
    super(`The event store cannot use the directory ${directory}: ${reason}.`, options);
  }
}

/** There is no room to write. Nothing of the write is in the log. */
export class DiskFull extends CodedError {
  readonly code = 'DISK_FULL';
  readonly retryable = true;

  constructor(options?: ErrorOptions) {
    super('The disk of the event store is full.', options);
  }
}

/** The disk failed in a way that leaves unknown what is on it. The process must end and start again. */
export class DiskFailed extends CodedError {
  readonly code = 'DISK_FAILED';
  readonly retryable = false;

  constructor(doing: string, options?: ErrorOptions) {
    super(`The disk of the event store failed while ${doing}; it is unknown what is stored.`, options);
  }
}

/** The system's code of an error (`ENOSPC`), or ''. */
export const systemCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

// EFBIG is what a file-size limit (RLIMIT_FSIZE) gives, EDQUOT a quota.
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** True when the system says that there is no room. */
export const isNoRoom = (error: unknown): boolean => NO_ROOM.has(systemCode(error));
