import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { link, lstat, open, readdir, rm, rmdir, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { openBlobFolder, READ, syncFolder, type BlobFolder } from './blob-folder.ts';
import type { BlobListing, BlobStore, OpenedBlob, PutOptions, Written } from './blob-store.ts';
import { BlobExists, BlobMissing } from './blob-errors.ts';
import { isSystemError, storageFault } from './filesystem-faults.ts';
import { freeMemory } from './free-memory.ts';
import { readHashed } from './hashed-stream.ts';

const FILE_MODE = 0o600;
const READ_BYTES = 256 * 1024;
/** A try fails only when another remove deletes the last blob of the same job at the same moment. */
const PUBLISH_TRIES_MAX = 20;
/** Errors of opening a path without a blob: nothing, a symbolic link, a socket, or a file in place of a folder. */
const ABSENT = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO']);
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Stores blobs as files below one folder. A put writes a partial file, syncs it and links it under its key. The link
 * fails when the key exists. So a blob is either complete or missing, and never changes.
 *
 * @throws BlobStoreUnavailable when the folder cannot be used
 */
export async function openFilesystemBlobStore(options: { directory: string }): Promise<BlobStore> {
  const folder = await openBlobFolder(options.directory);
  return {
    put: (key, source, putOptions) => put(folder, key, source, putOptions),
    open: (key) => foundOrNamed(folder, key, (path) => openBlob(key, path)),
    stat: (key) => foundOrNamed(folder, key, (path) => statBlob(key, path)),
    remove: (key) => faultsNamed(() => remove(folder, key)),
    list: (prefix) => list(folder, prefix),
    sweepPartials: (olderThanMs) => faultsNamed(() => sweepPartials(folder, olderThanMs)),
    now: () => faultsNamed(() => now(folder)),
    usedPercent: () => faultsNamed(() => usedPercent(folder.root)),
    freeBytes: () => faultsNamed(() => freeBytes(folder.root)),
  };
}

/** This function converts the errors of the disk one by one, so that an error of the source is not changed. */
async function put(folder: BlobFolder, key: string, source: Readable, options: PutOptions): Promise<Written> {
  options.signal?.throwIfAborted();
  const partial = join(folder.partials, randomUUID());
  const handle = await faultsNamed(async () => {
    await folder.assertMounted();
    await folder.pathOf(key);
    return open(partial, CREATE, FILE_MODE);
  });
  try {
    const written = await writePartial(handle, source, options);
    await options.verify?.(written);
    options.signal?.throwIfAborted();
    await faultsNamed(() => publish(folder, partial, key));
    return written;
  } finally {
    await faultsNamed(() => rm(partial, { force: true }));
  }
}

async function writePartial(handle: FileHandle, source: Readable, options: PutOptions): Promise<Written> {
  let lastWrite: Promise<void> = Promise.resolve();
  const write = (batch: Buffer[]): Promise<void> =>
    (lastWrite = faultsNamed(async () => {
      await writeAll(handle, batch);
      if (options.chunksAreGivenUp) batch.forEach(freeMemory);
    }));
  try {
    const written = await readHashed(source, write, options);
    await faultsNamed(() => handle.datasync());
    return written;
  } finally {
    // The descriptor must stay open until the last write has ended.
    await Promise.allSettled([lastWrite]);
    await handle.close();
  }
}

/** writev(2) may write only a part of the bytes. */
async function writeAll(handle: FileHandle, batch: Buffer[]): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    const next = rest.findIndex((chunk) => {
      if (bytesWritten < chunk.length) return true;
      bytesWritten -= chunk.length;
      return false;
    });
    if (next < 0) return;
    rest = [rest[next]!.subarray(bytesWritten), ...rest.slice(next + 1)];
  }
}

/** Links the finished file under its key and makes the name durable. */
async function publish(folder: BlobFolder, partial: string, key: string): Promise<void> {
  const path = await linkCreateOnly(folder, partial, key);
  try {
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(path);
    throw error;
  }
}

async function linkCreateOnly(folder: BlobFolder, partial: string, key: string): Promise<string> {
  for (let tries = 1; ; tries += 1)
    try {
      // If the volume was unmounted meanwhile, the put must not create folders on the disk under the mount point.
      await folder.assertMounted();
      const path = await folder.pathOf(key, { create: true });
      await link(partial, path);
      return path;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === 'EEXIST') throw new BlobExists(key, { cause: error });
      // Another remove deleted the empty folder between the two calls.
      if (error.code !== 'ENOENT' || tries >= PUBLISH_TRIES_MAX) throw error;
    }
}

async function openBlob(key: string, path: string): Promise<OpenedBlob> {
  const handle = await open(path, READ);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new BlobMissing(key);
    const stream = handle.createReadStream({ autoClose: true, highWaterMark: READ_BYTES });
    return { stream, bytes: found.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function statBlob(key: string, path: string): Promise<BlobListing> {
  const found = await lstat(path);
  if (!found.isFile()) throw new BlobMissing(key);
  return { key, bytes: found.size, modifiedAt: found.mtime };
}

async function remove(folder: BlobFolder, key: string): Promise<void> {
  await folder.assertMounted();
  const path = await folder.pathOf(key);
  if (!(await doneUnless(['ENOENT', 'ENOTDIR'], unlink(path)))) return;
  const parent = dirname(path);
  // Another remove may have deleted the empty folder together with the name.
  await doneUnless(['ENOENT'], syncFolder(parent));
  const isNested = dirname(parent) !== folder.root && parent !== folder.root;
  if (isNested) await doneUnless(['ENOTEMPTY', 'EEXIST', 'ENOENT'], rmdir(parent));
}

/** True when the operation succeeded; false for an error code that means that nothing was left to do. */
async function doneUnless(codes: readonly string[], operation: Promise<void>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (isSystemError(error) && codes.includes(error.code)) return false;
    throw error;
  }
}

/** A missing file means a missing blob only while the volume is mounted. */
async function foundOrNamed<T>(
  folder: BlobFolder,
  key: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  return faultsNamed(async () => {
    const path = await folder.pathOf(key);
    try {
      return await use(path);
    } catch (error) {
      if (!isSystemError(error) || !ABSENT.has(error.code)) throw error;
      await folder.assertMounted();
      throw new BlobMissing(key, { cause: error });
    }
  });
}

async function* list(folder: BlobFolder, prefix: string): AsyncGenerator<BlobListing> {
  await folder.assertMounted();
  const pending = [folder.root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop())
    for (const entry of await entriesOf(folder, at)) {
      if (entry.name.startsWith('.')) continue;
      const path = join(at, entry.name);
      const key = relative(folder.root, path).split(sep).join('/');
      const mayHold = `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`);
      if (entry.isDirectory() && mayHold) pending.push(path);
      if (!entry.isFile() || !key.startsWith(prefix)) continue;
      const listing = await statBlob(key, path).catch(absentWhenGone);
      if (listing) yield listing;
    }
}

/** Returns no entries for a folder whose last blob was removed during the listing. */
async function entriesOf(folder: BlobFolder, path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT' || path === folder.root) throw storageFault(error);
    await folder.assertMounted();
    return [];
  }
}

/** The listing omits a file that was removed meanwhile. */
function absentWhenGone(error: unknown): null {
  if (error instanceof BlobMissing || (isSystemError(error) && error.code === 'ENOENT')) return null;
  throw storageFault(error);
}

async function sweepPartials(folder: BlobFolder, olderThanMs: number): Promise<number> {
  const before = (await now(folder)) - olderThanMs;
  let swept = 0;
  for (const name of await readdir(folder.partials)) {
    const path = join(folder.partials, name);
    const found = await lstat(path).catch(absentWhenGone);
    if (!found || found.mtimeMs > before) continue;
    await rm(path, { force: true });
    swept += 1;
  }
  return swept;
}

/** A network file system uses its own clock for files, so the function reads the time of a new file. */
async function now(folder: BlobFolder): Promise<number> {
  const path = join(folder.partials, randomUUID());
  const handle = await open(path, CREATE, FILE_MODE);
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

/** Counts like df(1): blocks reserved for root are not free. */
async function usedPercent(root: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(root);
  const used = blocks - bfree;
  return used + bavail === 0 ? 100 : (100 * used) / (used + bavail);
}

async function freeBytes(root: string): Promise<number> {
  const { bavail, bsize } = await statfs(root);
  return bavail * bsize;
}

async function faultsNamed<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw storageFault(error);
  }
}
