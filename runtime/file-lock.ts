import { DatabaseSync } from 'node:sqlite';

/** SQLITE_BUSY (sqlite.org/rescode.html): another process holds the lock. */
const SQLITE_BUSY = 5;

/**
 * Locks a file, or returns null when another process holds the lock. The lock is a POSIX record lock of the kernel,
 * which SQLite takes on an empty file. The lock ends with its process in any case, and does not depend on process
 * ids.
 *
 * @returns a function that releases the lock, or null
 * @throws the error of opening the file, when it cannot be opened or written
 */
export function tryLockFile(path: string): (() => void) | null {
  const held = new DatabaseSync(path);
  try {
    held.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    held.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
  return () => held.close();
}
