import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEventLog } from '../../event-store/connect.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { readCheckpoint } from '../../read-store/projection-engine/checkpoint.ts';
import { takeLease } from '../../read-store/projection-engine/lease.ts';
import { JOBS_TABLES } from '../../read-tables/tables.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { openWriter } from '../../read-store/projection-engine/writer.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { startTestEventStore, type TestEventStore } from './event-store.ts';
import { startTestPostgres, toDatabase, type TestPostgres } from './postgres.ts';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { startProjector } from '../../projector/start.ts';
import { JOBS_TARGET } from '../../projector/targets.ts';
import { jobHistories } from '../rooms/projector/job-histories.ts';
import { verifyJobs } from '../../projector/verify/verify-jobs.ts';

export const logger = createLog('test', 'silent');
export let postgres: TestPostgres;
export let eventStore: TestEventStore;
export let log: EventLog;
export let url: string;
export let store: ReadStore;
export let services: Service[];

/** A real Postgres and a real event store for the tests of a file, with a new database for each test. */
export function useWorld(): void {
  beforeAll(async () => {
    [postgres, eventStore] = await Promise.all([startTestPostgres(), startTestEventStore()]);
  });
  afterAll(async () => {
    await eventStore.stop();
    await postgres.stop();
  });
  beforeEach(async () => {
    services = [];
    url = await freshDatabase();
    store = openReadStore({ url, poolMax: 4, timeoutMs: 5_000, log: logger });
    log = connectEventLog({ connectionString: eventStore.connectionString, timeoutMs: 3_000, log: logger });
  });
  afterEach(async () => {
    await Promise.all(services.map((service) => service.stop(1_000)));
    await log.close();
    await store.close();
  });
}

export const start = async (
  over: Partial<{ log: EventLog; store: ReadStore; metrics: ReturnType<typeof createMetrics> }> = {},
) => {
  const metrics = over.metrics ?? createMetrics({ defaults: false });
  const service = await startProjector({ log, store, ...over, metrics, settings: loadSettings({}), logger });
  services.push(service);
  return service;
};

export async function append(events: readonly StoredEvent[]): Promise<void> {
  for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
    const bodies = own.map(({ type, data, metadata }) => ({ id: randomUUID(), type, data, metadata }));
    await log.append(stream, bodies, 'no_stream');
  }
}

/** Appends random histories. Each history is a separate stream; the streams have the order of the seeds. */
export async function appendHistories(jobs: number, seed: number): Promise<StoredEvent[]> {
  const events = jobHistories(jobs, seed);
  await append(events);
  return events;
}

/** Returns one job's history with one spoiled event. */
export function poisoned(seed: number, spoil: (event: StoredEvent) => StoredEvent, at = 1) {
  const events = jobHistories(1, seed).map((event, index) => (index === at ? spoil(event) : event));
  return { held: events[0]!.stream, events };
}

export async function readBack(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const stream of new Set(events.map((event) => event.stream)))
    for await (const event of log.readStream(stream)) found.push(event);
  return found.sort((a, b) => Number(a.position - b.position));
}

/** Waits until the rows of jobs, or of the named targets, contain all events of the present log. */
export async function caughtUp(
  on: ReadStore = store,
  targets: readonly ProjectionTarget[] = [JOBS_TARGET],
): Promise<void> {
  const head = await lastFollowed();
  for (const target of targets)
    await eventually(async () =>
      expect((await readCheckpoint(on, target)) ?? -1n).toBeGreaterThanOrEqual(head),
    );
}

export async function lastFollowed(): Promise<bigint> {
  let last = 0n;
  for await (const event of log.readAll('start', { streamPrefixes: ['job-'] })) last = event.position;
  return last;
}

export async function eventually(claim: () => unknown, withinMs = 20_000): Promise<void> {
  for (const startedAt = performance.now(); ; await sleep(20))
    try {
      return void (await claim());
    } catch (error) {
      if (performance.now() - startedAt > withinMs) throw error;
    }
}

/** The log of this file holds the poison events of an earlier test. Everything else must be right. */
export async function onlyKnown() {
  const held = new Set(
    (await store.query<{ stream: string }>('select stream from docket.quarantine')).rows.map(
      (row) => row.stream,
    ),
  );
  const clean = {
    readAll: async function* (...args: Parameters<EventLog['readAll']>) {
      for await (const event of log.readAll(...args)) if (!held.has(event.stream)) yield event;
    },
    readStream: log.readStream,
  };
  const query: ReadStore['query'] = (text, values) =>
    store.query(
      text.replace(
        'where job_id > $1',
        `where job_id > $1 and 'job-' || job_id not in (select stream from docket.quarantine)`,
      ),
      values,
    );
  return verifyJobs({ log: clean, store: { query } });
}

/** Checks that the rows of these events are exactly the fold of these events. */
export async function onlyOf(events: readonly StoredEvent[], on: ReadStore = store): Promise<void> {
  const expected = await tablesOf(events, { positions: false });
  const ids = [...new Set(events.map(({ stream }) => stream.slice(4)))];
  expect(await tables(on, { positions: false, ids })).toEqual(expected);
}

export async function tables(
  on: ReadStore,
  { positions = true, ids }: { positions?: boolean; ids?: readonly string[] } = {},
): Promise<unknown[][]> {
  const drop = positions ? '' : ` - '{position,since,until}'::text[]`;
  const found: unknown[][] = [];
  for (const table of JOBS_TABLES.names) {
    const { rows } = await on.query<{ row: unknown }>(
      `select to_jsonb(t) ${drop} as row from docket.${table} t
       where $1::uuid[] is null or job_id = any($1) order by (to_jsonb(t) ${drop})::text`,
      [ids ?? null],
    );
    found.push(rows.map(({ row }) => row));
  }
  return found;
}

/** Returns the contents of the tables after all these events in one batch, in a new database. */
export async function tablesOf(
  events: readonly StoredEvent[],
  { positions } = { positions: true },
): Promise<unknown[][]> {
  const address = await freshDatabase();
  await migrateReadTables(address);
  const own = openReadStore({ url: address, poolMax: 2, timeoutMs: 5_000, log: logger });
  const writer = await writerOn(own, events);
  await writer.apply(events, events.at(-1)!.position);
  const found = await tables(own, { positions });
  await own.close();
  return found;
}

export async function writerOn(on: ReadStore, events: readonly StoredEvent[], holder = 'test') {
  const fencingEpoch = await takeLease(on, JOBS_TARGET, holder);
  const readMissing = async function* (stream: string, from: bigint) {
    for (const event of events) if (event.stream === stream && event.revision >= from) yield event;
  };
  return openWriter({
    store: on,
    projection: jobsProjection,
    target: JOBS_TARGET,
    readMissing,
    fencingEpoch: fencingEpoch ?? 0n,
  });
}

export async function epoch(): Promise<unknown> {
  return (await store.query(`select epoch from docket.projections where name = 'jobs'`)).rows[0]?.['epoch'];
}

export async function freshDatabase(): Promise<string> {
  const name = `fresh_${randomUUID().replaceAll('-', '')}`;
  const admin = openReadStore({ url: postgres.url, poolMax: 1, timeoutMs: 5_000, log: logger });
  await admin.query(`create database ${name}`);
  await admin.close();
  return toDatabase(postgres.url, name);
}

/** The names of the dependencies for which a service waits. */
export function waitedFor(service: Service): string[] {
  return service.readiness().waitingFor.map(({ dependency }) => dependency);
}
