import { hostname } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { connectEventLog, type ConnectedEventLog } from '../../event-store/connect.ts';
import { createIdentity, type Identity } from '../../identity/middleware.ts';
import { createRateLimits, type RateLimits } from '../../identity/rate-limits.ts';
import { loadSigningSecrets, type SigningSecrets } from '../../identity/signing-keys.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { systemClock, type Clock } from '../../runtime/clock.ts';
import { clientReader } from '../../runtime/http/client.ts';
import type { Log } from '../../runtime/log/log.ts';
import { createMappingDirectory, type MappingDirectory } from '../../runtime/mapping-directory.ts';
import type { Metrics } from '../../runtime/metrics/metrics.ts';
import { publicFaults } from '../../runtime/settings/production-settings.ts';
import { SettingsRefused } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { openBlobs } from '../open-stores.ts';
import { PlainFailure } from '../plain-failure.ts';

/** When Postgres does not answer within this time, the rate limits are counted in memory. */
const COUNT_TIMEOUT_MS = 250;
const COUNT_CONNECTIONS_MAX = 4;
/** The interval at which the list of mappings is fetched. */
const MAPPINGS_REFRESH_MS = 5_000;

/** The parts that services share. Each opens once, when the first service of this process needs it. */
export interface Parts {
  readonly settings: Settings;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly processorId: string;
  readonly webDir: string;
  log(): ConnectedEventLog;
  store(): ReadStore;
  blobs(): Promise<BlobStore>;
  mappings(): MappingDirectory;
  secrets(): Promise<SigningSecrets>;
  identity(): Promise<Identity>;
  limits(): RateLimits;
  /** Closes all open parts. */
  close(): Promise<void>;
}

/**
 * Prepares the parts without opening them.
 * @throws PlainFailure when a service needs a store that the settings do not name
 */
export function gatherParts(settings: Settings, logger: Log, metrics: Metrics): Parts {
  const opened: (() => unknown)[] = [];
  const log = once(() => {
    const connectionString = required(settings, 'EVENTSTORE_URL');
    const connected = connectEventLog({
      connectionString,
      timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
      transport: settings.EVENTSTORE_TRANSPORT,
      log: logger,
    });
    opened.push(() => connected.close());
    return connected;
  });
  const store = once(() => {
    const { DATABASE_POOL_MAX: poolMax, DATABASE_TIMEOUT_MS: timeoutMs } = settings;
    const readStore = openReadStore({
      url: required(settings, 'DATABASE_URL'),
      poolMax,
      timeoutMs,
      log: logger,
    });
    opened.push(() => readStore.close());
    return readStore;
  });
  const mappings = once(() => {
    const gatewayUrl = required(settings, 'GATEWAY_URL');
    const directory = createMappingDirectory({
      gatewayUrl,
      token: settings.GATEWAY_TOKEN,
      log: logger,
      refreshMs: MAPPINGS_REFRESH_MS,
    });
    opened.push(() => directory.stop());
    return directory;
  });
  const secrets = once(() => loadSigningSecrets(settings));
  const identity = once(async () => {
    const faults = publicFaults(settings);
    if (faults.length > 0) throw new SettingsRefused(faults);
    return createIdentity({ settings, secrets: await secrets(), clock: systemClock });
  });
  const limits = once(() => {
    const readClient = clientReader(settings.TRUST_PROXY);
    if (settings.RATE_LIMIT_STORE === 'memory') return createRateLimits({ settings, readClient, metrics });
    const counts = openReadStore({
      url: required(settings, 'DATABASE_URL'),
      poolMax: COUNT_CONNECTIONS_MAX,
      timeoutMs: COUNT_TIMEOUT_MS,
      log: logger,
      applicationName: 'docket rate limits',
    });
    opened.push(() => counts.close());
    return createRateLimits({ settings, readClient, metrics, sharedBy: counts.pool });
  });
  const blobs = once(() => openBlobs(settings, logger));
  return {
    settings,
    logger,
    metrics,
    clock: systemClock,
    log,
    store,
    blobs,
    mappings,
    secrets,
    identity,
    limits,
    processorId: settings.PROCESSOR_ID ?? hostname(),
    webDir: settings.WEB_DIR ?? join(import.meta.dirname, '..', '..', 'web', 'dist'),
    close: async () => {
      for (const close of opened.toReversed()) await close();
    },
  };
}

function required(settings: Settings, name: 'EVENTSTORE_URL' | 'DATABASE_URL' | 'GATEWAY_URL'): string {
  const value = settings[name];
  if (!value)
    throw new PlainFailure(
      'SETTINGS_REFUSED',
      `A service that runs by itself needs ${name}; \`npm start\` sets it for you.`,
    );
  return value;
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}
