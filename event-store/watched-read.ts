import type { EventStoreDBClient } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientGenerations } from './client-generations.ts';
import type { Generation } from './generations.ts';
import { LogUnavailable } from './errors.ts';
import type { RecordedEvent } from './event-log.ts';
import { NoAnswer } from './no-answer.ts';
import { isOfTheStore } from './store-faults.ts';
import { inBatches } from './lean-reads.ts';

export type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** A read, and how long its server may say nothing. */
export interface Read {
  readonly generations: ClientGenerations;
  readonly silenceMs: number;
  /** What is being done, for the error. */
  readonly doing: string;
  readonly open: (client: EventStoreDBClient) => object;
  /** The error for an answer that this read knows the meaning of; null for every other one. */
  readonly refusal?: (cause: unknown) => Error | null;
  /** Which events are given; all unless told. Here, since each further generator around a read costs every event. */
  readonly wanted?: (event: RecordedEvent) => boolean;
}

/** Pause before a read that broke before its first event is begun again, doubled each time; most often it is a reconnect. */
const BEGIN_AGAIN_MS = 50;
const BEGIN_AGAIN_MAX_MS = 500;
/** After so long without an event the server is asked whether it is there at all. */
const DOUBT_AFTER_MS = 1_000;

/**
 * The events of a read. One whose connection broke before the first event is begun again until half of the time for
 * silence is over; afterwards the consumer has seen a part, and only it can know how to go on.
 *
 * @throws LogUnavailable, what `refusal` answers
 */
export async function* readEvents(read: Read): ReadEvents {
  const beginUntil = performance.now() + read.silenceMs / 2;
  const { wanted = () => true } = read;
  for (let pauseMs = BEGIN_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, BEGIN_AGAIN_MAX_MS)) {
    let begun = false;
    try {
      const generation = await read.generations.current(read.silenceMs, read.doing);
      for await (const batch of watchedRead(read, generation)) {
        begun = true;
        for (const event of batch) if (wanted(event)) yield event;
      }
      return;
    } catch (error) {
      if (begun || !(error instanceof LogUnavailable) || performance.now() > beginUntil) throw error;
      if (error.fault?.final === true) throw error;
      await sleep(pauseMs);
    }
  }
}

/**
 * One read with a limit on silence: the client's reads have no deadline, and a server that accepts a connection and
 * says nothing would hold the caller for ever.
 */
async function* watchedRead(
  read: Read,
  generation: Generation<EventStoreDBClient>,
): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  const { generations, silenceMs, doing } = read;
  const batches = inBatches(read.open(generation.client));
  let silent = false;
  let consuming = false;
  const beSilent = () => {
    silent = true;
    batches.destroy(new Error('silent'));
  };
  // Timers for the whole read. Only waiting for the server counts as silence, not the time the consumer takes.
  const watchdog = setTimeout(() => (consuming ? void watchdog.refresh() : beSilent()), silenceMs);
  const doubt = setTimeout(() => {
    if (consuming) return void doubt.refresh();
    void generations.doubt(generation, new NoAnswer()).then((works) => works || beSilent());
  }, DOUBT_AFTER_MS);
  try {
    for await (const batch of batches) {
      consuming = true;
      yield batch;
      consuming = false;
      watchdog.refresh();
      doubt.refresh();
    }
  } catch (error) {
    if (!silent && !isOfTheStore(error)) throw error;
    const cause = silent ? new NoAnswer() : error;
    const refusal = read.refusal?.(cause);
    if (refusal) throw refusal;
    await generations.doubt(generation, cause);
    throw generations.unavailable(doing, cause);
  } finally {
    clearTimeout(watchdog);
    clearTimeout(doubt);
    if (!batches.readableEnded && !silent) await batches.cancel();
  }
}
