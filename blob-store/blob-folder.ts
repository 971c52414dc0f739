import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { assertBlobKey } from './blob-key.ts';
import { BlobKeyRefused, BlobStoreUnavailable } from './blob-errors.ts';
import { isSystemError, storageFault } from './filesystem-faults.ts';

/**
 * Marks a folder as a blob store and names the store. A folder without this file is the mount point of a missing
 * volume.
 */
const MARKER = '.docket-root';
/** Blobs on their way. No key can name it, since segments do not begin with a dot. */
const PARTIALS = '.partial';
const FOLDER_MODE = 0o700;
/** Opens nothing through a symbolic link, and does not wait for the writer of a FIFO that stands in a file's place (open(2)). */
export const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A root folder and the only way from a key to a path. */
export interface BlobFolder {
  /** Real path of the root. */
  readonly root: string;
  readonly partials: string;
  /**
   * The path of a key. The folder it is in is made when `create` is set, and is never reached through a symbolic link.
   * @throws BlobKeyRefused
   */
  pathOf(key: string, options?: { create?: boolean }): Promise<string>;
  /**
   * The root is the one that was opened.
   * @throws BlobStoreUnavailable
   */
  assertMounted(): Promise<void>;
}

/**
 * Opens a folder as a blob store; an empty or missing one becomes a new store.
 * @throws BlobStoreUnavailable when the folder holds something else or cannot be written
 */
export async function openBlobFolder(directory: string): Promise<BlobFolder> {
  try {
    await mkdir(directory, { recursive: true, mode: FOLDER_MODE });
    const root = await realpath(resolve(directory));
    const rootId = await markedRoot(root);
    const partials = join(root, PARTIALS);
    await mkdir(partials, { recursive: true, mode: FOLDER_MODE });
    return {
      root,
      partials,
      pathOf: (key, { create = false } = {}) => pathOf(root, key, create),
      assertMounted: () => assertMounted(root, rootId),
    };
  } catch (error) {
    throw storageFault(error);
  }
}

async function markedRoot(root: string): Promise<string> {
  const found = await readMarker(root);
  if (found !== null) return found;
  const entries = (await readdir(root)).filter((entry) => entry !== 'lost+found');
  if (entries.length > 0)
    throw new BlobStoreUnavailable(`${root} holds other files and no ${MARKER}; give it a folder of its own`);

  await writeFile(join(root, MARKER), `${randomUUID()}\n`, { flag: 'wx', flush: true });
  await syncFolder(root);
  return (await readMarker(root)) ?? '';
}

async function readMarker(root: string): Promise<string | null> {
  try {
    const handle = await open(join(root, MARKER), READ);
    try {
      return (await handle.stat()).isFile() ? (await handle.readFile('utf8')).trim() : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function assertMounted(root: string, rootId: string): Promise<void> {
  const found = await readMarker(root).catch((error: unknown) => {
    throw storageFault(error);
  });
  if (found === null) throw new BlobStoreUnavailable(`${MARKER} is gone; the volume may not be mounted`);
  if (found !== rootId) throw new BlobStoreUnavailable('another volume is mounted in its place');
}

async function pathOf(root: string, key: string, create: boolean): Promise<string> {
  assertBlobKey(key);
  const path = resolve(root, key);
  if (!path.startsWith(root + sep)) throw new BlobKeyRefused(key);
  const folder = dirname(path);
  if (create) await makeFolder(root, folder);
  const real = await realpath(folder).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return folder;
    throw error;
  });
  if (real !== folder) throw new BlobKeyRefused(key);
  return path;
}

/** Makes a folder below the root and makes its name durable. */
async function makeFolder(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let above = dirname(folder); above.length >= root.length; above = dirname(above)) {
    await syncFolder(above);
    if (above === dirname(first)) break;
  }
}

/** fsync of a folder makes the names in it durable (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
