/**
 * One directory, one process. The lock is the kernel's own (a POSIX record lock that SQLite takes on a file of
 * no content), so it ends with its process however that ends, knows nothing of process numbers that come back,
 * and holds between containers that share the directory on one machine. The owner's number beside it is only
 * for the message.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DirectoryUnusable, StoreLocked } from '../errors.ts';

const LOCK_FILE = 'lock';
const OWNER_FILE = 'owner';
/** SQLITE_BUSY (sqlite.org/rescode.html): somebody else holds the lock. */
const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;

function ownerText(directory: string): string {
  try {
    return ` (process ${readFileSync(join(directory, OWNER_FILE), 'utf8').trim()})`;
  } catch {
    // Between an owner's lock and its note there is nothing to name; the refusal stands without it.
    return '';
  }
}

/**
 * Takes the directory; the function returned gives it back.
 * @throws StoreLocked, DirectoryUnusable
 */
export function lockDirectory(directory: string): () => void {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(join(directory, LOCK_FILE));
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    writeFileSync(join(directory, OWNER_FILE), `${process.pid}\n`);
  } catch (cause) {
    lock?.close();
    if (isBusy(cause)) throw new StoreLocked(directory, ownerText(directory), { cause });
    throw new DirectoryUnusable(directory, cause instanceof Error ? cause.message : 'it cannot be locked', {
      cause,
    });
  }
  const held = lock;
  return () => held.close();
}
