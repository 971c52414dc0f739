import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { readCheckpoint } from '../read-store/projection-engine/checkpoint.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import { openWriter } from '../read-store/projection-engine/writer.ts';
import { createMetrics } from '../runtime/metrics/metrics.ts';
import type { Service } from '../runtime/service.ts';
import { EventNotUnderstood } from '../schemas/events/event-versions.ts';
import { jobsProjection } from './jobs/jobs-projection.ts';
import { JOBS_TARGET } from './targets.ts';
import { dyingStore } from '../tests/rooms/projector/dying-store.ts';
import { jobHistories } from '../tests/rooms/projector/job-histories.ts';
import { verifyJobs } from './verify/verify-jobs.ts';

import {
  append,
  appendHistories,
  caughtUp,
  eventually,
  log,
  onlyOf,
  poisoned,
  readBack,
  start,
  store,
  tables,
  tablesOf,
  url,
  useWorld,
  waitedFor,
  writerOn,
} from '../tests/harness/projector-world.ts';
import { shuffled } from '../tests/harness/shuffled-delivery.ts';

useWorld();

describe('the projector', () => {
  it('keeps the tables equal to the fold of the log, live and from the start [R10.05][R03.02]', async () => {
    await appendHistories(60, 1);
    await start();
    await caughtUp();
    const more = await appendHistories(60, 2);
    await caughtUp();
    const verified = await verifyJobs({ log, store });
    expect(verified.differences).toEqual([]);
    expect(verified.checked).toBeGreaterThanOrEqual(120);
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
    await migrateReadTables(url);
    const events = jobHistories(40, 3);
    for (const killed of ['before the commit', 'after the commit'] as const) {
      const dying = dyingStore(store, killed);
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
    await migrateReadTables(url);
    const events = jobHistories(10, 4);
    const first = await writerOn(store, events, 'same');
    const second = await writerOn(store, events, 'same');
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
    await migrateReadTables(url);
    await takeLease(store, JOBS_TARGET, 'killed');
    const standby = await start();
    await eventually(() => expect(waitedFor(standby)).toEqual(['projection lease']));
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
      expect(three.filter((one) => waitedFor(one).includes('projection lease'))).toHaveLength(2),
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
    expect(new Set(differences.map(({ subject }) => `job-${subject}`))).toEqual(
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
    await migrateReadTables(url);
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
      store,
      projection: older,
      target: JOBS_TARGET,
      readMissing,
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

  it.each([
    [41, 'ends before the checkpoint', `commit_position = 999999999999`],
    [42, 'has another event where the checkpoint stands', `event_id = gen_random_uuid()::text`],
    [43, 'has events that were not read before the checkpoint', `(event_id, event_position) = ($1, $2)`],
  ])(
    'tables of a log (%i) that %s are built again from the log, and no row of theirs stays [D21][D61]',
    async (seed, _what, change) => {
      const first = await start();
      const events = await appendHistories(6, seed);
      await caughtUp();
      await first.stop(0);
      const [earlier] = await readBack(events);
      const { rows: epochs } = await store.query<{ epoch: string }>(`select epoch from docket.projections`);
      const { rows: ghosts } = await store.query<{ job_id: string }>(
        `insert into jobs_v1.jobs select (jsonb_populate_record(j, jsonb_build_object('job_id', gen_random_uuid()))).*
       from jobs_v1.jobs j limit 1 returning job_id`,
      );
      const values = change.includes('$1') ? [earlier!.id, earlier!.position.toString()] : [];
      await store.query(`update docket.checkpoints set ${change}`, values);
      const service = await start();
      await caughtUp();
      await eventually(() => expect(service.readiness()).toEqual({ ready: true, waitingFor: [] }));
      await onlyOf(events);
      const { rows: shown } = await store.query('select from docket.jobs where job_id = $1', [
        ghosts[0]?.job_id,
      ]);
      expect(shown).toEqual([]);
      // Each projection notices on its own that its checkpoint belongs to another log.
      await eventually(async () => {
        const { rows: after } = await store.query<{ epoch: string; rebuilding_since: Date | null }>(
          `select epoch, rebuilding_since from docket.projections`,
        );
        expect(after.every((row) => row.rebuilding_since === null)).toBe(true);
        expect(after.some((row) => epochs.some(({ epoch }) => epoch === row.epoch))).toBe(false);
      });
    },
  );

  it('gives the same tables when every event comes twice and out of order [D29][R02.02]', async () => {
    await start({ log: { ...log, follow: (options) => log.follow(shuffled(options)) } });
    await eventually(async () => expect(await readCheckpoint(store, JOBS_TARGET)).not.toBeNull());
    const events = await appendHistories(80, 51);
    await caughtUp();
    await onlyOf(events);
  });
});
