import { DatabaseSync } from 'node:sqlite';

/** SQLITE_BUSY (sqlite.org/rescode.html): somebody else holds the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes a lock on a file, or returns null when another process holds it. The lock is the kernel's: a POSIX record lock
 * that SQLite takes on an empty file. It ends with its process, however that ends, and does not depend on process
 * numbers.
 *
 * @returns a function that gives the lock back, or null
 * @throws what opening the file throws, when it cannot be opened or written
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
