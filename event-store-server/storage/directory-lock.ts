/**
 * Only one process may use a directory. The kernel holds the lock, which ends with its process. A file beside the
 * lock holds the process id, which is used only in the error message.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../../runtime/file-lock.ts';
import { DirectoryUnusable, StoreLocked } from './storage-errors.ts';

const LOCK_FILE = 'lock';
const OWNER_FILE = 'owner';

function ownerText(directory: string): string {
  try {
    return ` (process ${readFileSync(join(directory, OWNER_FILE), 'utf8').trim()})`;
  } catch {
    // When the owner of the lock has not written its process id yet, the message names no owner.
    return '';
  }
}

/**
 * Locks the directory; the returned function unlocks it.
 * @throws StoreLocked, DirectoryUnusable
 */
export function lockDirectory(directory: string): () => void {
  const release = takeLock(directory);
  if (release === null) throw new StoreLocked(directory, ownerText(directory));
  return release;
}

function takeLock(directory: string): (() => void) | null {
  let release: (() => void) | null = null;
  try {
    release = tryLockFile(join(directory, LOCK_FILE));
    if (release) writeFileSync(join(directory, OWNER_FILE), `${process.pid}\n`);
    return release;
  } catch (cause) {
    release?.();
    const why = cause instanceof Error ? cause.message : 'it cannot be locked';
    throw new DirectoryUnusable(directory, why, { cause });
  }
}
