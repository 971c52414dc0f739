import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { JOBS_TARGET } from '../../projector/targets.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { jobHistories } from '../../tests/rooms/projector/job-histories.ts';
import { openReadStore, type ReadStore } from '../pool.ts';
import { takeLease } from './lease.ts';
import { openWriter } from './writer.ts';

const LEASE_MS = 60_000;
let postgres: TestPostgres;
let store: ReadStore;
beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrateReadTables(postgres.url);
  store = openReadStore({
    url: postgres.url,
    poolMax: 2,
    timeoutMs: 10_000,
    log: createLog('test', 'silent'),
  });
}, 60_000);
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

describe('a live batch', () => {
  it('is written, and nothing is held, although a row that it appends is there already', async () => {
    const fencingEpoch = (await takeLease(store, JOBS_TARGET, 'test', LEASE_MS)) ?? 0n;
    const readMissing = async function* () {};
    const parts = { store, projection: jobsProjection, target: JOBS_TARGET, fencingEpoch, readMissing };
    const writer = await openWriter(parts);
    const events = jobHistories(40, 3);
    const half = Math.floor(events.length / 2);
    await writer.apply(events.slice(0, half), events[half - 1]!.position);
    // The first event of the second half, as if another hand had put it there.
    const there = events[half]!;
    await store.query(
      `insert into jobs_v1.job_events (job_id, revision, position, at, type, actor, correlation_id, causation_id, data)
       values ($1, $2, $3, now(), 'Other', '', '', '', '{}')`,
      [jobsProjection.keyOf(there.stream), there.revision.toString(), there.position.toString()],
    );
    for (const rest of [events.slice(half, -1), events.slice(-1)]) {
      const applied = await writer.apply(rest, rest.at(-1)!.position);
      expect(applied).toMatchObject({ events: rest.length, quarantined: [] });
    }
    const { rows } = await store.query(
      `select count(*)::int as events, count(*) filter (where type = 'Other')::int as others from jobs_v1.job_events`,
    );
    expect(rows).toEqual([{ events: events.length, others: 1 }]);
    expect((await store.query('select from docket.quarantine')).rowCount).toBe(0);
    expect(writer.checkpoint()).toBe(events.at(-1)!.position);
  });
});
