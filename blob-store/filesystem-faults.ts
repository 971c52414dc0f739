import { BlobStoreUnavailable, StorageFull } from './blob-errors.ts';

/** What the operating system says when there is no room: disk, quota, file-size limit (errno(3), D26). */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

interface SystemError {
  readonly errno: number;
  readonly code: string;
}

/** True for an error that the operating system gave. By its shape: `instanceof` fails across realms. */
export function isSystemError(error: unknown): error is SystemError {
  const { errno, code } = (error ?? {}) as Partial<SystemError>;
  return typeof errno === 'number' && typeof code === 'string';
}

/** The condition behind an error of a file operation; what is not one is handed back as it is. */
export function storageFault(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if (FULL.has(error.code)) return new StorageFull({ cause: error });
  return new BlobStoreUnavailable(`the file system answered ${error.code}`, { cause: error });
}
