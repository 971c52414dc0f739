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
/** The folder of unfinished blobs. No key can name it, because a segment cannot begin with a dot. */
const PARTIALS = '.partial';
const FOLDER_MODE = 0o700;
/** Flags for opening: do not follow symbolic links, and do not wait when a FIFO has the place of a file (open(2)). */
export const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a folder as a blob store. An empty or missing folder becomes a new store.
 * @throws BlobStoreUnavailable when the folder holds other files or cannot be written
 */
export async function openBlobFolder(directory: string) {
  try {
    await mkdir(directory, { recursive: true, mode: FOLDER_MODE });
    const root = await realpath(resolve(directory));
    const rootId = await markedRoot(root);
    const partials = join(root, PARTIALS);
    await mkdir(partials, { recursive: true, mode: FOLDER_MODE });
    return {
      /** Real path of the root. */
      root,
      partials,
      /**
       * The path of a key, never through a symbolic link. With `create`, makes the folder of the path.
       * @throws BlobKeyRefused
       */
      pathOf: (key: string, { create = false }: { create?: boolean } = {}) => pathOf(root, key, create),
      /**
       * Checks that the root is still the folder that was opened.
       * @throws BlobStoreUnavailable
       */
      assertMounted: () => assertMounted(root, rootId),
    };
  } catch (error) {
    throw storageFault(error);
  }
}

/** A root folder, and the only function from a key to a path. */
export type BlobFolder = Awaited<ReturnType<typeof openBlobFolder>>;

async function markedRoot(root: string): Promise<string> {
  const found = await readMarker(root);
  if (found !== null) return found;
  const entries = (await readdir(root)).filter((entry) => entry !== 'lost+found');
  if (entries.length > 0)
    throw new BlobStoreUnavailable(`${root} holds other files and no ${MARKER}; name another folder`);

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
