import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuildProjections } from '../../projector/rebuild.ts';
import { PROJECTIONS, type RegisteredProjection } from '../../projector/registry.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import type { MonthStores } from './stores.ts';

const COPY_SCHEMA = 'bench_copy';

async function countOf(log: MonthStores['log']): Promise<number> {
  let events = 0;
  for await (const _event of log.readAll('start', { streamPrefixes: FOLLOWED_STREAM_PREFIXES })) events += 1;
  return events;
}

/** The number of events of a month by folder. They are counted only once in a run. */
const counted = new Map<string, number>();

/** Adds the rate: events a second, of all events in the log. */
async function withRate({ log, env }: MonthStores, seconds: number): Promise<object> {
  const folder = env['DATA_DIR']!;
  const events = counted.get(folder) ?? (await countOf(log));
  counted.set(folder, events);
  return { events, seconds, eventsPerSec: Math.round(events / seconds) };
}

/** Measures only the reading of the log. */
export async function measureReading({ log }: MonthStores): Promise<object> {
  let events = 0;
  const seconds = await secondsOf(async () => (events = await countOf(log)));
  return { events, seconds, eventsPerSec: Math.round(events / seconds) };
}

/** Rebuilds the tables of projections from one read of the log, including indexes and switch. */
export async function measureRebuild(
  stores: MonthStores,
  projections: readonly RegisteredProjection[],
): Promise<object> {
  const { log, env } = stores;
  const logger = createLog('bench', 'error');
  const seconds = await secondsOf(() =>
    rebuildProjections({ projections, log, url: env['DATABASE_URL']!, logger }),
  );
  const cpuSeconds = Math.round(process.cpuUsage().user / 10_000) / 100;
  return { ...(await withRate(stores, seconds)), cpuSeconds, peakMiB: peakResidentMiB() };
}

/** The largest resident memory of this process so far, as the kernel counted it (proc(5), VmHWM). */
function peakResidentMiB(): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Math.round(Number(kib?.[1]) / 1_024);
}

/** Copies the rows of all read tables with one bare COPY a table, then makes the same indexes. */
export async function measureCopy(stores: MonthStores): Promise<object> {
  const files = await mkdtemp(join(tmpdir(), 'docket-copies-'));
  // The server may run as another account, and it writes the files.
  await chmod(files, 0o777);
  const copies: { rows: number; seconds: number }[] = [];
  for (const projection of PROJECTIONS) copies.push(await copyRows(stores.store, projection, files));
  await rm(files, { recursive: true });
  const rows = sum(copies.map((copy) => copy.rows));
  return { rows, ...(await withRate(stores, sum(copies.map(({ seconds }) => seconds)))) };
}

function sum(numbers: readonly number[]): number {
  return Math.round(numbers.reduce((total, number) => total + number, 0) * 100) / 100;
}

async function copyRows(
  store: ReadStore,
  { target, tables }: RegisteredProjection,
  files: string,
): Promise<{ rows: number; seconds: number }> {
  await store.query(`drop schema if exists ${COPY_SCHEMA} cascade`);
  await store.query(tables.create(COPY_SCHEMA));
  for (const table of tables.names)
    await store.query(`copy ${target.schema}.${table} to '${join(files, table)}'`);
  let rows = 0;
  const seconds = await secondsOf(async () => {
    for (const table of tables.names)
      rows += (await store.query(`copy ${COPY_SCHEMA}.${table} from '${join(files, table)}'`)).rowCount;
    await store.query(
      tables
        .index(COPY_SCHEMA)
        .map(({ statements }) => statements)
        .join(''),
    );
  });
  await store.query(`drop schema ${COPY_SCHEMA} cascade`);
  return { rows, seconds };
}

/** Returns the seconds that the work takes, to a hundredth. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round((performance.now() - startedMs) / 10) / 100;
}
