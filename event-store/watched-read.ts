import type { EventStoreDBClient } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStuck, type ClientGenerations, type Generation } from './client-generations.ts';
import { LogUnavailable } from './errors.ts';
import type { RecordedEvent } from './event-log.ts';
import { inBatches } from './lean-reads.ts';

export type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** A read, and how long its server may say nothing. */
export interface Read {
  readonly generations: ClientGenerations;
  readonly silenceMs: number;
  /** What is being done, for the error. */
  readonly doing: string;
  readonly open: (client: EventStoreDBClient) => object;
  /** Which events are given; all unless told. Here, since each further generator around a read costs every event. */
  readonly wanted?: (event: RecordedEvent) => boolean;
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
  const { wanted = () => true } = read;
  for (;;) {
    let begun = false;
    try {
      for await (const batch of watchedRead(read, await read.generations.current())) {
        begun = true;
        for (const event of batch) if (wanted(event)) yield event;
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
async function* watchedRead(
  read: Read,
  generation: Generation,
): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  const { generations, silenceMs, doing } = read;
  const batches = inBatches(read.open(generation.client));
  let [silent, consuming] = [false, false];
  // One timer a read. Only waiting for the server counts as silence, not the time the consumer takes.
  const watchdog = setTimeout(() => {
    if (consuming) return void watchdog.refresh();
    silent = true;
    batches.destroy(new Error('silent'));
  }, silenceMs);
  try {
    for await (const batch of batches) {
      consuming = true;
      yield batch;
      consuming = false;
      watchdog.refresh();
    }
  } catch (error) {
    if (!silent && !isOfTheStore(error)) throw error;
    if (isStuck(error)) generations.giveUp(generation, `${doing}: ${String(error)}`);
    throw new LogUnavailable(doing, { cause: error });
  } finally {
    clearTimeout(watchdog);
    if (!batches.readableEnded && !silent) await batches.cancel();
  }
}

/** True for what the client or gRPC threw; an error of the consumer passes through unchanged. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof Error && ('type' in error || 'details' in error);
}
