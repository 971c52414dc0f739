import { EventStoreDBClient } from '@eventstore/db-client';
import type { Log } from '../runtime/log.ts';

/** Longest wait for the streams of a client that is being given up. */
const DISPOSE_WAIT_MS = 1_000;

/** One client after the other: a client that stopped answering is given up and replaced, never shared. */
export interface ClientGenerations {
  current(): { readonly client: EventStoreDBClient; readonly generation: number };
  /** Replaces the client unless that has already happened since `generation`. */
  giveUp(generation: number, why: string): void;
  close(): Promise<void>;
}

/**
 * The client keeps a rejected or never-settled capability request for ever, and a batch append on a silent connection
 * has no deadline. A fresh client is the only way out of both (event-store/README.md, "Traps").
 */
export function openClientGenerations(connectionString: string, log: Log): ClientGenerations {
  let generation = 1;
  let client = EventStoreDBClient.connectionString(connectionString);

  function giveUp(failed: number, why: string): void {
    if (failed !== generation) return;
    log.warn({ generation, why }, 'event store client given up; opening another');
    const old = client;
    generation += 1;
    client = EventStoreDBClient.connectionString(connectionString);
    void dispose(old);
  }

  return { current: () => ({ client, generation }), giveUp, close: () => dispose(client) };
}

/** Cancels every stream of a client; bounded, since a dead connection may never confirm. */
async function dispose(client: EventStoreDBClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DISPOSE_WAIT_MS);
  });
  await Promise.race([client.dispose(), bound]);
  clearTimeout(timer);
}
