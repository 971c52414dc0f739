import type { Log } from '../../runtime/log.ts';
import { AttemptCut } from './attempt.ts';
import { attemptPace, claimsAhead } from './claims-ahead.ts';
import type { ClaimedItem, WorkList } from '../work-list/work-list.ts';

/** How claims are held until they are begun. */
export interface Holding {
  /** How long a reservation holds before the list offers the job again; longer than two slow appends. */
  readonly reserveMs: number;
  /** Claims ahead are so many as the workers need within this time: nobody is overtaken for longer. */
  readonly aheadMs: number;
  /** A claim that was not begun for so long goes back to the list. */
  readonly holdMs: number;
}

/** `aheadMs` is the age that a ranking of the list may have as well (`work-list/claims.ts`). */
const HOLDING: Holding = { reserveMs: 30_000, aheadMs: 100, holdMs: 1_000 };
/** A claim is begun in this part of its reservation; the rest is for recording the start. */
const SURE_PART = 0.5;
/** Claims ahead are made when no more than this part of them is left, so that one statement makes several. */
const REFILL_PART = 0.5;

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
  /**
   * Begins a job that the list does not have yet, when a worker is free and no other job is known to wait; otherwise null.
   * Answers how its row says that it is taken.
   */
  beginAtOnce(item: ClaimedItem): { readonly workerId: string; readonly reserveMs: number } | null;
  /** Gives back every claim that is not begun, those under way too: what they know may be of another log. */
  giveBack(): void;
  /** No new claims from now on; resolves when those not begun are given back. */
  close(): Promise<void>;
  /** Resolves when nothing runs any more, or after `ms`. */
  drained(ms: number): Promise<boolean>;
}

export interface ClaimLoopParts {
  readonly list: Pick<WorkList, 'claim' | 'release' | 'takePermits' | 'returnPermits'>;
  readonly workerId: string;
  /** How many more may be begun while so many run. */
  readonly room: (running: number) => number;
  /** Most claims that may wait for a worker now; 0 when none may. */
  readonly aheadMax: () => number;
  /** Jobs a second over all processors, or undefined for no limit. */
  readonly maxRate: number | undefined;
  readonly run: (item: ClaimedItem, attempt: RunningAttempt) => Promise<void>;
  /** Told what went wrong, and null when claiming works again. */
  readonly onTrouble: (trouble: unknown) => void;
  readonly logger: Log;
  readonly holding?: Holding;
  readonly createAhead?: typeof claimsAhead;
}

/**
 * Claims as many jobs as there are free workers, one statement at a time. Workers that become free meanwhile are served
 * by the next statement. While more jobs wait than there are workers, it claims some ahead of need. So a free worker
 * does not wait for a statement, and one statement claims several jobs (ADR 0180).
 */
export function startClaimLoop(parts: ClaimLoopParts): ClaimLoop {
  const { reserveMs, aheadMs, holdMs } = parts.holding ?? HOLDING;
  const ahead = (parts.createAhead ?? claimsAhead)({ holdMs, sureMs: reserveMs * SURE_PART });
  const pace = attemptPace();
  const running = new Map<string, RunningAttempt>();
  let closed = false;
  let mayHaveWork = true;
  let backlogged = false;
  let lookAgain = false;
  let looking: Promise<void> | null = null;
  let whenIdle: (() => void) | null = null;
  let permitTimer: NodeJS.Timeout | undefined;
  let overdueTimer: NodeJS.Timeout | undefined;
  /** Grows when claims are given back: a claim that was asked for before that goes back as well. */
  let era = 0;

  const start = (item: ClaimedItem): void => {
    const { jobId } = item;
    const attempt = { jobId, startedMs: performance.now(), fencingToken: null, cut: new AbortController() };
    running.set(jobId, attempt);
    void parts
      .run(item, attempt)
      .catch(parts.onTrouble)
      .finally(() => {
        running.delete(jobId);
        pace.ended(performance.now() - attempt.startedMs);
        beginHeld();
        if (running.size === 0) whenIdle?.();
        if (mayHaveWork) look();
      });
  };

  const beginHeld = (): void => {
    while (!closed && ahead.size() > 0 && parts.room(running.size) > 0) {
      const item = ahead.next();
      if (item === null) return;
      start(item);
    }
  };

  const release = (jobIds: readonly string[]): Promise<void> =>
    jobIds.length === 0 ? Promise.resolve() : parts.list.release(parts.workerId, jobIds);

  /** Held claims that nobody begins go back to the list; what it does not answer lapses there by itself. */
  const watchOverdue = (): void => {
    if (overdueTimer !== undefined || ahead.size() === 0) return;
    overdueTimer = setTimeout(() => {
      overdueTimer = undefined;
      const jobIds = ahead.overdue();
      if (jobIds.length > 0) pace.forget();
      release(jobIds).catch(parts.onTrouble);
      watchOverdue();
    }, holdMs / 2);
  };

  /** How many to claim now: for every free worker, and ahead of need once few of those claims are left. */
  const wanted = (): number => {
    const room = Math.max(0, parts.room(running.size));
    const workers = running.size + room;
    const depth = backlogged ? Math.min(parts.aheadMax(), pace.endingWithin(aheadMs, workers)) : 0;
    if (room > 0) return room + depth;
    return ahead.size() <= depth * REFILL_PART ? depth - ahead.size() : 0;
  };

  const claimOnce = async (): Promise<void> => {
    beginHeld();
    const most = wanted();
    if (most <= 0) return;
    const permits = await permitted(most);
    if (permits <= 0) return;
    mayHaveWork = false;
    const askedIn = era;
    const askedAtMs = performance.now();
    const items = await parts.list.claim(parts.workerId, permits, reserveMs);
    if (parts.maxRate !== undefined && items.length < permits)
      await parts.list.returnPermits(permits - items.length);
    backlogged = items.length === permits;
    if (backlogged) mayHaveWork = true;
    // A job cannot run twice here: a second reservation waits until the first attempt has ended.
    const isLate = closed || askedIn !== era;
    const back = items.filter(({ jobId }) => isLate || running.has(jobId));
    ahead.add(
      items.filter((item) => !back.includes(item)),
      askedAtMs,
    );
    beginHeld();
    watchOverdue();
    if (mayHaveWork) lookAgain = true;
    await release(back.map(({ jobId }) => jobId));
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
        // A nudge may have come after the last look and before this line.
        if (lookAgain) look();
      });
  };

  return {
    nudge: () => {
      mayHaveWork = true;
      look();
    },
    beginAtOnce: (item) => {
      const mayOthersWait = mayHaveWork || looking !== null || backlogged || ahead.size() > 0;
      // A conversion under a rate needs a permit, which the claim asks for.
      if (closed || mayOthersWait || parts.maxRate !== undefined) return null;
      if (running.has(item.jobId) || parts.room(running.size) <= 0) return null;
      start(item);
      return { workerId: parts.workerId, reserveMs };
    },
    isBacklogged: () => backlogged || ahead.size() > 0,
    giveBack: () => {
      era += 1;
      release(ahead.all()).catch(parts.onTrouble);
    },
    running: () => [...running.values()],
    close: async () => {
      closed = true;
      clearTimeout(permitTimer);
      clearTimeout(overdueTimer);
      // A claim that is not given back is offered again as soon as this worker has left, or is silent.
      await Promise.all([looking, release(ahead.all()).catch(parts.onTrouble)]);
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

/** Ends every running attempt, each of which records that it was abandoned, and gives the claims back that are not begun. */
export function cutAll(loop: ClaimLoop, why: AttemptCut['why'] = 'shutdown'): void {
  loop.giveBack();
  for (const attempt of loop.running()) attempt.cut.abort(new AttemptCut(why));
}
