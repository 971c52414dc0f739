import { rmSync, statfsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FREE_BYTES_MIN } from '../../blob-store/blob-store.ts';

/**
 * Space that Docket reserves for a full disk. The stores need it to start, and cleanup needs it to write its events.
 */
const RESERVED_BYTES = 32 * 1024 * 1024;
/** With less free space, Docket releases the reserve. */
const RELEASE_BELOW_BYTES = 32 * 1024 * 1024;
/**
 * With more free space than this, Docket makes the reserve again. Uploads then still have twice the space
 * that they need.
 */
const RESERVE_ABOVE_BYTES = RESERVED_BYTES + 2 * FREE_BYTES_MIN;
const LOOK_EVERY_MS = 10_000;
const CHUNK = Buffer.alloc(1024 * 1024);

const fileIn = (dataDir: string): string => join(dataDir, 'reserved-room');

/** Free space below a folder, in bytes, for an ordinary user. */
export function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * Releases the reserve when the disk is nearly full.
 * @returns true when it released the reserve
 */
export function releaseIfFull(dataDir: string): boolean {
  const before = freeBytesOf(dataDir);
  if (before >= RELEASE_BELOW_BYTES) return false;
  rmSync(fileIn(dataDir), { force: true });
  return freeBytesOf(dataDir) > before;
}

/**
 * Keeps the reserve while Docket runs. Reports when Docket begins and stops refusing uploads for lack of space.
 * @returns a function that ends this
 */
export function keepReserve(dataDir: string, say: (line: string) => void): () => void {
  let isReserved = false;
  let isFull = false;
  let isBusy = false;
  const look = async (): Promise<void> => {
    if (releaseIfFull(dataDir)) isReserved = false;
    const free = freeBytesOf(dataDir);
    if (free < FREE_BYTES_MIN !== isFull) {
      isFull = !isFull;
      say(
        isFull
          ? `less than ${FREE_BYTES_MIN / 2 ** 20} MiB are free on the disk of ${dataDir}: Docket refuses uploads; reading, downloads and \`docket cleanup\` still work`
          : `the disk of ${dataDir} has room again, and Docket accepts uploads`,
      );
    }
    if (isReserved || free < RESERVE_ABOVE_BYTES) return;
    await reserve(dataDir);
    isReserved = true;
  };
  const guarded = (): void => {
    if (isBusy) return;
    isBusy = true;
    look()
      .catch((error: unknown) => say(`Docket could not reserve space for a full disk: ${String(error)}`))
      .finally(() => (isBusy = false));
  };
  guarded();
  const timer = setInterval(guarded, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Writes real bytes, because a sparse file reserves nothing. */
async function reserve(dataDir: string): Promise<void> {
  const unfinished = `${fileIn(dataDir)}.tmp`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    for (let bytes = 0; bytes < RESERVED_BYTES; bytes += CHUNK.length) await handle.write(CHUNK);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(unfinished, fileIn(dataDir));
}
