import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointNotInLog } from '../errors.ts';
import type { EventLog, Following, FollowOptions } from '../event-log.ts';
import { passes } from '../event-filter.ts';
import type { OutageLog } from '../../runtime/outage-log.ts';
import type { RingItem } from './event-ring.ts';
import type { LiveTail, TailReader, TailSession } from './live-tail.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

/** The wait before a reader that failed begins again. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** A reader that ran this long was healthy: the next failure begins with the shortest wait again. */
const HEALTHY_AFTER_MS = 10_000;

export interface TailReaderParts {
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly options: FollowOptions;
  readonly outage: OutageLog;
}

/** Where a reader stands: everything up to `position` has been given to it. */
interface Place {
  position: bigint | 'start';
}

/** The reader as the tail sees it, and what the tail told it. */
interface Told {
  readonly reader: TailReader;
  /** Resolves at the next wake. */
  woken(): Promise<void>;
  /** Why the subscription broke since this was asked last; null when it did not. */
  takeCause(): Error | null;
}

/**
 * One reader of the shared tail, with its own checkpoint and pace. Before it takes its place in a session it asks
 * `after()`, which compares the log with what the reader has, and reads what the ring does not reach back to. Nobody waits
 * for a slow one: when the ring has gone past it, it reads by itself until it is back.
 */
export function startTailReader(parts: TailReaderParts): Following {
  const { tail, options, outage } = parts;
  const stopping = new AbortController();
  const stop = stopping.signal;
  const told = openTold();

  const runOnce = async (): Promise<void> => {
    const cause = told.takeCause();
    if (cause !== null) options.onInterrupted?.(cause);
    const session = tail.session();
    if (session === null) return told.woken();
    const place: Place = { position: await options.after() };
    if (!isOver(session, stop)) await catchUp(parts, session, place, stop);
    if (!isOver(session, stop) && isWithin(session, place))
      await deliver(parts, session, place, { told, stop });
  };
  const ended = (async () => {
    let failures = 0;
    while (!stop.aborted) {
      const startedMs = performance.now();
      try {
        await runOnce();
      } catch (error) {
        if (stop.aborted) return;
        if (performance.now() - startedMs > HEALTHY_AFTER_MS) failures = 0;
        const failure = error instanceof Error ? error : new Error(String(error));
        outage.failed(failure);
        options.onInterrupted?.(failure);
        // Nothing but a new checkpoint helps, so the wait is the longest at once.
        failures = failure instanceof CheckpointNotInLog ? Infinity : failures + 1;
        const waitMs = backoffDelayMs(BACKOFF, failures, Math.random());
        await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  })();
  tail.join(told.reader);
  return {
    stop: async () => {
      stopping.abort();
      told.reader.wake();
      await ended;
      await tail.leave(told.reader);
    },
  };
}

function openTold(): Told {
  let wake = (): void => undefined;
  let cause: Error | null = null;
  return {
    reader: {
      wake: () => wake(),
      interrupted: (why) => {
        cause = why;
        wake();
      },
    },
    woken: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    takeCause: () => {
      const taken = cause;
      cause = null;
      return taken;
    },
  };
}

function isOver(session: TailSession, stop: AbortSignal): boolean {
  return session.isOver || stop.aborted;
}

/** Gives the reader what comes through the ring, until the session is over or the ring has gone past the reader. */
async function deliver(
  { options, outage }: TailReaderParts,
  session: TailSession,
  place: Place,
  { told, stop }: { readonly told: Told; readonly stop: AbortSignal },
): Promise<void> {
  const { ring } = session;
  const from = place.position === 'start' ? -1n : place.position;
  let next = ring.firstAfter(from);
  let isTold = false;
  while (!isOver(session, stop)) {
    const item = ring.at(next);
    if (item === 'gone') return;
    if (item === null) {
      if (session.isLive && !isTold) {
        isTold = true;
        outage.worked();
        await options.onCaughtUp?.();
      } else await told.woken();
      continue;
    }
    next = item.sequence + 1;
    // The reader's own read can be ahead of the subscription.
    if (item.position <= from) continue;
    const handled = give(item, options);
    // A turn of the queue for each event of each reader would cost more than most of them do.
    if (handled !== undefined) await handled;
  }
}

function give({ event, position }: RingItem, options: FollowOptions): Promise<void> | undefined {
  const handled =
    event === null
      ? options.onCheckpoint?.(position)
      : passes(event, options.filter)
        ? options.onEvent(event)
        : undefined;
  return handled instanceof Promise ? handled : undefined;
}

/** Everything after the place is in the ring. */
function isWithin({ ring }: TailSession, { position }: Place): boolean {
  return position !== 'start' && position >= ring.reachesBackTo();
}

/**
 * Reads from the place to the end of the log, unless the ring holds all that is missing. The read begins after the
 * session did, so that it ends at or behind the place where the session began.
 *
 * @throws CheckpointNotInLog, LogUnavailable, and what the consumer throws
 */
async function catchUp(
  { log, options }: TailReaderParts,
  session: TailSession,
  place: Place,
  stop: AbortSignal,
): Promise<void> {
  const { ring, begin } = session;
  if (place.position !== 'start' && isWithin(session, place) && place.position <= ring.newest()) return;
  // All of it was in the log before the read began, whatever streams it is of.
  const covered = ring.newest() > begin ? ring.newest() : begin;
  for await (const event of log.readAll(place.position, options.filter)) {
    if (stop.aborted) return;
    await options.onEvent(event);
    place.position = event.position;
  }
  if (place.position === 'start' || place.position < covered) {
    place.position = covered;
    if (covered > 0n) await options.onCheckpoint?.(covered);
  } else if (place.position > ring.newest() && place.position > (await log.head()))
    throw new CheckpointNotInLog(place.position);
}
