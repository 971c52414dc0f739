import type { ClaimedItem } from '../work-list/work-list.ts';

/** The weight of the newest attempt in the moving mean of durations. */
const NEWEST_WEIGHT = 0.1;

/** Claims that this processor holds and has not begun, oldest first. */
export interface ClaimsAhead {
  size(): number;
  /** A job that is here already keeps its place, with what the newer claim knows of it. */
  add(items: readonly ClaimedItem[], askedAtMs: number): void;
  /** Takes out the first claim whose reservation is sure to hold; null when there is none. */
  next(): ClaimedItem | null;
  /** Takes out the jobs that have been held for too long, of whom another processor may make better use. */
  overdue(): string[];
  /** Takes out all jobs. */
  all(): string[];
}

/** How long claims are held, by this process's own monotonic clock. */
export interface HoldLimits {
  /** From the claim's arrival: no other processor waits longer for a job that this one does not begin. */
  readonly holdMs: number;
  /** From before the claim was asked for: the reservation holds so much longer that the start can be recorded. */
  readonly sureMs: number;
}

/** A bounded queue: the claim loop asks for no more than there is room for. */
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

/** How fast attempts end. */
export interface Pace {
  ended(durationMs: number): void;
  /** The pace is not what it was: none is known until the next attempt ends. */
  forget(): void;
  /** How many attempts `workers` will end within `ms`, by the mean of the last ones; 0 while none is known. */
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
