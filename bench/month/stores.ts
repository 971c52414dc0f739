import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectEventLog } from '../../event-store/connect.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { CLUSTER } from '../../postgres-server/cluster.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../postgres-server/start.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { createLog, type Log } from '../../runtime/log/log.ts';
import { allowServerFiles } from '../server-files.ts';

const EVENT_STORE = join(import.meta.dirname, '..', '..', 'event-store-server', 'main.ts');
const TIMEOUT_MS = 30_000;
/** One statement makes an index of a million rows, so it needs a long limit. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** Both stores of a month, on the folder that holds them between the parts of the measurement. */
export interface MonthStores {
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly postgresPid: number;
  /** The settings by which a command of `docket` finds the stores. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the event store and Postgres of a folder, each in a separate process, and updates the schema. */
export async function openStores(folder: string): Promise<MonthStores> {
  const logger = createLog('bench', 'error');
  const child = spawn(process.execPath, [EVENT_STORE, '--directory', join(folder, 'event-store')], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, EXIT_WITH_PARENT: '1' },
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const postgres = await startPostgres(join(folder, 'postgres'), logger);
  const connectionString = `esdb://127.0.0.1:${port}?tls=false`;
  await migrateReadTables(postgres.url);
  const log = connectEventLog({ connectionString, timeoutMs: TIMEOUT_MS, log: logger });
  const store = openReadStore({
    url: postgres.url,
    poolMax: 4,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    log: logger,
  });
  return {
    log,
    store,
    postgresPid: postgres.pid,
    env: {
      EVENTSTORE_URL: connectionString,
      DATABASE_URL: postgres.url,
      GATEWAY_URL: 'http://127.0.0.1:1',
      DATA_DIR: join(folder, 'docket'),
    },
    stop: async () => {
      await Promise.all([log.close(), store.close()]);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.all([ended, postgres.stop()]);
    },
  };
}

/**
 * Starts Postgres, and first makes its files when they are missing. The server may read and write files, as a bare
 * COPY needs.
 */
async function startPostgres(directory: string, log: Log): Promise<EmbeddedPostgres> {
  if (!existsSync(join(directory, CLUSTER))) await (await startEmbeddedPostgres({ directory, log })).stop();
  await allowServerFiles(directory);
  return startEmbeddedPostgres({ directory, log });
}
