import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog, FollowOptions, RecordedEvent } from '../event-store/event-log.ts';
import { startEmbeddedPostgres } from '../read-store/embedded/start.ts';
import { migrate } from '../read-store/migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { readCheckpoint } from '../read-store/projection-engine/checkpoint.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import { openWriter } from '../read-store/projection-engine/writer.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import type { Service } from '../runtime/service.ts';
import { loadSettings } from '../runtime/settings.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { EventNotUnderstood } from '../schemas/event-versions.ts';
import { jobsProjection } from './jobs/projection.ts';
import { rebuildJobs } from './rebuild.ts';
import { JOBS_TARGET, startProjector } from './start.ts';
import { jobHistories, randomFrom } from './testing/job-histories.ts';
import { verifyJobs } from './verify.ts';

const logger = createLog('test', 'silent');
let postgres: TestPostgres;
let eventStore: TestEventStore;
let log: EventLog;
let url: string;
let store: ReadStore;
let services: Service[];

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

const start = async (
  over: Partial<{ log: EventLog; store: ReadStore; metrics: ReturnType<typeof createMetrics> }> = {},
) => {
  const metrics = over.metrics ?? createMetrics({ defaults: false });
  const service = await startProjector({ log, store, ...over, metrics, settings: loadSettings({}), logger });
  services.push(service);
  return service;
};

describe('the projector', () => {
  it('keeps the tables equal to the fold of the log, live and from the start [R10.05][R03.02]', async () => {
    await appendHistories(60, 1);
    await start();
    await caughtUp();
    const more = await appendHistories(60, 2);
    await caughtUp();
    const verified = await verifyJobs({ log, store });
    expect(verified.differences).toEqual([]);
    expect(verified.jobs).toBeGreaterThanOrEqual(120);
    const { rows } = await store.query<{ n: string }>(
      'select count(*) as n from docket.job_events where job_id = any($1::uuid[])',
      [more.map(({ stream }) => stream.slice(4))],
    );
    expect(Number(rows[0]?.n)).toBe(more.length);
  });

  it('tells each new position on the channel after the commit, the last one always', async () => {
    const listener = new pg.Client({ connectionString: url });
    await listener.connect();
    const told: bigint[] = [];
    listener.on('notification', ({ payload }) => told.push(BigInt(payload ?? '0')));
    await start();
    await caughtUp();
    await listener.query('listen docket_position');
    const startedAt = performance.now();
    for (let seed = 100; seed < 110; seed += 1) await appendHistories(3, seed);
    await caughtUp();
    await eventually(async () => expect(told.at(-1)).toBe(await readCheckpoint(store, JOBS_TARGET)));
    expect(told.length).toBeLessThanOrEqual(2 + ((performance.now() - startedAt) / 1_000) * 20);
    expect([...told].sort((a, b) => Number(a - b))).toEqual(told);
    await listener.end();
  });

  it('writes a batch and its checkpoint together: killed in between or after, nothing is lost or doubled [D11]', async () => {
    await migrate({ url });
    const events = jobHistories(40, 3);
    for (const killed of ['before the commit', 'after the commit']) {
      const dying: ReadStore = {
        ...store,
        transaction: async (work) => {
          const result = await store.transaction(async (within) => {
            const done = await work(within);
            if (killed === 'before the commit') throw new Error('killed');
            return done;
          });
          if (killed === 'after the commit') throw new Error('killed');
          return result;
        },
      };
      for (const half of [events.slice(0, 90), events.slice(60)]) {
        const writer = await writerOn(dying, events);
        await expect(writer.apply(half, half.at(-1)!.position)).rejects.toThrow('killed');
        const next = await writerOn(store, events);
        await next.apply(half, half.at(-1)!.position);
      }
    }
    expect(await tables(store)).toEqual(await tablesOf(events));
  });

  it('stops a second writer, and one whose lease was taken while it worked', async () => {
    await migrate({ url });
    const events = jobHistories(10, 4);
    const [first, second] = [await writerOn(store, events, 'same'), await writerOn(store, events, 'same')];
    await second.apply(events.slice(0, 20), events[19]!.position);
    await expect(first.apply(events.slice(0, 20), events[19]!.position)).rejects.toMatchObject({
      code: 'CHECKPOINT_MOVED',
    });
    const fenced = await writerOn(store, events, 'one');
    await sleep(3_100);
    expect(await takeLease(store, JOBS_TARGET, 'two')).not.toBeNull();
    await expect(fenced.apply(events.slice(20), events.at(-1)!.position)).rejects.toMatchObject({
      code: 'CHECKPOINT_MOVED',
    });
  });

  it('takes over from a writer that died without a word, within seconds', async () => {
    await migrate({ url });
    await takeLease(store, JOBS_TARGET, 'killed');
    const standby = await start();
    await eventually(() => expect(standby.readiness().waitingFor).toEqual(['projection lease']));
    expect(standby.readiness().ready).toBe(true);
    const startedAt = performance.now();
    await appendHistories(5, 5);
    await caughtUp();
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect((await verifyJobs({ log, store })).differences).toEqual([]);
  });

  it('has one writer at a time among three projectors, and goes on when it stops', async () => {
    const three = [await start(), await start(), await start()];
    await appendHistories(10, 6);
    await caughtUp();
    await eventually(() =>
      expect(three.filter((one) => one.readiness().waitingFor.includes('projection lease'))).toHaveLength(2),
    );
    const isWriter = (one: Service) => one.readiness().waitingFor.length === 0;
    await eventually(() => expect(three.some(isWriter)).toBe(true));
    const writer = three.find(isWriter)!;
    await writer.stop(1_000);
    await appendHistories(10, 7);
    await caughtUp();
    expect((await verifyJobs({ log, store })).differences).toEqual([]);
  });

  it('holds the jobs of poisonous events, loudly, while all others flow [D30]', async () => {
    const metrics = createMetrics({ defaults: false });
    await start({ metrics });
    await caughtUp();
    const poison: { held: string; events: StoredEvent[] }[] = [
      poisoned(21, (event) => ({ ...event, type: 'ConversionBlessed' })),
      poisoned(22, (event) => ({ ...event, data: { at: 'yesterday' } })),
      poisoned(23, (event) => ({ ...event, metadata: { ...(event.metadata as object), schemaVersion: 99 } })),
      poisoned(24, (event) => ({ ...event, data: { ...(event.data as object), filename: 'a\0b.pdf' } }), 0),
      poisoned(
        25,
        (event) => ({ ...event, data: { ...(event.data as object), filename: 'a\ud800b.pdf' } }),
        0,
      ),
    ];
    for (const { events } of poison) await append(events);
    const others = await appendHistories(10, 26);
    await caughtUp();
    const { rows } = await store.query<{ stream: string; reason: string }>(
      'select stream, reason from docket.quarantine order by held_at',
    );
    expect(new Set(rows.map(({ stream }) => stream))).toEqual(new Set(poison.map(({ held }) => held)));
    const { differences } = await verifyJobs({ log, store });
    expect(new Set(differences.map(({ jobId }) => `job-${jobId}`))).toEqual(
      new Set(poison.map(({ held }) => held)),
    );
    const shown = await store.query('select job_id from docket.jobs where job_id = any($1::uuid[])', [
      [...new Set(others.map(({ stream }) => stream.slice(4)))],
    ]);
    expect(shown.rowCount).toBe(10);
    const text = await metrics.metrics();
    expect(text).toMatch(/docket_projection_held_streams\{projection="jobs"\} 5/);
  });

  it('lets a held job go again as soon as a build understands its event [D30]', async () => {
    await migrate({ url });
    const events = await appendHistories(20, 31);
    const older = {
      ...jobsProjection,
      understand: (recorded: StoredEvent) => {
        if (recorded.type === 'ConversionSucceeded') throw new EventNotUnderstood(recorded.type, 'not yet');
        return jobsProjection.understand(recorded);
      },
    };
    const fencingEpoch = await takeLease(store, JOBS_TARGET, 'older build');
    const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
    const writer = await openWriter({
      ...{ store, projection: older, target: JOBS_TARGET, readMissing },
      fencingEpoch: fencingEpoch!,
    });
    await writer.apply(await readBack(events), await log.head());
    expect(writer.heldStreams().size).toBeGreaterThan(3);
    await store.query('delete from docket.projection_leases');
    await start();
    await eventually(async () =>
      expect(
        (await store.query('select from docket.quarantine where reason like $1', ['%not yet%'])).rowCount,
      ).toBe(0),
    );
    await onlyOf(events);
  });

  it('refuses tables that know more than the log, by name, and goes on when the right log is back [D21]', async () => {
    await migrate({ url });
    await store.query(
      `insert into docket.checkpoints (projection, version, commit_position, prepare_position)
       values ('jobs', 1, 999999999999, 999999999999)`,
    );
    const service = await start();
    await eventually(() =>
      expect(service.readiness()).toEqual({ ready: false, waitingFor: ['the right log'] }),
    );
    await store.query('delete from docket.checkpoints');
    await appendHistories(3, 41);
    await caughtUp();
    await eventually(() => expect(service.readiness()).toEqual({ ready: true, waitingFor: [] }));
  });

  it('gives the same tables when every event comes twice and out of order [D29][R02.02]', async () => {
    await start({ log: { ...log, follow: (options) => log.follow(shuffled(options)) } });
    await eventually(async () => expect(await readCheckpoint(store, JOBS_TARGET)).not.toBeNull());
    const events = await appendHistories(80, 51);
    await caughtUp();
    await onlyOf(events);
  });
});

describe('outages', () => {
  it('are waited out: the event store is killed and started again', async () => {
    const service = await start();
    await appendHistories(5, 61);
    await caughtUp();
    await eventStore.kill('SIGKILL');
    await eventually(() => expect(service.readiness().waitingFor).toEqual(['event store']));
    expect(service.readiness().ready).toBe(false);
    await eventStore.restart();
    await appendHistories(5, 62);
    await caughtUp();
    await eventually(() => expect(service.readiness().ready).toBe(true));
    expect((await onlyKnown()).differences).toEqual([]);
  });

  it('are waited out: Postgres is killed and started again under load', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'docket-outage-'));
    let own = await startEmbeddedPostgres({ directory, log: logger });
    const ownStore = openReadStore({ url: own.url, poolMax: 4, timeoutMs: 2_000, log: logger });
    const service = await start({ store: ownStore });
    await appendHistories(5, 63);
    await caughtUp(ownStore);
    process.kill(own.pid, 'SIGKILL');
    await own.exited;
    await appendHistories(30, 64);
    await eventually(() => expect(service.readiness()).toEqual({ ready: false, waitingFor: ['read store'] }));
    own = await startEmbeddedPostgres({ directory, log: logger });
    await caughtUp(ownStore);
    await onlyOf(jobHistories(30, 64), ownStore);
    await service.stop(1_000);
    await ownStore.close();
    await own.stop();
    await rm(directory, { recursive: true });
  }, 90_000);

  it('of both at the start do not end the service: it names what it waits for', async () => {
    const nowhere = openReadStore({
      url: 'postgres://x@127.0.0.1:9/x',
      poolMax: 1,
      timeoutMs: 500,
      log: logger,
    });
    const service = await start({ store: nowhere });
    expect(service.readiness()).toEqual({ ready: false, waitingFor: ['read store'] });
    await service.stop(1_000);
    await nowhere.close();
  });
});

describe('a rebuild', () => {
  it('gives the same tables, while the projector goes on, and readers see no step back', async () => {
    await start();
    await appendHistories(50, 71);
    await caughtUp();
    const before = await epoch();
    const rebuilding = rebuildJobs({ log, url, logger });
    await appendHistories(20, 72);
    const rebuilt = await rebuilding;
    expect(rebuilt.position).toBeGreaterThan(0n);
    expect(await epoch()).not.toBe(before);
    await appendHistories(20, 73);
    await caughtUp();
    expect((await onlyKnown()).differences).toEqual([]);
    expect((await store.query(`select from pg_namespace where nspname = 'jobs_v1_rebuild'`)).rowCount).toBe(
      0,
    );
  });

  it('repairs tables that somebody has changed by hand', async () => {
    await start();
    const events = await appendHistories(10, 74);
    await caughtUp();
    const [victim, lost] = [...new Set(events.map(({ stream }) => stream.slice(4)))];
    await store.query(`update docket.jobs set state = 'queued', attempts = 77 where job_id = $1`, [victim]);
    await store.query('delete from docket.jobs where job_id = $1', [lost]);
    const { differences } = await onlyKnown();
    expect(differences.map(({ jobId, kind }) => [jobId, kind])).toEqual([
      [victim, 'row differs'],
      [lost, 'job without a row'],
    ]);
    await rebuildJobs({ log, url, logger });
    expect((await onlyKnown()).differences).toEqual([]);
  });
});

async function append(events: readonly StoredEvent[]): Promise<void> {
  for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
    const bodies = own.map(({ type, data, metadata }) => ({ id: randomUUID(), type, data, metadata }));
    await log.append(stream, bodies, 'no_stream');
  }
}

/** Appends random histories; each is a stream of its own, in the order of the seeds. */
async function appendHistories(jobs: number, seed: number): Promise<StoredEvent[]> {
  const events = jobHistories(jobs, seed);
  await append(events);
  return events;
}

/** One job's history with one event spoiled. */
function poisoned(seed: number, spoil: (event: StoredEvent) => StoredEvent, at = 1) {
  const events = jobHistories(1, seed).map((event, index) => (index === at ? spoil(event) : event));
  return { held: events[0]!.stream, events };
}

async function readBack(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const stream of new Set(events.map((event) => event.stream)))
    for await (const event of log.readStream(stream)) found.push(event);
  return found.sort((a, b) => Number(a.position - b.position));
}

async function caughtUp(on: ReadStore = store): Promise<void> {
  const head = await lastFollowed();
  await eventually(async () =>
    expect((await readCheckpoint(on, JOBS_TARGET)) ?? -1n).toBeGreaterThanOrEqual(head),
  );
}

async function lastFollowed(): Promise<bigint> {
  let last = 0n;
  for await (const event of log.readAll('start', { streamPrefixes: ['job-'] })) last = event.position;
  return last;
}

async function eventually(claim: () => unknown, withinMs = 20_000): Promise<void> {
  for (const startedAt = performance.now(); ; await sleep(20)) {
    try {
      return void (await claim());
    } catch (error) {
      if (performance.now() - startedAt > withinMs) throw error;
    }
  }
}

/** The log of this file holds the poison of an earlier test; everything else must be right. */
async function onlyKnown() {
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

/** The rows of these events are exactly the fold of these events. */
async function onlyOf(events: readonly StoredEvent[], on: ReadStore = store): Promise<void> {
  const expected = await tablesOf(events, false);
  const ids = [...new Set(events.map(({ stream }) => stream.slice(4)))];
  expect(await tables(on, false, ids)).toEqual(expected);
}

async function tables(on: ReadStore, positions = true, ids?: readonly string[]): Promise<unknown[][]> {
  const drop = positions ? '' : ` - 'position'`;
  const found: unknown[][] = [];
  for (const table of ['jobs', 'job_events', 'job_artifacts']) {
    const { rows } = await on.query<{ row: unknown }>(
      `select to_jsonb(t) ${drop} as row from docket.${table} t
       where $1::uuid[] is null or job_id = any($1) order by (to_jsonb(t) ${drop})::text`,
      [ids ?? null],
    );
    found.push(rows.map(({ row }) => row));
  }
  return found;
}

/** What the tables hold after all these events in one batch, in a database of its own. */
async function tablesOf(events: readonly StoredEvent[], positions = true): Promise<unknown[][]> {
  const address = await freshDatabase();
  await migrate({ url: address });
  const own = openReadStore({ url: address, poolMax: 2, timeoutMs: 5_000, log: logger });
  const writer = await writerOn(own, events);
  await writer.apply(events, events.at(-1)!.position);
  const found = await tables(own, positions);
  await own.close();
  return found;
}

async function writerOn(on: ReadStore, events: readonly StoredEvent[], holder = 'test') {
  const fencingEpoch = await takeLease(on, JOBS_TARGET, holder);
  const readMissing = async function* (stream: string, from: bigint) {
    for (const event of events) if (event.stream === stream && event.revision >= from) yield event;
  };
  return openWriter({
    ...{ store: on, projection: jobsProjection, target: JOBS_TARGET, readMissing },
    fencingEpoch: fencingEpoch ?? 0n,
  });
}

async function epoch(): Promise<unknown> {
  return (await store.query(`select epoch from docket.projections where name = 'jobs'`)).rows[0]?.['epoch'];
}

async function freshDatabase(): Promise<string> {
  const name = `fresh_${randomUUID().replaceAll('-', '')}`;
  const admin = openReadStore({ url: postgres.url, poolMax: 1, timeoutMs: 5_000, log: logger });
  await admin.query(`create database ${name}`);
  await admin.close();
  const address = new URL(postgres.url);
  address.pathname = `/${name}`;
  return address.href;
}

/** Delivers what a real subscription delivers, but half of it twice and within windows of 20 in any order. */
function shuffled(options: FollowOptions): FollowOptions {
  const random = randomFrom(29);
  let window: RecordedEvent[] = [];
  const flush = async () => {
    const due = window;
    window = [];
    for (let index = due.length - 1; index > 0; index -= 1) {
      const other = Math.floor(random() * (index + 1));
      [due[index], due[other]] = [due[other]!, due[index]!];
    }
    for (const event of due) {
      await options.onEvent(event);
      if (random() < 0.5) await options.onEvent(event);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    ...options,
    onCheckpoint: () => undefined,
    onEvent: async (event) => {
      clearTimeout(timer);
      window.push(event);
      if (window.length >= 20) await flush();
      else timer = setTimeout(() => void flush().catch(() => undefined), 50);
    },
  };
}
