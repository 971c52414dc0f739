import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_TTL_MS, seizeLease, takeLease } from '../../read-store/projection-engine/lease.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { store, url, useWorld } from '../../tests/harness/projector-world.ts';
import { DASHBOARD_TARGET, JOBS_TARGET } from '../targets.ts';
import { projectorBeat, QUIET_LEASE_TTL_MS, type BuiltVersion } from './projector-beat.ts';

useWorld();

it('one beat keeps every lease but the one that another has taken, and tells what is built', async () => {
  await migrateReadTables(url);
  const jobs = (await takeLease(store, JOBS_TARGET, 'one'))!;
  const dashboard = (await takeLease(store, DASHBOARD_TARGET, 'one'))!;
  const beat = projectorBeat(store);
  const lost: string[] = [];
  const kept = [beat.keep(JOBS_TARGET, jobs), beat.keep(DASHBOARD_TARGET, dashboard)] as const;
  kept[0].lost.catch((error: { code: string }) => lost.push(`jobs ${error.code}`));
  kept[1].lost.catch((error: { code: string }) => lost.push(`dashboard ${error.code}`));
  let built: readonly BuiltVersion[] = [];
  beat.start((now) => (built = now));
  try {
    while (built.length === 0) await sleep(20);
    expect(built.map(({ name }) => name).sort()).toEqual(['dashboard', 'jobs']);
    await seizeLease(store, DASHBOARD_TARGET, 'two');
    while (lost.length === 0) await sleep(20);
    expect(lost).toEqual(['dashboard CHECKPOINT_MOVED']);
    // Longer than a lease lasts: the other one was renewed.
    await sleep(LEASE_TTL_MS + 500);
    expect(await takeLease(store, JOBS_TARGET, 'two')).toBeNull();
    await kept[0].giveBack();
    expect(await takeLease(store, JOBS_TARGET, 'two')).not.toBeNull();
    expect(lost).toHaveLength(1);
  } finally {
    beat.stop();
  }
}, 60_000);

/** Returns for how long the lease of the queue lasts from now on, in ms. */
async function leaseLastsMs(): Promise<number> {
  const { rows } = await store.query<{ ms: number }>(
    `select (extract(epoch from held_until - now()) * 1000)::int as ms from docket.projection_leases
     where projection = $1 and version = $2`,
    [JOBS_TARGET.ledger, JOBS_TARGET.version],
  );
  return rows[0]!.ms;
}

it('beats seldom while nothing is written, and the first written event makes the lease short again', async () => {
  await migrateReadTables(url);
  const epoch = (await takeLease(store, JOBS_TARGET, 'one'))!;
  const beat = projectorBeat(store, 500);
  const kept = beat.keep(JOBS_TARGET, epoch);
  let beats = 0;
  beat.start(() => (beats += 1));
  try {
    while ((await leaseLastsMs()) <= LEASE_TTL_MS) await sleep(20);
    expect(await leaseLastsMs()).toBeLessThanOrEqual(QUIET_LEASE_TTL_MS);
    const before = beats;
    await sleep(LEASE_TTL_MS);
    expect(beats - before).toBeLessThanOrEqual(1);
    beat.worked();
    while ((await leaseLastsMs()) > LEASE_TTL_MS) await sleep(20);
  } finally {
    beat.stop();
    await kept.giveBack();
  }
}, 60_000);
