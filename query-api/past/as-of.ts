import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { Moment } from '../../schemas/moment.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import type { ChangeFeed } from '../change-feed/change-feed.ts';
import { lastPosition } from './past-moment.ts';
import { BEFORE_EVERYTHING } from '../change-feed/page.ts';
import { readHead } from '../tables/projection-head.ts';

/** Longest wait for tables that are behind the requested moment. */
const BEHIND_WAIT_MS = 5_000;
const BEHIND_RETRY_SEC = 1;
/** The data from which a moment is resolved. */
export interface AsOfSources {
  readonly store: Queryable;
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly feed: Pick<ChangeFeed, 'reached'>;
}

/**
 * The position of a past moment, once the tables are complete up to it. A time means the last position whose event is
 * dated (`at`) at or before it. -1 means before every event.
 * @throws ApiError BAD_REQUEST for a position beyond the log's end, UNAVAILABLE when the tables are behind for 5 s
 * @throws ReadStoreUnavailable, LogUnavailable
 */
async function positionAsOf(sources: AsOfSources, moment: Moment): Promise<bigint> {
  const { log } = sources;
  if (moment.kind === 'position') {
    if (moment.position > (await log.head()))
      throw new ApiError('BAD_REQUEST', 'The log has not reached this position yet.');
    await completeUpTo(sources, moment.position);
    return moment.position;
  }
  // Tables with a later event are complete for this moment. Other tables must first catch up.
  if (!(await isFollowed(sources.store, moment.at))) await completeUpTo(sources, null);
  return (await lastPosition(sources.store, moment.at)) ?? BEFORE_EVERYTHING;
}

/**
 * The position of `?asOf=`; null for the present.
 * @throws as `positionAsOf`
 */
export async function pastOf(sources: AsOfSources, moment: Moment | undefined): Promise<bigint | null> {
  return moment === undefined ? null : positionAsOf(sources, moment);
}

/** Waits until the tables have every relevant event up to `position` (null: the log's end). */
async function completeUpTo({ store, log, feed }: AsOfSources, position: bigint | null): Promise<void> {
  const deadline = performance.now() + BEHIND_WAIT_MS;
  for (;;) {
    const head = await readHead(store);
    if (position !== null && head.position >= position) return;
    const missing = await firstAfter(log, head.position);
    if (missing === null || (position !== null && missing > position)) return;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0 || !(await feed.reached(missing, leftMs)))
      throw new ApiError('UNAVAILABLE', 'The queue has not caught up with this moment yet; try again soon.', {
        retryAfterSec: BEHIND_RETRY_SEC,
      });
  }
}

async function firstAfter(log: Pick<EventLog, 'readAll'>, position: bigint): Promise<bigint | null> {
  const after = position < 0n ? 'start' : position;
  for await (const event of log.readAll(after, { streamPrefixes: FOLLOWED_STREAM_PREFIXES }, 1))
    return event.position;
  return null;
}

/**
 * True when the tables have an event dated later. The last event nearly always proves this, and its look-up costs the
 * same for any number of events.
 */
async function isFollowed(store: Queryable, at: string): Promise<boolean> {
  const { rows } = await store.query<{ followed: boolean }>(
    `select coalesce((select updated_at from docket.jobs order by position desc limit 1) > $1, false)
       or exists (select from docket.job_events where at > $1) as followed`,
    [at],
  );
  return rows[0]?.followed === true;
}
