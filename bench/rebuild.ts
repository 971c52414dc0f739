/**
 * `node bench/rebuild.ts [events]` measures how fast the read tables are rebuilt. It prints three figures of one run
 * on one machine: the engine alone (folds events from memory and writes), the same rows with one bare COPY a table,
 * and a whole rebuild from the event store. Takes at most about a minute.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { jobsProjection } from '../projector/jobs/jobs-projection.ts';
import { rebuildProjections } from '../projector/rebuild.ts';
import { PROJECTIONS } from '../projector/registry.ts';
import { jobHistories } from '../tests/rooms/projector/job-histories.ts';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import { openWriter } from '../read-store/projection-engine/writer.ts';
import { JOBS_TABLES } from '../read-tables/tables.ts';
import { createLog } from '../runtime/log/log.ts';
import { startTestEventStore } from '../tests/harness/event-store.ts';
import { startTestPostgres } from '../tests/harness/postgres.ts';
import { allowServerFiles } from './server-files.ts';

const EVENTS_WANTED = Number(process.argv[2] ?? 200_000);
/** Number of events in the event store. It is limited, because an append takes longer than a read. */
const STORED_EVENTS_MAX = 100_000;
const BATCH_EVENTS = 10_000;
const APPENDS_IN_FLIGHT = 64;
const STATEMENT_TIMEOUT_MS = 60_000;
/** Number of events in an average history of `jobHistories`. */
const EVENTS_A_JOB = 6;
const logger = createLog('bench', 'error');

/** The unit in which the kernel counts CPU time. USER_HZ is 100 on every Linux that Node runs on. */
const CLOCK_TICK_MS = 10;

/** CPU time of Postgres so far: the postmaster and its children, including children that have ended. */
function postgresCpuMs(postmaster: number): number {
  const ofPid = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = existsSync(`/proc/${pid}/stat`) ? ofPid(pid) : [];
    if (Number(fields[1]) === postmaster) ticks += Number(fields[11]) + Number(fields[12]);
    if (Number(pid) === postmaster) ticks += Number(fields[13]) + Number(fields[14]);
  }
  return ticks * CLOCK_TICK_MS;
}

const microsecondsEach = (ms: number, count: number) => ((ms * 1_000) / count).toFixed(1);

const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1_000;
const perSecond = (count: number, took: number) => Math.round(count / took).toLocaleString('en');

/** Folds and writes events that are already in memory, including indexes. */
async function engineAlone(store: ReadStore, events: readonly StoredEvent[]): Promise<number> {
  const target = { ledger: 'bench', version: 1, schema: 'bench_engine', underConstruction: true };
  await store.query(JOBS_TABLES.create(target.schema));
  const fencingEpoch = (await takeLease(store, target, 'bench', STATEMENT_TIMEOUT_MS)) ?? 0n;
  const readMissing = async function* () {};
  const writer = await openWriter({ store, projection: jobsProjection, target, fencingEpoch, readMissing });
  const startedAt = performance.now();
  let before: Promise<unknown> = Promise.resolve();
  let now: Promise<unknown> = Promise.resolve();
  for (let start = 0; start < events.length; start += BATCH_EVENTS) {
    const batch = events.slice(start, start + BATCH_EVENTS);
    await before;
    before = now!;
    now = writer.apply(batch, batch.at(-1)!.position);
  }
  await Promise.all([before, now]);
  await store.query(
    JOBS_TABLES.index(target.schema)
      .map(({ statements }) => statements)
      .join(''),
  );
  return seconds(startedAt);
}

/** Writes the rows that the engine made with one COPY a table from the server's own files, including indexes. */
async function bareCopy(store: ReadStore, folder: string): Promise<{ rows: number; took: number }> {
  await store.query(JOBS_TABLES.create('bench_copy'));
  for (const table of JOBS_TABLES.names)
    await store.query(`copy bench_engine.${table} to '${join(folder, table)}'`);
  const startedAt = performance.now();
  let rows = 0;
  for (const table of JOBS_TABLES.names)
    rows += (await store.query(`copy bench_copy.${table} from '${join(folder, table)}'`)).rowCount;
  await store.query(
    JOBS_TABLES.index('bench_copy')
      .map(({ statements }) => statements)
      .join(''),
  );
  return { rows, took: seconds(startedAt) };
}

async function appendAll(log: EventLog, events: readonly StoredEvent[]): Promise<void> {
  const streams = [...Map.groupBy(events, ({ stream }) => stream)];
  const appendSome = async () => {
    for (let next = streams.pop(); next; next = streams.pop()) {
      const bodies = next[1].map(({ type, data, metadata }) => ({ id: randomUUID(), type, data, metadata }));
      await log.append(next[0], bodies, 'no_stream');
    }
  };
  await Promise.all(Array.from({ length: APPENDS_IN_FLIGHT }, appendSome));
}

async function endToEnd(
  url: string,
  events: readonly StoredEvent[],
): Promise<{ took: number; readTook: number }> {
  const eventStore = await startTestEventStore();
  const log = connectEventLog({
    connectionString: eventStore.connectionString,
    timeoutMs: 10_000,
    log: logger,
  });
  try {
    await appendAll(log, events);
    const readStartedAt = performance.now();
    for await (const _event of log.readAll('start', { streamPrefixes: ['job-'] }));
    const readTook = seconds(readStartedAt);
    const startedAt = performance.now();
    await rebuildProjections({ projections: [PROJECTIONS[0]!], log, url, logger });
    return { took: seconds(startedAt), readTook };
  } finally {
    await log.close();
    await eventStore.stop();
  }
}

const postgres = await startTestPostgres({ prepare: allowServerFiles });
const folder = await mkdtemp(join(tmpdir(), 'docket-bench-'));
await mkdir(folder, { recursive: true });
await chmod(folder, 0o777);
const store = openReadStore({ url: postgres.url, poolMax: 4, timeoutMs: STATEMENT_TIMEOUT_MS, log: logger });
try {
  await migrateReadTables(postgres.url);
  const events = jobHistories(Math.round(EVENTS_WANTED / EVENTS_A_JOB), 1);
  const nodeBefore = process.cpuUsage();
  const postgresBefore = postgresCpuMs(postgres.pid);
  const engineTook = await engineAlone(store, events);
  const { user, system } = process.cpuUsage(nodeBefore);
  const postgresMs = postgresCpuMs(postgres.pid) - postgresBefore;
  console.log(
    `engine, events in memory   ${perSecond(events.length, engineTook)} events/s (${events.length} events)`,
  );
  console.log(
    `  CPU an event             ${microsecondsEach((user + system) / 1_000, events.length)} us in Node, ` +
      `${microsecondsEach(postgresMs, events.length)} us in Postgres`,
  );
  const copied = await bareCopy(store, folder);
  console.log(
    `bare COPY of the same rows ${perSecond(events.length, copied.took)} events/s (${copied.rows} rows)`,
  );
  console.log(`engine beside COPY         ${(engineTook / copied.took).toFixed(2)} times its duration`);
  const stored = jobHistories(Math.round(Math.min(EVENTS_WANTED, STORED_EVENTS_MAX) / EVENTS_A_JOB), 2);
  const { took, readTook } = await endToEnd(postgres.url, stored);
  console.log(`reading the log alone      ${perSecond(stored.length, readTook)} events/s`);
  console.log(
    `rebuild out of the store   ${perSecond(stored.length, took)} events/s (${stored.length} events)`,
  );
} finally {
  await store.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
