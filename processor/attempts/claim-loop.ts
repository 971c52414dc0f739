import type { Log } from '../../runtime/log/log.ts';
import { AttemptCut } from './attempt.ts';
import { attemptPace, claimsAhead } from './claims-ahead.ts';
import type { ClaimedItem, WorkList } from '../work-list/work-list.ts';

/** The time for which the loop holds claims before a worker begins them. */
export interface Holding {
  /** The time after which the list offers a reserved job again. It is longer than two slow appends. */
  readonly reserveMs: number;
  /**
   * The loop claims in advance as many jobs as the workers need within this time. So a later job can overtake another
   * job by at most this time.
   */
  readonly aheadMs: number;
  /** A claim that no worker begins within this time goes back to the list. */
  readonly holdMs: number;
}

/** `aheadMs` equals the largest age of a ranking of the list (`work-list/claims.ts`). */
const HOLDING: Holding = { reserveMs: 30_000, aheadMs: 100, holdMs: 1_000 };
/**
 * A worker begins a claim only within this part of its reservation. The rest of the time is for recording the start.
 */
const SURE_PART = 0.5;
/** The loop claims ahead again when at most this part of the claims is left. So one statement makes several claims. */
const REFILL_PART = 0.5;

/** An attempt that runs in this processor. */
export interface RunningAttempt {
  readonly jobId: string;
  readonly startedMs: number;
  /** Null until the lease is in the log. */
  fencingToken: string | null;
  readonly cut: AbortController;
}

export interface ClaimLoop {
  /** Tells the loop that there may be work or a free worker. */
  wake(): void;
  running(): readonly RunningAttempt[];
  /** True when the last claim was filled, so more jobs wait than there are workers. */
  isBacklogged(): boolean;
  /**
   * Begins a job that the list does not have yet, when a worker is free and no other job is known to wait. Returns the
   * reservation for its row; null when the job did not begin.
   */
  beginAtOnce(item: ClaimedItem): { readonly workerId: string; readonly reserveMs: number } | null;
  /**
   * Gives back every claim that no worker has begun, and every requested claim, because these claims may be of
   * another log.
   */
  giveBack(): void;
  /** Makes no new claims. Resolves when the claims that no worker has begun are given back. */
  close(): Promise<void>;
  /** Resolves when no attempt runs any more, or after `ms`. */
  drained(ms: number): Promise<boolean>;
}

export interface ClaimLoopParts {
  readonly list: Pick<WorkList, 'claim' | 'release' | 'takePermits' | 'returnPermits'>;
  readonly workerId: string;
  /** Returns the number of attempts that may begin while `running` run. */
  readonly room: (running: number) => number;
  /** Most claims that may wait for a worker now, 0 for none. */
  readonly aheadMax: () => number;
  /** Most jobs a second over all processors; undefined for no limit. */
  readonly maxRate: number | undefined;
  readonly run: (item: ClaimedItem, attempt: RunningAttempt) => Promise<void>;
  /** Receives an error of claiming, and null when claiming works again. */
  readonly onTrouble: (trouble: unknown) => void;
  readonly logger: Log;
  readonly holding?: Holding;
  readonly createAhead?: typeof claimsAhead;
}

/**
 * Claims as many jobs as there are free workers, one statement at a time. The next statement serves workers that
 * become free meanwhile. While more jobs wait than there are workers, the loop claims some jobs in advance. So a free
 * worker does not wait for a statement, and one statement claims several jobs (ADR 0180).
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
  /**
   * Increases when the loop gives all claims back. A claim that was requested under an earlier number goes back too.
   */
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

  /**
   * Gives held claims that no worker begins back to the list. When the list does not answer, their reservations end by
   * themselves.
   */
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

  /**
   * Returns the number of jobs to claim now: one for every free worker, and some in advance when few advance claims
   * are left.
   */
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
    // A job cannot run twice in this processor. So the loop gives back a claim for a job that it still runs.
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
        // Another `wake` may have come after the last look.
        if (lookAgain) look();
      });
  };

  return {
    wake: () => {
      mayHaveWork = true;
      look();
    },
    beginAtOnce: (item) => {
      const mayOthersWait = mayHaveWork || looking !== null || backlogged || ahead.size() > 0;
      // With a maximum rate, a conversion needs a permit, which only a claim from the list takes.
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
      // Claims that are not released here are offered again once this worker has left or is silent.
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

/**
 * Ends every running attempt, which then records that it was abandoned, and gives back the claims that no worker has
 * begun.
 */
export function cutAll(loop: ClaimLoop, why: AttemptCut['why'] = 'shutdown'): void {
  loop.giveBack();
  for (const attempt of loop.running()) attempt.cut.abort(new AttemptCut(why));
}
