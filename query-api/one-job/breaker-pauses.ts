import type { BreakerPause } from '../../conversion-job/recorded.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { understandEvent } from '../../schemas/event-versions.ts';
import { GATEWAY_STREAM } from '../../schemas/streams.ts';

/** Transitions read for one explanation; a breaker that flaps more than this is explained by its first ones. */
const TRANSITIONS_MAX = 500;

/**
 * When claiming was paused by circuit breakers from `from` until `isPast` says that an event is after the moment.
 * The stream can be long, so its beginning is found by halving: about 20 single reads in a million transitions.
 *
 * @param from ISO 8601; a pause that was open then is included
 * @throws LogUnavailable, EventNotUnderstood
 */
export async function breakerPauses(
  log: Pick<EventLog, 'readStream' | 'readLast'>,
  from: string,
  isPast: (event: { position: bigint; at: string }) => boolean,
): Promise<BreakerPause[]> {
  const last = await log.readLast(GATEWAY_STREAM);
  if (last === null) return [];
  const pauses: BreakerPause[] = [];
  let read = 0;
  const first = await firstSince(log, from, last.revision);
  for await (const recorded of log.readStream(GATEWAY_STREAM, first > 0n ? first - 1n : 0n)) {
    const event = understandEvent(recorded);
    if (event.type !== 'GatewayPaused' && event.type !== 'GatewayResumed') continue;
    const { at, processorId } = event.data;
    if (isPast({ position: recorded.position, at }) || (read += 1) > TRANSITIONS_MAX) break;
    const open = pauses.findIndex((pause) => pause.processorId === processorId && pause.resumedAt === null);
    if (open >= 0) pauses[open] = { ...pauses[open]!, resumedAt: at };
    if (event.type === 'GatewayPaused') {
      const { failures, lastCode } = event.data;
      pauses.push({ processorId, pausedAt: at, resumedAt: null, failures, lastCode });
    }
  }
  return pauses.filter(({ resumedAt }) => resumedAt === null || resumedAt >= from);
}

/** Revision of the first transition at or after an instant, `last + 1n` when there is none. */
async function firstSince(log: Pick<EventLog, 'readStream'>, from: string, last: bigint): Promise<bigint> {
  let low = 0n;
  let high = last + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const recorded = await oneAt(log, middle);
    const at = recorded ? (recorded.data as { at?: string }).at : undefined;
    if (at !== undefined && at < from) low = middle + 1n;
    else high = middle;
  }
  return low;
}

async function oneAt(log: Pick<EventLog, 'readStream'>, revision: bigint): Promise<RecordedEvent | null> {
  for await (const recorded of log.readStream(GATEWAY_STREAM, revision)) return recorded;
  return null;
}
