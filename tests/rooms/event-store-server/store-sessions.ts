/** A directory and the stores that were started on it, one after the other, for tests that stop and damage them. */
import type { EventStoreDBClient } from '@eventstore/db-client';
import {
  connectTo,
  removeDirectory,
  spawnStore,
  StoreDidNotStart,
  temporaryDirectory,
  type SpawnedStore,
  type SpawnOptions,
} from './spawned-store.ts';

export interface StoreSessions {
  readonly directory: string;
  readonly start: (options?: SpawnOptions) => Promise<SpawnedStore>;
  /** Starts a store, lets `work` use it and stops it the given way. */
  readonly session: (
    signal: NodeJS.Signals,
    work: (client: EventStoreDBClient) => Promise<unknown>,
  ) => Promise<SpawnedStore>;
  /** Starts a store that must not become ready. */
  readonly refusedStart: (options?: SpawnOptions) => Promise<StoreDidNotStart>;
  /** Kills what still runs and removes the directory. */
  readonly end: () => Promise<void>;
}

export function openStoreSessions(): StoreSessions {
  const directory = temporaryDirectory();
  const running: SpawnedStore[] = [];
  const start = async (options: SpawnOptions = {}): Promise<SpawnedStore> => {
    const store = await spawnStore(directory, options);
    running.push(store);
    return store;
  };
  return {
    directory,
    start,
    session: async (signal, work) => {
      const store = await start();
      const client = connectTo(store.port);
      await work(client);
      await client.dispose();
      await store.end(signal);
      return store;
    },
    refusedStart: (options) =>
      start(options).then(
        () => Promise.reject(new Error('The store started.')),
        (error: unknown) => (error instanceof StoreDidNotStart ? error : Promise.reject(error as Error)),
      ),
    end: async () => {
      await Promise.all(running.map((store) => store.end('SIGKILL')));
      removeDirectory(directory);
    },
  };
}
