import { CheckpointNotInLog } from '../errors.ts';
import { passes } from '../event-filter.ts';
import type { AllFilter, RecordedEvent } from '../event-log.ts';
import { isPositionRefused } from '../store-faults.ts';
import { ALL, type ReadEvents, type ReadLog } from './watched-read.ts';

const EVERY = Number.MAX_SAFE_INTEGER;

/** Reads the events of a stream in order, from `fromRevision` on; none when the stream does not exist. */
export function readStreamForwards(read: ReadLog, stream: string, fromRevision: bigint): ReadEvents {
  const request = { source: stream, from: fromRevision, maxCount: EVERY };
  return read({ request, doing: `reading ${stream}` });
}

/** Reads the last event of a stream; null when there is none. */
export async function readLastEvent(read: ReadLog, stream: string): Promise<RecordedEvent | null> {
  const request = { source: stream, from: 'end', maxCount: 1 } as const;
  for await (const event of read({ request, doing: `reading ${stream}` })) return event;
  return null;
}

/** Reads `$all` after a position. The client cannot filter a read, so this function applies the filter. */
export function readAllForwards(
  read: ReadLog,
  {
    after,
    filter,
    maxCount,
  }: { readonly after: bigint | 'start'; readonly filter: AllFilter; readonly maxCount: number },
): ReadEvents {
  const events = read({
    doing: 'reading $all',
    request: { source: ALL, from: after, maxCount: EVERY },
    refusal: (cause) =>
      after !== 'start' && isPositionRefused(cause) ? new CheckpointNotInLog(after, { cause }) : null,
    wanted: (event) => (after === 'start' || event.position > after) && passes(event, filter),
  });
  return maxCount === EVERY ? events : firstOf(events, maxCount);
}

async function* firstOf(events: ReadEvents, maxCount: number): ReadEvents {
  // EventStoreDB never answers a read that asks for no events.
  if (maxCount <= 0) return;
  let given = 0;
  for await (const event of events) {
    yield event;
    given += 1;
    if (given >= maxCount) return;
  }
}

/**
 * Reads the event at exactly this position, or null. At a position without an event EventStoreDB refuses the read, and
 * the embedded store returns the next event.
 *
 * @throws LogUnavailable
 */
export async function readEventAt(read: ReadLog, position: bigint): Promise<RecordedEvent | null> {
  const events = read({
    doing: `reading position ${position.toString()}`,
    request: { source: ALL, from: position, maxCount: 1 },
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
export async function readHead(read: ReadLog): Promise<bigint> {
  const request = { source: ALL, from: 'end', maxCount: 1 } as const;
  for await (const event of read({ request, doing: 'reading $all' })) return event.position;
  return 0n;
}
