import type { ClaimedItem } from '../work-list/work-list.ts';

/** The weight of the newest attempt in the moving mean of durations. */
const NEWEST_WEIGHT = 0.1;

/** The claims that this processor holds and no worker has begun, oldest first. */
export interface ClaimsAhead {
  size(): number;
  /** Adds claims. A job that is already held keeps its place, with the data of the newer claim. */
  add(items: readonly ClaimedItem[], askedAtMs: number): void;
  /** Removes and returns the first claim whose reservation lasts long enough; null when there is none. */
  next(): ClaimedItem | null;
  /** Removes and returns the jobs held for too long, so that another processor can take them. */
  overdue(): string[];
  /** Removes and returns all jobs. */
  all(): string[];
}

/** The times for which a processor may hold claims, by its own monotonic clock. */
export interface HoldLimits {
  /**
   * The time from the arrival of the claim. If no worker begins the claim within this time, it goes back to the list
   * for other processors.
   */
  readonly holdMs: number;
  /**
   * The time from the moment before the request for the claim. The reservation lasts longer, so that the start can
   * still be recorded.
   */
  readonly sureMs: number;
}

/** A queue of claims. It is bounded, because the claim loop requests only as many claims as there is room for. */
export function claimsAhead({ holdMs, sureMs }: HoldLimits): ClaimsAhead {
  const held = new Map<string, { item: ClaimedItem; arrivedAtMs: number; askedAtMs: number }>();
  const takeOut = (isMeant: (claim: { arrivedAtMs: number; askedAtMs: number }) => boolean): string[] => {
    const jobIds = [...held].flatMap(([jobId, claim]) => (isMeant(claim) ? [jobId] : []));
    for (const jobId of jobIds) held.delete(jobId);
    return jobIds;
  };

  return {
    size: () => held.size,
    add: (items, askedAtMs) => {
      for (const item of items) held.set(item.jobId, { item, arrivedAtMs: performance.now(), askedAtMs });
    },
    next: () => {
      const nowMs = performance.now();
      for (const [jobId, { item, askedAtMs }] of held) {
        if (nowMs - askedAtMs >= sureMs) continue;
        held.delete(jobId);
        return item;
      }
      return null;
    },
    overdue: () => {
      const nowMs = performance.now();
      return takeOut(
        ({ arrivedAtMs, askedAtMs }) => nowMs - arrivedAtMs >= holdMs || nowMs - askedAtMs >= sureMs,
      );
    },
    all: () => takeOut(() => true),
  };
}

/** The speed at which attempts end, measured by their mean duration. */
export interface Pace {
  ended(durationMs: number): void;
  /** Forgets the mean, which is unknown until the next attempt ends. */
  forget(): void;
  /** The number of attempts that `workers` will end within `ms`, by the mean duration; 0 while the mean is unknown. */
  endingWithin(ms: number, workers: number): number;
}

export function attemptPace(): Pace {
  let meanMs: number | null = null;
  return {
    ended: (durationMs) => {
      meanMs = meanMs === null ? durationMs : meanMs + NEWEST_WEIGHT * (durationMs - meanMs);
    },
    forget: () => {
      meanMs = null;
    },
    endingWithin: (ms, workers) => (meanMs === null ? 0 : Math.floor((workers * ms) / Math.max(1, meanMs))),
  };
}
