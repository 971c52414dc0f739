import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exportEvents } from '../../archive/export-events.ts';
import { plainPlace } from '../../archive/place.ts';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { systemClock } from '../../runtime/clock.ts';
import { secondsOf } from './rebuild-beside-copy.ts';
import type { MonthStores } from './stores.ts';

const LOOK_EVERY_MS = 50;

/** Exports the month into a temporary folder. Returns the export's size, its time, and the most memory that it took. */
export async function measureExport({ log }: MonthStores, folder: string): Promise<object> {
  const directory = await mkdtemp(join(folder, 'export-'));
  const before = process.memoryUsage.rss();
  let most = before;
  const looking = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), LOOK_EVERY_MS);
  try {
    const place = plainPlace(await openFilesystemBlobStore({ directory }));
    const seconds = await secondsOf(() => exportEvents({ log, place, clock: systemClock }));
    const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);
    return {
      seconds,
      mib: mib(await bytesUnder(directory)),
      rssBeforeMib: mib(before),
      rssMostMib: mib(most),
    };
  } finally {
    clearInterval(looking);
    await rm(directory, { recursive: true });
  }
}

async function bytesUnder(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
