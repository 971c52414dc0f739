import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { BlobStoreUnavailable } from '../../blob-store/blob-errors.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { connectEventLog, type ConnectedEventLog } from '../../event-store/connect.ts';
import { LogUnavailable } from '../../event-store/errors.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { migrate } from '../../read-store/migrate.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { openS3BlobStore } from '../../blob-store/s3.ts';
import { startS3Double } from '../../tests/harness/s3-double/s3-double.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { startProcessorWorld, type ProcessorWorld } from '../../tests/harness/processor-world.ts';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from '../migrations/all.ts';
import { postgresWorkList } from '../work-list/postgres-work-list.ts';
import { ORPHAN_AGE_MS } from './orphans.ts';
import { retentionLease } from './retention-lease.ts';
import { retentionMetrics } from './retention-metrics.ts';
import { retentionRole } from './retention-role.ts';

/** Nobody falls silent in these tests: only what a processor does itself ends its right. */
const SILENT_MS = 600_000;
const logger = createLog('test', 'silent');

let world: ProcessorWorld;
let proxy: FaultProxy;
/** The log as one processor reaches it, by a way that can be cut. */
let cutLog: ConnectedEventLog;
beforeAll(async () => {
  world = await startProcessorWorld();
  await migrateReadTables(world.store.url);
  await migrate({ url: world.store.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
  proxy = await startFaultProxy(world.eventStore.port);
  cutLog = connectEventLog({
    connectionString: world.eventStore.connectionStringAs({ port: proxy.port }),
    timeoutMs: 1_000,
    log: logger,
  });
}, 60_000);
afterAll(async () => {
  await cutLog.close();
  await proxy.stop();
  await world.stop();
});

/** What a test has started. */
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function roleOf(id: string, log: EventLog, blobs: BlobStore) {
  const workerId = `${id}.00000000`;
  await postgresWorkList(world.store).enlist(id, workerId);
  const metrics = retentionMetrics(createMetrics({ defaults: false }));
  const settings = { PDF_TTL_DAYS: 7, XML_TTL_DAYS: 30, DELETE_XML_ON_FIRST_DOWNLOAD: false };
  const role = retentionRole({
    log,
    blobs,
    settings,
    logger,
    metrics,
    workerId,
    processorId: id,
    clock: systemClock,
    lease: retentionLease(world.store, SILENT_MS),
    decider: jobDecider(POLICY),
    orphanAgeMs: ORPHAN_AGE_MS,
  });
  stops.push(() => role.stop());
  return role;
}

/** Who has the right, and whether a full run has come to its end. */
async function rightNow() {
  const { rows } = await world.store.query<{ holder: string | null; ran: boolean }>(
    'select holder, ran_at is not null as ran from processor.retention',
  );
  return rows[0];
}
const untilDue = () => world.store.query('delete from processor.retention');

it('who is cut off from the log while retention is due gives the right back, and another runs it [D24]', async () => {
  await untilDue();
  const cutOff = await roleOf('cut-off', cutLog, world.blobs);
  const other = await roleOf('other', world.log, world.blobs);
  proxy.fault.refuse = true;
  proxy.cut();
  await expect(cutOff.tend()).rejects.toBeInstanceOf(LogUnavailable);
  expect(await rightNow()).toEqual({ holder: null, ran: false });
  // It asks for the right again only when the log answers it.
  await expect(cutOff.tend()).rejects.toBeInstanceOf(LogUnavailable);
  expect(await rightNow()).toEqual({ holder: null, ran: false });
  await other.tend();
  expect(await rightNow()).toEqual({ holder: 'other.00000000', ran: true });
  await other.stop();
  proxy.fault.refuse = false;
  await cutOff.tend();
  expect(await rightNow()).toEqual({ holder: 'cut-off.00000000', ran: true });
}, 60_000);

it('who is cut off from the blobs gives the right back as well', async () => {
  await untilDue();
  const bucket = await startS3Double();
  const way = await startFaultProxy(Number(new URL(bucket.endpoint).port));
  stops.push(
    () => bucket.close(),
    () => way.stop(),
  );
  const blobs = openS3BlobStore({
    bucket: bucket.bucket,
    region: bucket.region,
    credentials: bucket.credentials,
    endpoint: `http://127.0.0.1:${way.port}`,
    forcePathStyle: true,
    serverSideEncryption: 'none',
    timeoutMs: 1_000,
    log: logger,
  });
  const cutOff = await roleOf('cut-off', world.log, blobs);
  way.fault.refuse = true;
  for (let tries = 0; tries < 2; tries += 1) {
    await expect(cutOff.tend()).rejects.toBeInstanceOf(BlobStoreUnavailable);
    expect(await rightNow()).toEqual({ holder: null, ran: false });
  }
  way.fault.refuse = false;
  await cutOff.tend();
  expect(await rightNow()).toEqual({ holder: 'cut-off.00000000', ran: true });
}, 60_000);
