import type { FeedGrant } from '../work-list/work-list.ts';

/** While the list is empty, the feeder renews its lease this many times within the length of the lease. */
const RENEWALS_A_LEASE = 4;
/**
 * The feeder rests when the list is empty and the feed has stood still for this many lengths of the lease. It then
 * renews the lease seldom, and each time for longer (ADR 0210).
 */
const REST_AFTER_LEASES = 6;
const RESTING_LEASES = 2;

type Position = FeedGrant['position'];

/** How long the feeder's lease lasts, and how long the feeder may pause. */
export interface FeederRest {
  /** Returns the length of the lease to take now, in ms. */
  leaseMs(written: Position, list: { readonly isEmpty: boolean }): number;
  /** Returns the longest pause with an empty list, in ms. `written` is the feed's position now. */
  emptyPauseMs(written: Position, busyMs: number): number;
}

/** @param silentMs the usual length of the lease */
export function feederRest(silentMs: number): FeederRest {
  let standsAt: Position | null = null;
  let standsSinceMs = 0;
  let isResting = false;
  return {
    leaseMs: (written, { isEmpty }) => {
      const nowMs = performance.now();
      if (written !== standsAt) standsSinceMs = nowMs;
      standsAt = written;
      isResting = isEmpty && nowMs - standsSinceMs > REST_AFTER_LEASES * silentMs;
      return silentMs * (isResting ? RESTING_LEASES : 1);
    },
    emptyPauseMs: (written, busyMs) => {
      if (!isResting) return Math.max(busyMs, silentMs / RENEWALS_A_LEASE);
      return written === standsAt ? Math.max(busyMs, silentMs) : busyMs;
    },
  };
}
