/**
 * Measures time and memory of an export and an import of a log above 1 GB: `node bench/archive.ts [gigabytes=1.1]`.
 * The events are fewer and larger than Docket's own, so a gigabyte takes a minute or two. The memory does not depend
 * on the event size, because bytes bound a batch.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportEvents } from '../archive/export-events.ts';
import { importEvents } from '../archive/import-events.ts';
import { plainPlace } from '../archive/place.ts';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import { systemClock } from '../runtime/clock.ts';
import { startStoreWithLog } from '../tests/harness/job-log.ts';

const EVENT_BYTES = 64 * 1024;
const EVENTS_AT_ONCE = 64;

const gigabytes = Number(process.argv[2] ?? 1.1);
const events = Math.ceil((gigabytes * 1e9) / EVENT_BYTES);
const directory = await mkdtemp(join(tmpdir(), 'docket-bench-archive-'));
const from = await startStoreWithLog();
const to = await startStoreWithLog();
try {
  const filler = 'x'.repeat(EVENT_BYTES - 300);
  for (let done = 0; done < events; done += EVENTS_AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(EVENTS_AT_ONCE, events - done) }, () => {
        const id = randomUUID();
        return from.log.append(
          `job-${id}`,
          [{ id, type: 'Filler', data: { filler }, metadata: {} }],
          'no_stream',
        );
      }),
    );
  const place = plainPlace(await openFilesystemBlobStore({ directory }));
  const exported = await measured(() => exportEvents({ log: from.log, place, clock: systemClock }));
  // Prints the figures so far, because the import may fail on a busy machine.
  console.error(JSON.stringify({ gigabytes, events, exported }));
  const imported = await measured(() => importEvents({ log: to.log, place }));
  console.log(JSON.stringify({ gigabytes, events, exported, imported }));
} finally {
  await Promise.all([from.stop(), to.stop()]);
  await rm(directory, { recursive: true, force: true });
}

/** Measures the seconds of some work, and the most memory in MiB: of the process and of JavaScript's heap. */
async function measured(work: () => Promise<unknown>) {
  let rssMax = 0;
  let heapMax = 0;
  const look = (): void => {
    const { rss, heapUsed, external } = process.memoryUsage();
    rssMax = Math.max(rssMax, rss);
    heapMax = Math.max(heapMax, heapUsed + external);
  };
  const timer = setInterval(look, 50);
  const startedMs = performance.now();
  await work();
  clearInterval(timer);
  const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);
  return {
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    rssMib: mib(rssMax),
    usedMib: mib(heapMax),
  };
}
