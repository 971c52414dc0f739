import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { openFilesystemBlobStore } from '../../../blob-store/filesystem.ts';
import { connectEventLog } from '../../../event-store/connect.ts';
import type { EventLog } from '../../../event-store/event-log.ts';
import { createIdentity } from '../../../identity/middleware.ts';
import { createRateLimits } from '../../../identity/rate-limits.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createApp, endWithJsonErrors } from '../../../runtime/http/app.ts';
import { listen } from '../../../runtime/http/listen.ts';
import { createLog } from '../../../runtime/log/log.ts';
import { createMetrics, type Metrics } from '../../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../../runtime/settings/settings.ts';
import type { MappingListing } from '../../../schemas/protocols/http-api.ts';
import { createCommandApi } from '../../../command-api/service.ts';

/** The mappings that the write side under test knows. */
export const KNOWN_MAPPINGS: readonly MappingListing[] = [
  { id: 'pt_simon_invoice_v1', version: 1, label: 'Invoice', default: true, mediaType: 'application/xml' },
  { id: 'other_v1', version: 2, label: 'Other', default: false, mediaType: 'application/xml' },
  {
    id: 'schedule_ics_v1',
    version: 2,
    label: 'Timetable',
    default: false,
    mediaType: 'text/calendar',
    parameters: [{ name: 'termStart', description: 'a date as YYYY-MM-DD' }],
  },
];

export interface RunningWriteSide {
  readonly url: string;
  readonly port: number;
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly blobDirectory: string;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

/** The write side as it is served, on a free port, over a real log and real files. */
export async function startWriteSide(options: {
  connectionString: string;
  env?: Record<string, string>;
  /** Stands between the write side and the blobs, for faults. */
  wrapBlobs?: (blobs: BlobStore) => BlobStore;
  /** The same for the log. */
  wrapLog?: (log: EventLog) => EventLog;
  /** A data folder that outlives this write side; without it a fresh one that does not. */
  directory?: string;
  findMapping?: (id: string) => MappingListing | null;
}): Promise<RunningWriteSide> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'docket-write-side-')));
  const settings = loadSettings({ PORT: '0', DATA_DIR: directory, ...options.env });
  const logger = createLog('command-api', 'silent');
  const metrics = createMetrics({ defaults: false });
  const blobDirectory = join(directory, 'blobs');
  const stored = await openFilesystemBlobStore({ directory: blobDirectory });
  const blobs = options.wrapBlobs?.(stored) ?? stored;
  const timeoutMs = settings.EVENTSTORE_TIMEOUT_MS;
  const connected = connectEventLog({ connectionString: options.connectionString, timeoutMs, log: logger });
  const log = options.wrapLog?.(connected) ?? connected;
  const find = options.findMapping ?? ((id: string) => KNOWN_MAPPINGS.find((one) => one.id === id) ?? null);
  const secrets = ['only for tests, thirty-two characters'] as const;
  const identity = createIdentity({ settings, secrets, clock: systemClock });
  const limits = createRateLimits({ settings, readClient: identity.readClient, metrics });
  const service = createCommandApi({
    log,
    blobs,
    settings,
    logger,
    metrics,
    identity,
    limits,
    clock: systemClock,
    mappings: { find, loaded: () => true, fresh: () => Promise.resolve() },
  });
  const app = createApp();
  app.use(limits.byAddress);
  if (service.router) app.use(service.router);
  endWithJsonErrors(app, logger);
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${listening.port}`,
    port: listening.port,
    log,
    blobs,
    blobDirectory,
    metrics,
    stop: async () => {
      await service.stop(1_000);
      await listening.close(100);
      await log.close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
