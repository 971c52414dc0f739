import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { createLog } from '../runtime/log/log.ts';
import { createMetrics } from '../runtime/metrics/metrics.ts';
import { appendJob, startStoreWithLog, type StoreWithLog } from '../tests/harness/job-log.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { eventually } from '../tests/harness/processor-world.ts';
import { startSealer } from './sealer.ts';
import { sealsInBlobs, type SealCopies } from './seal-store.ts';
import { verifyLog } from './verify-log.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const DAY_MS = 24 * 3_600_000;
let world: StoreWithLog;
let postgres: TestPostgres;
let store: ReadStore;
let scratch: string;
let copies: SealCopies[];
beforeAll(async () => {
  [world, postgres, scratch] = await Promise.all([
    startStoreWithLog(),
    startTestPostgres(),
    mkdtemp(join(tmpdir(), 'docket-sealer-')),
  ]);
  await migrateReadTables(postgres.url);
  store = openReadStore({
    url: postgres.url,
    poolMax: 4,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  copies = [sealsInBlobs(await openFilesystemBlobStore({ directory: scratch }))];
}, 60_000);
afterAll(async () => {
  await store.close();
  await Promise.all([world.stop(), postgres.stop()]);
  await rm(scratch, { recursive: true, force: true });
});

it('several sealers make one seal a day, and none of a log without events', async () => {
  let nowMs = Date.now();
  const sealers = Array.from({ length: 3 }, () =>
    startSealer({
      log: world.log,
      store,
      copies,
      everyHours: 24,
      askedEveryMs: 40,
      key: () => Promise.resolve(privateKey),
      clock: { now: () => nowMs },
      logger: createLog('test', 'silent'),
      metrics: createMetrics({ defaults: false }),
    }),
  );
  const seals = async (): Promise<number> => (await copies[0]!.numbers()).length;
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 400));
  try {
    // Events that are not Docket's, as every server has them, make no log.
    await world.log.setMaxAge(`idempotency-${randomUUID()}`, 60);
    await settled();
    expect(await seals()).toBe(0);
    await appendJob(world.log, 1);
    await eventually(async () => (await seals()) === 1, 10_000, 'the first seal is made');
    await appendJob(world.log, 2);
    await settled();
    expect(await seals()).toBe(1);
    nowMs += DAY_MS;
    await eventually(async () => (await seals()) === 2, 10_000, 'the second seal is made a day later');
    await settled();
    expect(await seals()).toBe(2);
  } finally {
    await Promise.all(sealers.map((sealer) => sealer.stop(1_000)));
  }
  expect(await verifyLog({ log: world.log, copies, keys: [publicKey] })).toMatchObject({
    faults: [],
    seals: 2,
    unsealedEvents: 0,
  });
}, 60_000);
