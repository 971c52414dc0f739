import type { Follower } from './connection.ts';
import type { Page } from '../change-feed/page.ts';

/**
 * Number of statements at the same time. If ten thousand clients return at once, the remaining clients wait for their
 * turns.
 */
const READS_AT_ONCE_MAX = 3;
/**
 * Number of followers whose pages one statement reads, because Postgres needs more time to plan a statement than to
 * read a page.
 */
const FOLLOWERS_A_READ_MAX = 32;
/** Pause before a read that looks for rows which the previous read did not find. */
const READ_AGAIN_MS = 50;

/** A page, or the error of its read. */
export type PageRead = { readonly page: Page } | { readonly error: unknown };

export interface CatchUp {
  /** Queues the follower for the read of its next page. */
  enqueue(follower: Follower): void;
  /** Lets the follower wait for its socket, until `resume`. */
  park(follower: Follower): void;
  resume(follower: Follower): void;
  remove(follower: Follower): void;
  stop(): void;
}

/**
 * Brings subscriptions from the tables to the feed. Subscriptions take turns, one page each, so a subscription with
 * many rows does not delay the other subscriptions.
 */
export function startCatchUp(options: {
  /** Returns the pages in the order of the followers. Never rejects. */
  read: (followers: readonly Follower[]) => Promise<readonly PageRead[]>;
  /** Processes the page and returns the next step for the follower. */
  arrived: (follower: Follower, page: Page) => 'again' | 'later' | 'park' | 'done';
  failed: (follower: Follower, error: unknown) => void;
}): CatchUp {
  const { read, arrived, failed } = options;
  const queue = new Set<Follower>();
  const parked = new Set<Follower>();
  const delayed = new Map<Follower, NodeJS.Timeout>();
  let reading = 0;
  let stopped = false;

  const enqueue = (follower: Follower): void => {
    if (stopped) return;
    queue.add(follower);
    work();
  };
  const work = (): void => {
    while (reading < READS_AT_ONCE_MAX) {
      const followers: Follower[] = [];
      for (const follower of queue) {
        if (followers.length >= FOLLOWERS_A_READ_MAX) break;
        followers.push(follower);
        queue.delete(follower);
      }
      if (followers.length === 0) return;
      reading += 1;
      void turn(followers).finally(() => {
        reading -= 1;
        work();
      });
    }
  };
  const turn = async (followers: readonly Follower[]): Promise<void> => {
    const rounds = followers.map(({ round }) => round);
    const outcomes = await read(followers);
    for (const [index, follower] of followers.entries()) {
      if (stopped || follower.round !== rounds[index]) continue;
      const outcome = outcomes[index]!;
      if ('error' in outcome) failed(follower, outcome.error);
      else proceed(follower, outcome.page);
    }
  };
  const proceed = (follower: Follower, page: Page): void => {
    const next = arrived(follower, page);
    if (next === 'again') queue.add(follower);
    else if (next === 'park') parked.add(follower);
    else if (next === 'later') delay(follower);
  };
  const delay = (follower: Follower): void => {
    const timer = setTimeout(() => {
      delayed.delete(follower);
      enqueue(follower);
    }, READ_AGAIN_MS);
    delayed.set(follower, timer);
  };
  const remove = (follower: Follower): void => {
    queue.delete(follower);
    parked.delete(follower);
    clearTimeout(delayed.get(follower));
    delayed.delete(follower);
  };
  return {
    enqueue,
    park: (follower) => void parked.add(follower),
    resume: (follower) => {
      if (parked.delete(follower)) enqueue(follower);
    },
    remove,
    stop: () => {
      stopped = true;
      for (const follower of [...queue, ...parked, ...delayed.keys()]) remove(follower);
    },
  };
}
