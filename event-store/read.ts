import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import type { ClientGenerations } from './client-generations.ts';
import { CheckpointNotInLog } from './errors.ts';
import { passes } from './event-filter.ts';
import type { AllFilter, RecordedEvent } from './event-log.ts';
import { isPositionRefused } from './store-faults.ts';
import { readEvents, type ReadEvents } from './watched-read.ts';

/** The stream's events in order from `fromRevision`; none when there is no such stream. */
export function readStreamForwards(
  generations: ClientGenerations,
  silenceMs: number,
  stream: string,
  fromRevision: bigint,
): ReadEvents {
  return readEvents({
    generations,
    silenceMs,
    doing: `reading ${stream}`,
    open: (client) => client.readStream(stream, { direction: FORWARDS, fromRevision }),
  });
}

/** The last event of a stream, or null when there is none. */
export async function readLastEvent(
  generations: ClientGenerations,
  silenceMs: number,
  stream: string,
): Promise<RecordedEvent | null> {
  const events = readEvents({
    generations,
    silenceMs,
    doing: `reading ${stream}`,
    open: (client) => client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
  });
  for await (const event of events) return event;
  return null;
}

/** `$all` after a position. The client cannot filter a read, so the filter is applied here. */
export function readAllForwards(
  generations: ClientGenerations,
  silenceMs: number,
  {
    after,
    filter,
    maxCount,
  }: { readonly after: bigint | 'start'; readonly filter: AllFilter; readonly maxCount: number },
): ReadEvents {
  const fromPosition = after === 'start' ? START : { commit: after, prepare: after };
  const events = readEvents({
    generations,
    silenceMs,
    doing: 'reading $all',
    open: (client) => client.readAll({ direction: FORWARDS, fromPosition }),
    refusal: (cause) =>
      after !== 'start' && isPositionRefused(cause) ? new CheckpointNotInLog(after, { cause }) : null,
    wanted: (event) => (after === 'start' || event.position > after) && passes(event, filter),
  });
  return maxCount === Number.MAX_SAFE_INTEGER ? events : firstOf(events, maxCount);
}

async function* firstOf(events: ReadEvents, maxCount: number): ReadEvents {
  // EventStoreDB never answers a read of no events.
  if (maxCount <= 0) return;
  let given = 0;
  for await (const event of events) {
    yield event;
    given += 1;
    if (given >= maxCount) return;
  }
}

/**
 * The event at exactly this position, or null. EventStoreDB refuses to read from a position that is no event's; the
 * embedded store gives the next event.
 *
 * @throws LogUnavailable
 */
export async function readEventAt(
  generations: ClientGenerations,
  silenceMs: number,
  position: bigint,
): Promise<RecordedEvent | null> {
  const fromPosition = { commit: position, prepare: position };
  const events = readEvents({
    generations,
    silenceMs,
    doing: `reading position ${position.toString()}`,
    open: (client) => client.readAll({ direction: FORWARDS, fromPosition, maxCount: 1 }),
    refusal: (cause) => (isPositionRefused(cause) ? new CheckpointNotInLog(position, { cause }) : null),
  });
  try {
    for await (const event of events) return event.position === position ? event : null;
    return null;
  } catch (error) {
    if (error instanceof CheckpointNotInLog) return null;
    throw error;
  }
}

/** Position of the last event in the log, system events included; 0n when it is empty. */
export async function readHead(generations: ClientGenerations, silenceMs: number): Promise<bigint> {
  const events = readEvents({
    generations,
    silenceMs,
    doing: 'reading $all',
    open: (client) => client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }),
  });
  for await (const event of events) return event.position;
  return 0n;
}
