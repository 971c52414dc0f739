import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate } from '../../read-store/migrate.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { eventually } from '../../tests/harness/processor-world.ts';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from '../migrations/all.ts';
import { postgresWorkList } from '../work-list/postgres-work-list.ts';
import type { WorkList } from '../work-list/work-list.ts';
import { startClaimLoop, type ClaimLoop, type Holding } from './claim-loop.ts';

const WORKERS = 2;
const AHEAD_MAX = 8;
const WORKER = 'p.00000001';
const LONG = 60_000;
const WITHIN_MS = 20_000;
/** Attempts that set the pace: they end at once. */
const QUICK = 6;

describe('claims ahead of need', () => {
  const logger = createLog('test', 'silent');
  let postgres: TestPostgres;
  let store: ReadStore;
  let list: WorkList;
  let loop: ClaimLoop;
  let statements: number;
  let begun: string[];
  let quick: number;
  let endings: (() => void)[];
  let mayClaim: boolean;

  beforeEach(async () => {
    postgres = await startTestPostgres();
    store = openReadStore({ url: postgres.url, poolMax: 4, timeoutMs: 10_000, log: logger });
    await migrate({ url: store.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
    list = postgresWorkList(store);
    await list.enlist('p', WORKER);
    statements = 0;
    begun = [];
    endings = [];
    quick = QUICK;
    mayClaim = true;
  });
  afterEach(async () => {
    await loop.close();
    await store.close();
    await postgres.stop();
  });

  async function offer(jobs: number): Promise<void> {
    const grant = await list.holdFeed('p', WORKER, LONG);
    const changes = Array.from({ length: jobs }, (_, index) => ({
      jobId: randomUUID(),
      revision: 1n,
      standing: { owner: `o${index % 3}`, priority: 0, requestedPosition: BigInt(index), known: null },
      placement: { place: 'offered' as const },
    }));
    await list.apply(changes, { from: 'start', to: 1n, mark: null }, grant!.epoch);
  }

  function start(aheadMax: number, holding: Holding): void {
    loop = startClaimLoop({
      list: {
        ...list,
        claim: (workerId, max, reserveMs) => {
          statements += 1;
          return list.claim(workerId, max, reserveMs);
        },
      },
      workerId: WORKER,
      room: (running) => (mayClaim ? WORKERS - running : 0),
      aheadMax: () => (mayClaim ? aheadMax : 0),
      maxRate: undefined,
      holding,
      run: async ({ jobId }) => {
        begun.push(jobId);
        quick -= 1;
        if (quick < 0) await new Promise<void>((resolve) => endings.push(resolve));
      },
      onTrouble: () => undefined,
      logger,
    });
    loop.wake();
  }

  const isHeld = async (): Promise<boolean> => (await list.counts()).claimed > QUICK + WORKERS;
  const isGivenBack = async (): Promise<boolean> => (await list.counts()).claimed === QUICK + WORKERS;

  it('need fewer statements than workers come free', async () => {
    quick = Number.POSITIVE_INFINITY;
    await offer(60);
    start(AHEAD_MAX, { reserveMs: LONG, aheadMs: LONG, holdMs: LONG });
    await eventually(() => Promise.resolve(begun.length === 60), WITHIN_MS, 'all are begun');
    expect(new Set(begun).size).toBe(60);
    // Without claims ahead no statement takes more than there are workers.
    expect(statements).toBeLessThan(60 / WORKERS);
  });

  it('are given back when the processor stops [R04.04]', async () => {
    await offer(30);
    start(AHEAD_MAX, { reserveMs: LONG, aheadMs: LONG, holdMs: LONG });
    await eventually(isHeld, WITHIN_MS, 'claims are held');
    await loop.close();
    expect(await isGivenBack()).toBe(true);
    expect(begun).toHaveLength(QUICK + WORKERS);
  });

  it('are given back when the log turns out to be another one', async () => {
    await offer(30);
    start(AHEAD_MAX, { reserveMs: LONG, aheadMs: LONG, holdMs: LONG });
    await eventually(isHeld, WITHIN_MS, 'claims are held');
    const before = loop.running().length;
    // As in a processor that is not sure of its log. Otherwise the loop may claim the same jobs again at once.
    mayClaim = false;
    loop.giveBack();
    await eventually(isGivenBack, WITHIN_MS, 'they are on offer');
    expect(loop.running()).toHaveLength(before);
  });

  it('go back to the others when no worker comes free for them', async () => {
    await offer(30);
    start(AHEAD_MAX, { reserveMs: LONG, aheadMs: 100, holdMs: 200 });
    await eventually(() => Promise.resolve(begun.length === QUICK + WORKERS), WITHIN_MS, 'all work');
    await eventually(isGivenBack, WITHIN_MS, 'they are on offer');
    // No worker has come free since, so none is claimed ahead again.
    loop.wake();
    await loop.drained(300);
    expect(await isGivenBack()).toBe(true);
  });

  it('are not begun once their reservation may have lapsed', async () => {
    await offer(QUICK + WORKERS + 4);
    start(AHEAD_MAX, { reserveMs: 400, aheadMs: LONG, holdMs: LONG });
    await eventually(() => Promise.resolve(begun.length === QUICK + WORKERS), WITHIN_MS, 'all work');
    await eventually(async () => (await list.counts()).offered === 0, WITHIN_MS, 'the last are held');
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const end of endings.splice(0)) end();
    await eventually(() => Promise.resolve(loop.running().length === 0), WITHIN_MS, 'nothing is begun');
    await list.offerDue(LONG);
    loop.wake();
    const hasTwoMore = (): Promise<boolean> => Promise.resolve(begun.length >= QUICK + WORKERS + 2);
    await eventually(hasTwoMore, WITHIN_MS, 'what lapsed is claimed anew');
  });
});
