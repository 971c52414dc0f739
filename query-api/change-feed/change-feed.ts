import type { Log } from '../../runtime/log.ts';
import { outageLog } from '../../runtime/outage-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { readHead } from '../tables/projection-head.ts';
import type { ReadPage } from './page-reader.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import type { ChangedRow } from './page.ts';

/** A lost notification is noticed after this. */
const POLL_MS = 1_000;
/** The same before the tables exist: a first start makes them within a second. */
const FIRST_POLL_MS = 100;
/** Rows read at once; more are read in further pages. */
const FEED_ROWS_MAX = 2_000;
/** Requests that may wait for a position at the same time. */
const WAITERS_MAX = 1_000;

export interface FeedListener {
  /** False lets the feed skip the rows and follow the position alone. */
  wanted(): boolean;
  /** All rows that changed up to `to`; the feed is complete up to there. */
  changed(rows: readonly ChangedRow[], to: bigint): void;
  /** The tables are other ones now: what was sent before means nothing. */
  switched(at: Bookmark): void;
}

/** The one follower of the read tables in this process. */
export interface ChangeFeed {
  /** The position up to which listeners have been told everything; null before the tables were first read. */
  at(): Bookmark | null;
  /** Whether the last look at the tables succeeded. */
  healthy(): boolean;
  /** Makes the feed read soon. */
  wake(): void;
  /** Resolves true when the tables have reached a position, false after `maxMs`. */
  reached(position: bigint, maxMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

interface Waiter {
  readonly position: bigint;
  readonly settle: (reached: boolean) => void;
}

/** Follows the read tables: one query a wake-up for all rows that changed, however many sockets there are. */
export function startChangeFeed(options: {
  store: Queryable;
  readPage: ReadPage;
  listener: FeedListener;
  log: Log;
}): ChangeFeed {
  const { store, readPage, listener, log } = options;
  const outage = outageLog(log, 'the read tables cannot be followed');
  const waiters = positionWaiters();
  const nap = wakeableNap();
  let place: Bookmark | null = null;
  let isHealthy = false;
  let stopped = false;
  let awake = true;

  const moveTo = (next: Bookmark): void => {
    place = next;
    waiters.movedTo(next.position);
  };

  /** One look; true when there is more to read. */
  const look = async (): Promise<boolean> => {
    if (place === null || !listener.wanted()) {
      const head = await readHead(store);
      if (place !== null && (head.epoch !== place.epoch || head.position < place.position)) {
        moveTo(head);
        listener.switched(head);
        return false;
      }
      // Somebody joined while the head was read: the rows up to it may be theirs.
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
      if (!awake && !stopped) await nap.sleep(place === null ? FIRST_POLL_MS : POLL_MS);
    }
  };

  const following = follow();
  return {
    at: () => place,
    healthy: () => isHealthy,
    wake: () => {
      awake = true;
      nap.end();
    },
    reached: (position, maxMs) => {
      if (place !== null && place.position >= position) return Promise.resolve(true);
      return stopped ? Promise.resolve(false) : waiters.reached(position, maxMs);
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

/** Requests that wait until the tables have reached a position; at most `WAITERS_MAX` of them. */
function positionWaiters() {
  const waiters = new Set<Waiter>();
  return {
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

/** A wait that somebody may end before its time. */
function wakeableNap() {
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
