import { BlobStoreUnavailable, StorageFull } from './blob-errors.ts';

/** Errors of the operating system for a full disk, a full quota or a file-size limit (errno(3), D26). */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

interface SystemError {
  readonly errno: number;
  readonly code: string;
}

/**
 * True for an error of the operating system. The check uses its shape, because `instanceof` fails for errors of
 * another realm.
 */
export function isSystemError(error: unknown): error is SystemError {
  const { errno, code } = (error ?? {}) as Partial<SystemError>;
  return typeof errno === 'number' && typeof code === 'string';
}

/** Converts the error of a file operation to an error of the blob store. Returns every other error unchanged. */
export function storageFault(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if (FULL.has(error.code)) return new StorageFull({ cause: error });
  return new BlobStoreUnavailable(`the file system answered ${error.code}`, { cause: error });
}
