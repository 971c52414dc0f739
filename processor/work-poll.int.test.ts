import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../read-store/migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { createLog } from '../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from './migrations/all.ts';
import type { Repeating } from './repeating.ts';
import { openWorkNotices, type WorkNotices } from './work-list/work-notices.ts';
import { postgresWorkList } from './work-list/postgres-work-list.ts';
import type { Placement } from './work-list/work-change.ts';
import type { WorkList } from './work-list/work-list.ts';
import { startWorkPoll, type PollPauses } from './work-poll.ts';

const WORKER = 'p.00000001';
const LONG_MS = 3_600_000;
/** A pause that a test would notice, and one that it would not live to see the end of. */
const PAUSES: PollPauses = { busyMs: 50, idleMs: LONG_MS };

describe('the poll of the work list', () => {
  const logger = createLog('test', 'silent');
  let postgres: TestPostgres;
  let store: ReadStore;
  let list: WorkList;
  let poll: Repeating | undefined;
  let channel: WorkNotices | undefined;
  let looks: number;
  let found: number;
  let position: bigint;
  let troubles: unknown[];

  beforeEach(async () => {
    postgres = await startTestPostgres();
    store = openReadStore({ url: postgres.url, poolMax: 4, timeoutMs: 10_000, log: logger });
    await migrate({ url: store.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
    list = postgresWorkList(store);
    await list.enlist('p', WORKER);
    [looks, found, position, troubles] = [0, 0, 0n, []];
  });
  afterEach(async () => {
    await poll?.stop();
    expect(troubles).toEqual([]);
    await channel?.close();
    await store.close();
    await postgres.stop();
  });

  /** Puts one job on the list, and tells nobody. */
  async function write(placement: Placement): Promise<void> {
    const grant = await list.holdFeed('p', WORKER, LONG_MS);
    const standing = { owner: 'o', priority: 0, requestedPosition: 1n, known: null };
    const change = { jobId: randomUUID(), revision: 1n, standing, placement };
    const from = position === 0n ? ('start' as const) : position;
    position += 1n;
    await list.apply([change], { from, to: position, mark: null }, grant!.epoch);
  }

  function start({ noticesArrive, pauses = PAUSES }: { noticesArrive: boolean; pauses?: PollPauses }): void {
    poll = startWorkPoll({
      list: {
        offerDue: (silentMs) => {
          looks += 1;
          return list.offerDue(silentMs);
        },
      },
      silentMs: LONG_MS,
      random: () => 0.5,
      noticesArrive: () => noticesArrive,
      onWork: () => (found += 1),
      onTrouble: (error) => {
        if (error !== null) troubles.push(error);
      },
      pauses,
    });
  }

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await sleep(10);
  };

  it('rests while nothing is on the list, and is as quick as ever once it is told of a job', async () => {
    start({ noticesArrive: true });
    await until(() => looks === 1);
    await sleep(10 * PAUSES.busyMs);
    expect([looks, found]).toEqual([1, 0]);
    await write({ place: 'offered' });
    poll!.hurry();
    await until(() => found >= 5);
  }, 30_000);

  it('stays quick while a job waits for its time, and offers it then', async () => {
    await write({ place: 'later', notBefore: new Date().toISOString(), waitMs: 1_000 });
    start({ noticesArrive: true });
    await until(() => looks >= 5);
    const offered = async () => (await list.claim(WORKER, 1, LONG_MS)).length === 1;
    while (!(await offered())) await sleep(20);
  }, 30_000);

  it('finds a job that nobody told of within the pause of an empty list', async () => {
    start({ noticesArrive: true, pauses: { busyMs: 50, idleMs: 600 } });
    await until(() => looks === 1);
    await write({ place: 'offered' });
    await until(() => found > 0);
  }, 30_000);

  it('does not rest while no notice arrives, as behind some poolers', async () => {
    start({ noticesArrive: false });
    await until(() => looks >= 5);
  }, 30_000);

  it('knows whether notices arrive, also after the connection was lost', async () => {
    let notices = 0;
    channel = openWorkNotices(store, () => (notices += 1), logger);
    expect(channel.noticesArrive()).toBe(false);
    await until(() => channel!.noticesArrive());
    const before = notices;
    await store.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where query = 'listen docket_work' and datname = current_database()`,
    );
    await until(() => !channel!.noticesArrive() || notices > before);
    await until(() => channel!.noticesArrive() && notices > before);
  }, 30_000);
});
