import type { Queryable } from '../../read-store/pool.ts';
import type { Moment } from '../../schemas/moment.ts';

/** A past moment as the dashboard needs it: its position in the log, and its time. */
export interface PastMoment {
  /** The last position at or before the moment; -1 when there was none. */
  readonly position: bigint;
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string;
}

/**
 * The time span of the first look-up. Each further look-up spans sixteen times as much, because the index covers
 * blocks.
 */
const FIRST_REACH_MS = 3_600_000n;
const FIRST_REACH_POSITIONS = 1_000_000n;
const FURTHER = 16n;

/**
 * Finds a moment in the timeline. For an instant, the moment's position is the last position of an event that was
 * decided up to the instant. For a position, the moment's time is the instant at which the event at the position was
 * decided. A future moment means now.
 * @param now ISO 8601 in UTC with milliseconds
 * @throws ReadStoreUnavailable
 */
export async function findMoment(store: Queryable, moment: Moment, now: string): Promise<PastMoment> {
  if (moment.kind === 'time') {
    const at = moment.at < now ? moment.at : now;
    const position = await lastPosition(store, at);
    return { position: position ?? -1n, at };
  }
  return { position: moment.position, at: (await lastInstant(store, moment.position)) ?? now };
}

/** The last position of an event dated at or before an instant, or null. */
export async function lastPosition(store: Queryable, at: string): Promise<bigint | null> {
  const toMs = BigInt(Date.parse(at));
  for (let reachMs = FIRST_REACH_MS; ; reachMs *= FURTHER) {
    const from = reachMs >= toMs ? '-infinity' : new Date(Number(toMs - reachMs)).toISOString();
    const { rows } = await store.query<{ position: string | null }>(
      'select max(position)::text as position from docket.job_events where at <= $1 and at > $2',
      [at, from],
    );
    const found = rows[0]?.position ?? null;
    if (found !== null || from === '-infinity') return found === null ? null : BigInt(found);
  }
}

async function lastInstant(store: Queryable, position: bigint): Promise<string | null> {
  for (let reach = FIRST_REACH_POSITIONS; ; reach *= FURTHER) {
    const from = reach > position ? -1n : position - reach;
    const { rows } = await store.query<{ at: Date | null }>(
      'select max(at) as at from docket.job_events where position <= $1 and position > $2',
      [position.toString(), from.toString()],
    );
    const found = rows[0]?.at ?? null;
    if (found !== null || from < 0n) return found?.toISOString() ?? null;
  }
}
