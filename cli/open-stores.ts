import { connectEventLog, type ConnectedEventLog } from '../event-store/connect.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../schemas/config.ts';
import { findConnection } from './connections.ts';

/**
 * Connects to the log that the settings name. If they name none, connects to the log of the Docket that runs on the
 * data folder.
 * @throws PlainFailure when neither names a log, SettingsRefused
 */
export function openLog(settings: Settings, logger: Log): ConnectedEventLog {
  return connectEventLog({
    connectionString: findConnection(settings, 'EVENTSTORE_URL'),
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    transport: settings.EVENTSTORE_TRANSPORT,
    log: logger,
  });
}

/**
 * Opens the read tables that the settings name. If they name none, opens the read tables of the Docket that runs on
 * the data folder.
 * @throws PlainFailure when neither names a Postgres
 */
export function openTables(settings: Settings, logger: Log): ReadStore {
  return openReadStore({
    url: findConnection(settings, 'DATABASE_URL'),
    poolMax: settings.DATABASE_POOL_MAX,
    timeoutMs: settings.DATABASE_TIMEOUT_MS,
    log: logger,
  });
}
