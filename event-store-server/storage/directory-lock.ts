/**
 * One directory, one process: the lock is the kernel's own and ends with its process. The owner's number beside it is
 * only for the message.
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
    // Between an owner's lock and its note there is nothing to name; the refusal stands without it.
    return '';
  }
}

/**
 * Takes the directory; the function returned gives it back.
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
