import { resolve } from 'node:path';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog } from '../event-store/event-log.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { notedConnections } from './connections.ts';
import { ownEventStore } from './event-store-access.ts';
import { openDataFolder } from './up/data-folder.ts';
import { openLogFiles } from './up/log-files.ts';
import { startNodeChild } from './up/node-child.ts';

const STOP_MS = 5_000;

export interface ReachedLog {
  readonly log: EventLog;
  close(): Promise<void>;
}

/**
 * Connects to the log that the settings name, or else to the log of the Docket that runs on the data folder. If no
 * Docket runs, starts the event store of the data folder, and stops it afterwards.
 *
 * @param options.alone true when nobody else may write meanwhile; a running Docket is then refused
 * @throws PlainFailure ALREADY_RUNNING, DATA_DIR_UNUSABLE, CHILD_FAILED
 */
export async function reachLog(
  settings: Settings,
  logger: Log,
  options: { alone: boolean },
): Promise<ReachedLog> {
  const { EVENTSTORE_TIMEOUT_MS: timeoutMs, EVENTSTORE_TRANSPORT: transport } = settings;
  const connect = (connectionString: string): EventLog =>
    connectEventLog({ connectionString, timeoutMs, transport, log: logger });
  const path = resolve(settings.DATA_DIR);
  const url = settings.EVENTSTORE_URL ?? (options.alone ? undefined : notedConnections(path).EVENTSTORE_URL);
  if (url !== undefined) {
    const log = connect(url);
    return { log, close: () => log.close() };
  }
  const folder = openDataFolder(path);
  const logs = openLogFiles(path);
  try {
    const { script, args, connectionString } = ownEventStore(path);
    const store = await startNodeChild(
      { name: 'event-store', script, args: args(0), env: { SCAVENGE_EVERY_HOURS: '0' } },
      logs,
    );
    const log = connect(connectionString(store.port));
    const close = async (): Promise<void> => {
      await log.close();
      await store.stop(STOP_MS);
      logs.stop();
      folder.release();
    };
    return { log, close };
  } catch (error) {
    logs.stop();
    folder.release();
    throw error;
  }
}
