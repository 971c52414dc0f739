import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/up/free-port.ts';
import { writeSecuredFiles, type ConnectAs } from '../rooms/event-store-server/secured-store.ts';
import {
  spawnStore,
  type SpawnedStore,
  type SpawnOptions,
} from '../rooms/event-store-server/spawned-store.ts';

export interface TestEventStore {
  /** The connection string, which stays the same over restarts. */
  readonly connectionString: string;
  /** Connects as somebody else: with another CA, without the secret, or through a proxy's port. */
  readonly connectionStringAs: (as: ConnectAs) => string;
  readonly directory: string;
  readonly port: number;
  /**
   * Sends a signal to the server's process. Resolves when the process has ended, and at once for SIGSTOP and SIGCONT.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  readonly pid: () => number;
  /** Starts the server again on the same folder and port. */
  restart(): Promise<void>;
  /** Ends the server and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Every test meets the behaviour of EventStoreDB towards its clients, including "Server Is Not Ready" after a
 * restart.
 */
const LIKE_EVENTSTOREDB = { notReadyMs: 200 };

/**
 * A real event store process with its own folder. It fails its clients in the same ways as EventStoreDB.
 * @param options TLS, users, access lists, a secret; by default the store demands none of them
 */
export async function startTestEventStore(
  options: SpawnOptions = {},
  folder?: string,
): Promise<TestEventStore> {
  const directory = folder ?? (await mkdtemp(join(tmpdir(), 'docket-test-event-store-')));
  const port = await freePort();
  const { acl, ...lasting } = options;
  const files = writeSecuredFiles(options);
  const start = async (first: Pick<SpawnOptions, 'acl'>): Promise<SpawnedStore> => {
    const store = await spawnStore(directory, {
      likeEventStoreDB: LIKE_EVENTSTOREDB,
      ...lasting,
      ...first,
      files,
      ipc: true,
      env: { ...options.env, EVENT_STORE_PORT: String(port), EXIT_WITH_PARENT: '1' },
    });
    store.child.stderr?.pipe(process.stderr);
    return store;
  };
  let store = await start(acl === undefined ? {} : { acl });
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') store.child.kill(signal);
    else await store.end(signal);
  };
  return {
    connectionString: store.connectionString(),
    connectionStringAs: store.connectionString,
    directory,
    port,
    kill,
    pid: () => store.pid,
    restart: async () => {
      await store.ended;
      store = await start({});
    },
    stop: async () => {
      await kill('SIGKILL');
      files.remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
