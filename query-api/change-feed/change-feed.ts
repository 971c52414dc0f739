import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import { untilTick } from '../../runtime/process-tick.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { readHead } from '../tables/projection-head.ts';
import type { ReadPage } from './page-reader.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import type { ChangedRow } from './page.ts';

/** While a socket or a request waits for changes, a lost notification delays the feed by no more than this. */
const POLL_MS = 1_000;
/** While nobody waits, a lost notification delays the feed by no more than this (ADR 0210). */
const IDLE_POLL_MS = 30_000;
/** The interval before the tables exist. It is short, because a first start makes the tables within a second. */
const FIRST_POLL_MS = 100;
/** Number of rows in one read. The feed reads further rows in further pages. */
const FEED_ROWS_MAX = 2_000;
/** The most requests that may wait for a position at the same time. */
const WAITERS_MAX = 1_000;

export interface FeedListener {
  /** False lets the feed skip the rows and track only the position. */
  wanted(): boolean;
  /** Receives all rows that changed up to `to`. The feed has then passed on every change up to `to`. */
  changed(rows: readonly ChangedRow[], to: bigint): void;
  /** The tables were replaced, so everything that was sent earlier is invalid. */
  switched(at: Bookmark): void;
}

interface Waiter {
  readonly position: bigint;
  readonly settle: (reached: boolean) => void;
}

/** Follows the read tables. One query per wake-up reads all changed rows, for any number of sockets. */
export function startChangeFeed(options: {
  store: Queryable;
  readPage: ReadPage;
  listener: FeedListener;
  log: Log;
}) {
  const { store, readPage, listener, log } = options;
  const outage = outageLog(log, 'the read tables cannot be followed');
  const waiters = positionWaiters();
  const nap = interruptibleWait();
  let place: Bookmark | null = null;
  let isHealthy = false;
  let stopped = false;
  let awake = true;
  let isIdle = false;

  const moveTo = (next: Bookmark): void => {
    place = next;
    waiters.movedTo(next.position);
  };

  const look = tableLook({ store, readPage, listener, at: () => place, moveTo });
  const pauseMs = (): number => {
    if (place === null) return FIRST_POLL_MS;
    const isWaitedFor = !isHealthy || listener.wanted() || waiters.size() > 0;
    return isWaitedFor ? POLL_MS : IDLE_POLL_MS;
  };

  const follow = async (): Promise<void> => {
    while (!stopped) {
      awake = false;
      try {
        while (!stopped && (await look()));
        outage.worked();
        isHealthy = true;
      } catch (error) {
        outage.failed(error);
        isHealthy = false;
      }
      const pause = pauseMs();
      isIdle = pause === IDLE_POLL_MS;
      if (!awake && !stopped) await nap.sleep(untilTick(pause));
    }
  };

  /** Makes the feed read the tables soon. */
  const wake = (): void => {
    awake = true;
    nap.end();
  };
  /** Ends a long pause of the feed, because somebody waits for changes from now on. */
  const hurry = (): void => {
    if (isIdle) wake();
  };
  const following = follow();
  return {
    /** The position up to which all listeners have received all rows; null before the first read of the tables. */
    at: () => place,
    /** True when the last read of the tables succeeded. In a long pause, the question makes the feed read again. */
    healthy: () => {
      hurry();
      return isHealthy;
    },
    wake,
    hurry,
    /** Resolves true when the tables have reached a position, false after `maxMs`. */
    reached: (position: bigint, maxMs: number) => {
      if (place !== null && place.position >= position) return Promise.resolve(true);
      if (stopped) return Promise.resolve(false);
      hurry();
      return waiters.reached(position, maxMs);
    },
    stop: async () => {
      stopped = true;
      awake = true;
      nap.end();
      waiters.giveUp();
      await following;
    },
  };
}

/** The only reader of table changes in this process. */
export type ChangeFeed = ReturnType<typeof startChangeFeed>;

/** Returns a function that reads the tables once. It resolves to true when there is more to read. */
function tableLook(parts: {
  readonly store: Queryable;
  readonly readPage: ReadPage;
  readonly listener: FeedListener;
  readonly at: () => Bookmark | null;
  readonly moveTo: (next: Bookmark) => void;
}): () => Promise<boolean> {
  const { store, readPage, listener, at, moveTo } = parts;
  return async () => {
    const place = at();
    if (place === null || !listener.wanted()) {
      const head = await readHead(store);
      if (place !== null && (head.epoch !== place.epoch || head.position < place.position)) {
        moveTo(head);
        listener.switched(head);
        return false;
      }
      // A listener that joined during the read of the head may need the rows up to the head.
      if (place !== null && listener.wanted()) return true;
      moveTo(head);
      return false;
    }
    const page = await readPage({ kind: 'everyone' }, place.position, FEED_ROWS_MAX);
    if (page.epoch !== place.epoch || page.head < place.position) {
      const head = { epoch: page.epoch, position: page.head };
      moveTo(head);
      listener.switched(head);
      return false;
    }
    const to = page.more ? (page.rows.at(-1)?.position ?? page.head) : page.head;
    if (page.rows.length > 0) listener.changed(page.rows, to);
    moveTo({ epoch: page.epoch, position: to });
    return page.more;
  };
}

/** Requests that wait until the tables have reached a position; at most `WAITERS_MAX` of them. */
function positionWaiters() {
  const waiters = new Set<Waiter>();
  return {
    size: (): number => waiters.size,
    movedTo: (position: bigint): void => {
      for (const waiter of waiters) if (position >= waiter.position) waiter.settle(true);
    },
    giveUp: (): void => {
      for (const waiter of waiters) waiter.settle(false);
    },
    /** Resolves true when the position is reached, false after `maxMs` or when too many wait. */
    reached: (position: bigint, maxMs: number): Promise<boolean> => {
      if (waiters.size >= WAITERS_MAX) return Promise.resolve(false);
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter.settle(false), maxMs);
        const waiter: Waiter = {
          position,
          settle: (reached) => {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(reached);
          },
        };
        waiters.add(waiter);
      });
    },
  };
}

/** A wait that a call can end early. */
function interruptibleWait() {
  let end: () => void = () => undefined;
  return {
    sleep: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: (): void => end(),
  };
}
