import { CancelledError, EventStoreDBClient, TimeoutError, UnavailableError } from '@eventstore/db-client';
import type { Log } from '../runtime/log.ts';
import { readLean } from './lean-reads.ts';
import { bearStrayAnswers } from './stray-answers.ts';

/** Longest wait for the streams of a client that is being given up. */
const DISPOSE_WAIT_MS = 1_000;

/** A client and its number in the row. */
export interface Generation {
  readonly client: EventStoreDBClient;
  readonly number: number;
}

/** One client after the other: a client that stopped answering is given up and replaced, never shared. */
export interface ClientGenerations {
  /** The client to use now; waits while one is being given up. */
  current(): Promise<Generation>;
  /** Replaces the client unless that has already happened since `generation`. */
  giveUp(generation: Generation, why: string): void;
  close(): Promise<void>;
}

/**
 * The client keeps a rejected or never-settled capability request for ever, and a batch append on a silent connection
 * has no deadline. A fresh client is the only way out of both.
 *
 * Nobody gets the fresh client before the old one's streams have ended: pending appends of all clients stand in one
 * map of the module, which the end of a stream empties, so that appends put there too early would be done twice. The
 * wait is bounded; the answer that comes in spite of it is borne by `bearStrayAnswers`.
 */
export function openClientGenerations(connectionString: string, log: Log): ClientGenerations {
  const open = (number: number): Generation => ({
    client: bearStrayAnswers(readLean(EventStoreDBClient.connectionString(connectionString)), () =>
      log.warn({ generation: number }, 'an answer to an append came that nobody waits for any more'),
    ),
    number,
  });
  let generation = open(1);
  let replacing: Promise<void> | null = null;

  function giveUp(failed: Generation, why: string): void {
    if (failed.number !== generation.number) return;
    log.warn({ generation: failed.number, why }, 'event store client given up; opening another');
    generation = open(failed.number + 1);
    replacing = dispose(failed.client).finally(() => (replacing = null));
  }

  return {
    current: async () => {
      while (replacing) await replacing;
      return generation;
    },
    giveUp,
    close: async () => {
      await replacing;
      await dispose(generation.client);
    },
  };
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

/** Faults that a client gets over by itself: it connects anew, or the server was only slow. */
const PASSING = [UnavailableError, CancelledError, TimeoutError] as const;

/** True when only a fresh client helps: after any other fault it may keep a failed answer about the server for ever. */
export function isStuck(error: unknown): boolean {
  return !PASSING.some((passing) => error instanceof passing);
}
