import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../postgres-server/start.ts';
import type { RecordedEvent } from '../event-store/event-log.ts';
import { openReadStore } from '../read-store/pool.ts';
import { readCheckpoint } from '../read-store/projection-engine/checkpoint.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../schemas/events/streams.ts';
import { rebuildProjections } from './rebuild.ts';
import { PROJECTIONS, type RegisteredProjection } from './registry.ts';
import { ledgerVersions } from './versions/ledger.ts';
import { jobHistories } from '../tests/rooms/projector/job-histories.ts';

import {
  append,
  appendHistories,
  caughtUp,
  epoch,
  eventStore,
  eventually,
  log,
  logger,
  onlyKnown,
  onlyOf,
  poisoned,
  start,
  store,
  url,
  useWorld,
  waitedFor,
} from '../tests/harness/projector-world.ts';

useWorld();

describe('outages', () => {
  it('are waited out: the event store is killed and started again', async () => {
    const service = await start();
    await appendHistories(5, 61);
    await caughtUp();
    await eventStore.kill('SIGKILL');
    await eventually(() => expect(waitedFor(service)).toEqual(['event store']));
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
    await eventually(() => expect(waitedFor(service)).toEqual(['read store']));
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
    expect(waitedFor(service)).toEqual(['read store']);
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
    const rebuilding = rebuildProjections({ projections: [PROJECTIONS[0]!], log, url, logger });
    await appendHistories(20, 72);
    const [rebuilt] = await rebuilding;
    expect(rebuilt!.position).toBeGreaterThan(0n);
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
    expect(differences.map(({ subject, kind }) => [subject, kind])).toEqual([
      [victim, 'row differs'],
      [lost, 'job without a row'],
    ]);
    await rebuildProjections({ projections: [PROJECTIONS[0]!], log, url, logger });
    expect((await onlyKnown()).differences).toEqual([]);
  });

  it('of all projections reads the log once, and all their tables equal the fold', async () => {
    await start();
    await appendHistories(40, 75);
    await caughtUp();
    await store.query(`update docket.jobs set attempts = 77`);
    await store.query(`update docket.dashboard_figures set value = value + 1`);
    let reads = 0;
    const counting = {
      ...log,
      readAll: (...asked: Parameters<typeof log.readAll>) => {
        if (asked[0] === 'start') reads += 1;
        return log.readAll(...asked);
      },
    };
    const rebuilt = await rebuildProjections({ projections: PROJECTIONS, log: counting, url, logger });
    expect([reads, rebuilt.length]).toEqual([1, PROJECTIONS.length]);
    await caughtUp();
    for (const projection of PROJECTIONS)
      expect((await projection.verify({ log, store })).differences).toEqual([]);
  });

  it('fills tables in two goes when memory holds no more, and they equal those that followed live', async () => {
    await start();
    await appendHistories(40, 76);
    await caughtUp();
    const events: RecordedEvent[] = [];
    for await (const event of log.readAll('start', { streamPrefixes: FOLLOWED_STREAM_PREFIXES }))
      events.push(event);
    const half = Math.ceil(events.length / 2);
    const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
    for (const projection of PROJECTIONS) {
      const { name, target: live, tables } = projection;
      const target = { ...live, ledger: `${name}:bulk`, schema: `${name}_bulk`, underConstruction: true };
      await store.query(tables.create(target.schema));
      const fencingEpoch = (await takeLease(store, target, 'test'))!;
      for (const part of [events.slice(0, half), events.slice(half)]) {
        const writer = await projection.openBulkWriter({
          store,
          target,
          fencingEpoch,
          readMissing,
        });
        for (const batch of [part.slice(0, 100), part.slice(100)])
          await writer.apply(batch, batch.at(-1)!.position);
        expect(writer.heldRows()).toBeGreaterThanOrEqual(1);
        await writer.finish();
      }
      expect(await readCheckpoint(store, target)).toBe(events.at(-1)!.position);
      for (const table of tables.names) {
        const was = `select * from ${live.schema}.${table}`;
        const is = `select * from ${target.schema}.${table}`;
        const { rows } = await store.query(`(${was} except ${is}) union all (${is} except ${was})`);
        expect({ table, rows }).toEqual({ table, rows: [] });
      }
      const made = await store.query('select from pg_tables where schemaname = $1', [target.schema]);
      expect(made.rowCount).toBe(tables.names.length);
    }
  });

  it('whose memory is full again and again makes the same tables', async () => {
    await start();
    await appendHistories(60, 82);
    await caughtUp(
      store,
      PROJECTIONS.map(({ target }) => target),
    );
    const tables = PROJECTIONS.flatMap(({ target, tables: { names } }) =>
      names.map((name) => `${target.schema}.${name}`),
    );
    const rowsOf = async (table: string) => {
      const { rows } = await store.query<{ row: string }>(`select t::text as row from ${table} t order by 1`);
      return rows.map(({ row }) => row);
    };
    const before = await Promise.all(tables.map(rowsOf));
    await rebuildProjections({ projections: PROJECTIONS, log, url, logger, heldRowsMax: 50 });
    const after = await Promise.all(tables.map(rowsOf));
    for (const [index, table] of tables.entries())
      expect({ table, rows: after[index] }).toEqual({ table, rows: before[index] });
    expect(
      after.every(
        (rows, index) =>
          rows.length > 0 || tables[index]!.endsWith('breaker') || tables[index]!.endsWith('invoices'),
      ),
    ).toBe(true);
  });

  it('fails when Postgres crashed meanwhile: what was written without waiting for the disk may be lost', async () => {
    await start();
    await appendHistories(1, 78);
    await caughtUp();
    const projection = PROJECTIONS[0]!;
    const { target: live, tables } = projection;
    const target = { ...live, ledger: 'jobs:crash', schema: 'jobs_crash', underConstruction: true };
    await store.query(tables.create(target.schema));
    const fencingEpoch = (await takeLease(store, target, 'test'))!;
    const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
    const writer = await projection.openBulkWriter({
      store,
      target,
      fencingEpoch,
      readMissing,
    });
    // The recovery of Postgres empties every unlogged table in the same way.
    await store.query('truncate jobs_crash.no_crash_since');
    await expect(writer.finish()).rejects.toMatchObject({ code: 'READ_STORE_UNAVAILABLE' });
    expect(await readCheckpoint(store, target)).toBeNull();
  });

  it('that is interrupted while it makes indexes ends at once, and leaves nothing but the tables in use', async () => {
    await start();
    await appendHistories(5, 77);
    await caughtUp();
    const before = await epoch();
    const slow: RegisteredProjection = {
      ...PROJECTIONS[0]!,
      tables: {
        ...PROJECTIONS[0]!.tables,
        index: () => [{ table: 'jobs', isAppended: true, statements: 'select pg_sleep(60)' }],
      },
    };
    const stop = new AbortController();
    const rebuilding = rebuildProjections({ projections: [slow], log, url, logger, stop: stop.signal });
    const outcome = rebuilding.catch((error: unknown) => error);
    const sleeping = `select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`;
    await eventually(async () => expect((await store.query(sleeping)).rowCount).toBe(1));
    // The ledger lists a rebuild like any build, and only one can run at a time.
    const listed = (await ledgerVersions(store)).filter(({ name }) => name === 'jobs');
    expect(listed.map(({ version, isCurrent, builtAt }) => [version, isCurrent, builtAt === null])).toEqual([
      [-1, false, true],
      [1, true, false],
    ]);
    await expect(
      rebuildProjections({ projections: [PROJECTIONS[0]!], log, url, logger }),
    ).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    expect((await store.query(sleeping)).rowCount).toBe(1);
    stop.abort(new Error('interrupted'));
    expect(await outcome).toEqual(new Error('interrupted'));
    expect((await store.query(sleeping)).rowCount).toBe(0);
    expect(await epoch()).toBe(before);
    const left = await store.query(
      `select nspname from pg_namespace where nspname = 'jobs_v1_rebuild'
       union all select projection from docket.checkpoints where version < 0
       union all select projection from docket.projection_leases where version < 0
       union all select name from docket.projections where version < 0`,
    );
    expect(left.rows).toEqual([]);
  });

  it('that was killed is followed by the next, which starts over with what it left', async () => {
    await start();
    await appendHistories(5, 81);
    await caughtUp();
    const left = { ledger: 'jobs', version: -1, schema: 'jobs_v1_rebuild', underConstruction: true };
    await takeLease(store, left, 'killed', -1);
    await store.query(PROJECTIONS[0]!.tables.create(left.schema));
    await store.query(`insert into jobs_v1_rebuild.jobs select * from jobs_v1.jobs`);
    await store.query(
      `insert into docket.projections (name, version, epoch, is_current) values ('jobs', -1, gen_random_uuid(), false)`,
    );
    await store.query(
      `insert into docket.checkpoints (projection, version, commit_position, prepare_position)
       select 'jobs', -1, commit_position, prepare_position from docket.checkpoints where projection = 'jobs'`,
    );
    await store.query('update jobs_v1_rebuild.jobs set attempts = 77');
    await rebuildProjections({ projections: [PROJECTIONS[0]!], log, url, logger });
    expect((await onlyKnown()).differences).toEqual([]);
    expect((await store.query('select from docket.projections where version < 0')).rowCount).toBe(0);
  });

  it('of a log with a value that Postgres refuses fills the tables the ordinary way, and holds its stream [D30]', async () => {
    await start();
    const { held, events } = poisoned(
      79,
      (event) => ({ ...event, data: { ...(event.data as object), filename: 'a\0b.pdf' } }),
      0,
    );
    await append(events);
    await appendHistories(10, 80);
    await caughtUp();
    await store.query('update docket.jobs set attempts = 77');
    await store.query('delete from docket.quarantine');
    const [jobs] = await rebuildProjections({ projections: PROJECTIONS, log, url, logger });
    expect(jobs!.heldStreams).toBe(1);
    const { rows } = await store.query<{ stream: string }>(
      `select stream from docket.quarantine where projection = 'jobs'`,
    );
    expect(rows).toEqual([{ stream: held }]);
    const { differences } = await PROJECTIONS[0]!.verify({ log, store });
    expect(new Set(differences.map(({ subject }) => `job-${subject}`))).toEqual(new Set([held]));
  });
});
