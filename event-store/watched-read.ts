import { StreamNotFoundError, type EventStoreDBClient } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStuck, type ClientGenerations, type Generation } from './client-generations.ts';
import { LogUnavailable } from './errors.ts';
import type { RecordedEvent } from './event-log.ts';
import { recordedEvent, type RecordedByClient } from './recorded-event.ts';

export type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** What the client's reads are: a stream that must be cancelled, or its call stays open behind it. */
export interface ClientRead {
  [Symbol.asyncIterator](): AsyncIterator<{ event?: RecordedByClient }>;
  readonly readableEnded: boolean;
  destroy(error?: Error): unknown;
  cancel(): Promise<void>;
}

/** A read, and how long its server may say nothing. */
export interface Read {
  readonly generations: ClientGenerations;
  readonly silenceMs: number;
  /** What is being done, for the error. */
  readonly doing: string;
  readonly open: (client: EventStoreDBClient) => ClientRead;
}

/** Pause before a read that broke before its first event is begun again; such a break is most often a reconnect. */
const BEGIN_AGAIN_MS = 50;

/**
 * The events of a read. One whose connection broke before the first event is begun again until half of the time for
 * silence is over; afterwards the consumer has seen a part, and only it can know how to go on.
 *
 * @throws LogUnavailable
 */
export async function* readEvents(read: Read): ReadEvents {
  const beginUntil = performance.now() + read.silenceMs / 2;
  for (;;) {
    let begun = false;
    try {
      for await (const event of watchedRead(read, await read.generations.current())) {
        begun = true;
        yield event;
      }
      return;
    } catch (error) {
      if (begun || !(error instanceof LogUnavailable) || performance.now() > beginUntil) throw error;
      await sleep(BEGIN_AGAIN_MS);
    }
  }
}

/**
 * One read with a limit on silence: the client's reads have no deadline, and a server that accepts a connection and
 * says nothing would hold the caller for ever.
 */
async function* watchedRead(read: Read, generation: Generation): ReadEvents {
  const { generations, silenceMs, doing } = read;
  const events = read.open(generation.client);
  let [silent, consuming] = [false, false];
  // One timer a read. Only waiting for the server counts as silence, not the time the consumer takes.
  const watchdog = setTimeout(() => {
    if (consuming) return void watchdog.refresh();
    silent = true;
    events.destroy(new Error('silent'));
  }, silenceMs);
  try {
    for await (const { event } of events) {
      consuming = true;
      if (event) yield recordedEvent(event);
      consuming = false;
      watchdog.refresh();
    }
  } catch (error) {
    if (error instanceof StreamNotFoundError) return;
    if (!silent && !isOfTheStore(error)) throw error;
    if (isStuck(error)) generations.giveUp(generation, `${doing}: ${String(error)}`);
    throw new LogUnavailable(doing, { cause: error });
  } finally {
    clearTimeout(watchdog);
    if (!events.readableEnded && !silent) await events.cancel();
  }
}

/** True for what the client or gRPC threw; an error of the consumer passes through unchanged. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof Error && ('type' in error || 'details' in error);
}
