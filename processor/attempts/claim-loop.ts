import type { Log } from '../../runtime/log.ts';
import { AttemptCut } from './attempt.ts';
import type { ClaimedItem, WorkList } from '../work-list/work-list.ts';

/** How long a reservation holds before the list offers the job again; longer than two answers of a slow log. */
const RESERVE_MS = 30_000;

/** An attempt under way in this processor. */
export interface RunningAttempt {
  readonly jobId: string;
  readonly startedMs: number;
  /** Null until the lease is in the log. */
  fencingToken: string | null;
  readonly cut: AbortController;
}

export interface ClaimLoop {
  /** There may be work, or room: look now. */
  nudge(): void;
  running(): readonly RunningAttempt[];
  /** The last claim was filled: more jobs wait than there are workers, so no worker waits for the next one. */
  isBacklogged(): boolean;
  /** No new claims from now on; resolves when the claim under way, if any, is done. */
  close(): Promise<void>;
  /** Resolves when nothing runs any more, or after `ms`. */
  drained(ms: number): Promise<boolean>;
}

export interface ClaimLoopParts {
  readonly list: Pick<WorkList, 'claim' | 'release' | 'takePermits' | 'returnPermits'>;
  readonly workerId: string;
  /** How many more may be claimed while so many run. */
  readonly room: (running: number) => number;
  /** Jobs a second over all processors, or undefined for no limit. */
  readonly maxRate: number | undefined;
  readonly run: (item: ClaimedItem, attempt: RunningAttempt) => Promise<void>;
  /** Told what went wrong, and null when claiming works again. */
  readonly onTrouble: (trouble: unknown) => void;
  readonly logger: Log;
}

/**
 * Claims as many jobs as there is room for, one statement at a time: the room that comes free while a claim is under
 * way is filled by the next one, so under load a claim takes several jobs.
 */
export function startClaimLoop(parts: ClaimLoopParts): ClaimLoop {
  const running = new Map<string, RunningAttempt>();
  let closed = false;
  let mayHaveWork = true;
  let backlogged = false;
  let lookAgain = false;
  let looking: Promise<void> | null = null;
  let whenIdle: (() => void) | null = null;
  let permitTimer: NodeJS.Timeout | undefined;

  const start = (item: ClaimedItem): void => {
    const { jobId } = item;
    const attempt = { jobId, startedMs: performance.now(), fencingToken: null, cut: new AbortController() };
    running.set(jobId, attempt);
    void parts
      .run(item, attempt)
      .catch(parts.onTrouble)
      .finally(() => {
        running.delete(jobId);
        if (running.size === 0) whenIdle?.();
        if (mayHaveWork) look();
      });
  };

  const claimOnce = async (): Promise<void> => {
    const room = parts.room(running.size);
    if (room <= 0) return;
    const permits = await permitted(room);
    if (permits <= 0) return;
    mayHaveWork = false;
    const items = await parts.list.claim(parts.workerId, permits, RESERVE_MS);
    if (parts.maxRate !== undefined && items.length < permits)
      await parts.list.returnPermits(permits - items.length);
    backlogged = items.length === permits;
    if (backlogged) mayHaveWork = true;
    // A job cannot run twice here: a second reservation of one that is still ending waits for its turn.
    const again = items.filter((item) => closed || running.has(item.jobId)).map((item) => item.jobId);
    if (again.length > 0) await parts.list.release(parts.workerId, again);
    for (const item of items) if (!again.includes(item.jobId)) start(item);
    if (mayHaveWork) lookAgain = true;
  };

  const permitted = async (room: number): Promise<number> => {
    if (parts.maxRate === undefined) return room;
    const { granted, waitMs } = await parts.list.takePermits(room, parts.maxRate);
    if (granted < room) {
      clearTimeout(permitTimer);
      permitTimer = setTimeout(look, waitMs);
    }
    return granted;
  };

  const look = (): void => {
    lookAgain = true;
    if (looking !== null || closed) return;
    looking = (async () => {
      while (lookAgain && !closed) {
        lookAgain = false;
        await claimOnce();
      }
    })()
      .then(() => parts.onTrouble(null), parts.onTrouble)
      .finally(() => {
        looking = null;
        // A nudge that came after the last look and before this line.
        if (lookAgain) look();
      });
  };

  return {
    nudge: () => {
      mayHaveWork = true;
      look();
    },
    isBacklogged: () => backlogged,
    running: () => [...running.values()],
    close: async () => {
      closed = true;
      clearTimeout(permitTimer);
      await looking;
    },
    drained: (ms) => {
      if (running.size === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        whenIdle = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}

/** Ends every running attempt; each records that it was abandoned. */
export function cutAll(loop: ClaimLoop, why: AttemptCut['why'] = 'shutdown'): void {
  for (const attempt of loop.running()) attempt.cut.abort(new AttemptCut(why));
}
