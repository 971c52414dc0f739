import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointNotInLog } from '../errors.ts';
import type { EventLog, Following, FollowOptions } from '../event-log.ts';
import { passes } from '../event-filter.ts';
import type { OutageLog } from '../../runtime/log/outage-log.ts';
import type { RingItem } from './event-ring.ts';
import type { LiveTail, TailReader, TailSession } from './live-tail.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

/** The wait before a new try of a reader that failed. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** After a reader ran this long, the next failure begins again with the shortest wait. */
const HEALTHY_AFTER_MS = 10_000;

export interface TailReaderParts {
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly options: FollowOptions;
  readonly outage: OutageLog;
}

/** The place of a reader: it has received everything up to `position`. */
interface Place {
  position: bigint | 'start';
}

/** The next item that a reader takes from the ring of a session. */
interface RingPlace {
  readonly session: TailSession;
  next: number;
}

/** The callbacks that the tail calls, and the news that they have collected for the reader. */
interface Told {
  readonly reader: TailReader;
  /** Tells the tail which item of a session the reader takes next; null while the reader reads from the log. */
  standAt(place: RingPlace | null): void;
  /** Resolves at the next call of `wake`. */
  woken(): Promise<void>;
  /** Returns the reason when the subscription broke since the last call; otherwise null. */
  takeCause(): Error | null;
}

/**
 * Runs one reader of the shared tail, with its own checkpoint and pace. For each session it first calls `after()`,
 * which compares the log with the reader's checkpoint. Then it reads from the log the events that the ring no longer
 * holds. Nobody waits for a slow reader. When the ring drops items that the reader still needs, the reader uses the
 * log until it catches up.
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
      await deliver(parts, session, place, { told, stop }).finally(() => told.standAt(null));
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
        // Only a new checkpoint can help, so even the first wait is the longest wait.
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
  let place: RingPlace | null = null;
  return {
    standAt: (now) => {
      place = now;
    },
    reader: {
      wake: () => wake(),
      next: (session) => (place?.session === session ? place.next : null),
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

/** Gives the reader the items of the ring, until the session is over or the ring has dropped the next item. */
async function deliver(
  { options, outage }: TailReaderParts,
  session: TailSession,
  place: Place,
  { told, stop }: { readonly told: Told; readonly stop: AbortSignal },
): Promise<void> {
  const { ring } = session;
  const from = place.position === 'start' ? -1n : place.position;
  const here: RingPlace = { session, next: ring.firstAfter(from) };
  told.standAt(here);
  let isTold = false;
  while (!isOver(session, stop)) {
    const item = ring.at(here.next);
    if (item === 'gone') return;
    if (item === null) {
      if (session.isLive && !isTold) {
        isTold = true;
        outage.worked();
        await options.onCaughtUp?.();
      } else await told.woken();
      continue;
    }
    here.next = item.sequence + 1;
    // The events that `catchUp` reads can be ahead of the subscription.
    if (item.position <= from) continue;
    const handled = give(item, options);
    // An `await` of a handler without a promise would take more time than most handlers.
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

/** True when the ring holds everything after the place. */
function isWithin({ ring }: TailSession, { position }: Place): boolean {
  return position !== 'start' && position >= ring.reachesBackTo();
}

/**
 * Reads from the place to the end of the log, unless the ring holds all missing events. The session began before this
 * read. So the read reaches at least the position where the session began.
 *
 * @throws CheckpointNotInLog, LogUnavailable, and the consumer's errors
 */
async function catchUp(
  { log, options }: TailReaderParts,
  session: TailSession,
  place: Place,
  stop: AbortSignal,
): Promise<void> {
  const { ring, begin } = session;
  if (place.position !== 'start' && isWithin(session, place) && place.position <= ring.newest()) return;
  // All events up to this position were in the log before the read began, in whatever stream.
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
