import { BACKWARDS, END, FORWARDS, START, StreamNotFoundError } from '@eventstore/db-client';
import type { ClientGenerations } from './client-generations.ts';
import { LogUnavailable } from './errors.ts';
import type { AllFilter, RecordedEvent } from './event-log.ts';
import { recordedEvent, type RecordedByClient } from './recorded-event.ts';

type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** The stream's events in order from `fromRevision`; none when there is no such stream. */
export async function* readStreamForwards(
  generations: ClientGenerations,
  timeoutMs: number,
  stream: string,
  fromRevision: bigint,
): ReadEvents {
  const { client, generation } = generations.current();
  const events = client.readStream(stream, { direction: FORWARDS, fromRevision });
  yield* watched(generations, generation, timeoutMs, `reading ${stream}`, events);
}

/** The last event of a stream, or null when there is none. */
export async function readLastEvent(
  generations: ClientGenerations,
  timeoutMs: number,
  stream: string,
): Promise<RecordedEvent | null> {
  const { client, generation } = generations.current();
  const events = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
  for await (const event of watched(generations, generation, timeoutMs, `reading ${stream}`, events))
    return event;
  return null;
}

/** `$all` after a position. The client cannot filter a read, so the filter is applied here. */
export async function* readAllForwards(
  generations: ClientGenerations,
  timeoutMs: number,
  after: bigint | 'start',
  filter: AllFilter,
  maxCount: number,
): ReadEvents {
  const { client, generation } = generations.current();
  const fromPosition = after === 'start' ? START : { commit: after, prepare: after };
  const events = client.readAll({ direction: FORWARDS, fromPosition });
  let given = 0;
  for await (const event of watched(generations, generation, timeoutMs, 'reading $all', events)) {
    if (after !== 'start' && event.position <= after) continue;
    if (!passes(event, filter)) continue;
    yield event;
    given += 1;
    if (given >= maxCount) return;
  }
}

/** Position of the last event in the log, system events included; 0n when it is empty. */
export async function readHead(generations: ClientGenerations, timeoutMs: number): Promise<bigint> {
  const { client, generation } = generations.current();
  const events = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
  for await (const event of watched(generations, generation, timeoutMs, 'reading the head', events)) {
    return event.position;
  }
  return 0n;
}

function passes(event: RecordedEvent, filter: AllFilter): boolean {
  return 'streamPrefixes' in filter
    ? filter.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))
    : filter.eventTypePrefixes.some((prefix) => event.type.startsWith(prefix));
}

/** What the client's reads are: a stream that must be cancelled, or its call stays open behind it. */
interface ClientRead {
  [Symbol.asyncIterator](): AsyncIterator<{ event?: RecordedByClient }>;
  readonly readableEnded: boolean;
  destroy(error?: Error): unknown;
  cancel(): Promise<void>;
}

/**
 * A read with a limit on silence: the client's reads have no deadline, and a server that accepts a connection and
 * says nothing would hold the caller for ever.
 */
async function* watched(
  generations: ClientGenerations,
  generation: number,
  silenceMs: number,
  doing: string,
  events: ClientRead,
): ReadEvents {
  let [silent, consuming] = [false, false];
  // One timer a read. Only waiting for the server counts as silence, not the time the consumer takes.
  const watchdog = setTimeout(() => {
    if (consuming) return void watchdog.refresh();
    silent = true;
    generations.giveUp(generation, `silence while ${doing}`);
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
    if (silent || isOfTheStore(error)) throw new LogUnavailable(doing, { cause: error });
    throw error;
  } finally {
    clearTimeout(watchdog);
    if (!events.readableEnded && !silent) await events.cancel();
  }
}

/** True for what the client or gRPC threw; an error of the consumer passes through unchanged. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof Error && ('type' in error || 'details' in error);
}
