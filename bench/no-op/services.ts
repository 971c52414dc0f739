/**
 * The processor and the projector in a separate process, with a conversion that returns at once. So only Docket's own
 * time is measured. The bench notes every start of a conversion on the monotonic clock, which all processes share.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import type { ConversionResult, ConversionTask } from '../../processor/attempts/converter.ts';
import { startProcessor } from '../../processor/start-processor.ts';
import { startProjector } from '../../projector/start.ts';
import { openReadStore } from '../../read-store/pool.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { serveOperations } from './operations.ts';

const settings = loadSettings(process.env);
const logger = createLog('bench', settings.LOG_LEVEL);
const log = connectEventLog({
  connectionString: settings.EVENTSTORE_URL ?? '',
  timeoutMs: 5_000,
  log: logger,
});
const store = openReadStore({ url: settings.DATABASE_URL ?? '', poolMax: 10, timeoutMs: 5_000, log: logger });

/**
 * Nanoseconds of the monotonic clock at which each job's conversion began. A second start of the same job is an
 * error.
 */
const startedAt = new Map<string, number>();
let startedTwice = 0;

async function convertNothing(task: ConversionTask): Promise<ConversionResult> {
  if (startedAt.has(task.jobId)) startedTwice += 1;
  startedAt.set(task.jobId, Number(process.hrtime.bigint()));
  const result = {
    blobKey: `results/${task.jobId}/${task.fencingToken}`,
    bytes: 1,
    mediaType: 'application/xml',
  };
  return { result: { ...result, sha256: task.sourceSha256 }, pages: 1, gatewayMs: 0, warnings: [] };
}

/** The store of blobs is empty, because the conversion returns at once. Retention reads it as always. */
const directory = await mkdtemp(join(tmpdir(), 'docket-bench-blobs-'));
const blobs = await openFilesystemBlobStore({ directory });

const parts = { log, store, settings, logger };
const processor = await startProcessor({
  ...parts,
  blobs,
  metrics: createMetrics({ defaults: false }),
  convert: convertNothing,
  clock: systemClock,
  random: Math.random,
  processorId: 'bench',
});
const projector = await startProjector({ ...parts, metrics: createMetrics({ defaults: false }) });

serveOperations({
  ready: () => Promise.resolve(processor.readiness().ready && projector.readiness().ready),
  /**
   * Waits for the rows that show a ready job. It queries the table only after every conversion has begun, because
   * queries are load too.
   */
  finished: async ({ awaited }) => {
    if (startedAt.size < (awaited ?? 0)) return { jobs: 0, at: 0 };
    const { rows } = await store.query<{ jobs: number }>(
      `select count(*)::int as jobs from docket.jobs where state = 'ready'`,
    );
    return { jobs: rows[0]?.jobs ?? 0, at: Number(process.hrtime.bigint()) };
  },
  startedAt: () => Promise.resolve({ startedAt: Object.fromEntries(startedAt), startedTwice }),
  stop: async () => {
    await Promise.all([processor.stop(2_000), projector.stop(2_000)]);
    await Promise.all([log.close(), store.close()]);
    await rm(directory, { recursive: true, force: true });
  },
});
