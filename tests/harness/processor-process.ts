/**
 * Runs one processor as a separate process, for tests that kill it. Settings come from the environment as in
 * production; PROCESSOR_ID names the processor. It prints one line on stdout when it is ready. SIGTERM stops it in
 * order.
 */
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import { startProcessor } from '../../processor/start-processor.ts';
import { openReadStore } from '../../read-store/pool.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';

const settings = loadSettings(process.env);
const logger = createLog('processor', settings.LOG_LEVEL);
const log = connectEventLog({
  connectionString: settings.EVENTSTORE_URL ?? '',
  timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
  transport: settings.EVENTSTORE_TRANSPORT,
  log: logger,
});
const store = openReadStore({
  url: settings.DATABASE_URL ?? '',
  poolMax: settings.DATABASE_POOL_MAX,
  timeoutMs: settings.DATABASE_TIMEOUT_MS,
  log: logger,
});
const service = await startProcessor({
  log,
  store,
  settings,
  logger,
  clock: systemClock,
  random: Math.random,
  blobs: await openFilesystemBlobStore({ directory: settings.BLOB_DIR ?? '' }),
  metrics: createMetrics({ defaults: false }),
  processorId: process.env['PROCESSOR_ID'] ?? 'processor',
});
process.on('SIGTERM', () => {
  void service
    .stop(settings.SHUTDOWN_GRACE_MS)
    .then(() => Promise.all([log.close(), store.close()]))
    .finally(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
const saying = setInterval(() => {
  if (!service.readiness().ready) return;
  clearInterval(saying);
  process.send?.({ ready: true });
}, 20);
