/** Length of the window that BREAKER_FAILURES is counted in. */
export const FAILURE_WINDOW_MS = 10_000;
/** Most calls remembered; older ones are forgotten first. */
const CALLS_MAX = 2_000;

interface Call {
  readonly atMs: number;
  readonly failed: boolean;
}

/** The calls of the last ten seconds, oldest first. */
export type FailureWindow = readonly Call[];

export function withCall(window: FailureWindow, atMs: number, outcome: 'answered' | 'failed'): FailureWindow {
  return [...window, { atMs, failed: outcome === 'failed' }]
    .filter((call) => call.atMs > atMs - FAILURE_WINDOW_MS)
    .slice(-CALLS_MAX);
}

export function failuresIn(window: FailureWindow): number {
  return window.filter((call) => call.failed).length;
}

/**
 * Whether the breaker opens: enough failures, and at least half of all calls. Without the second condition, one owner's
 * broken files would stop everybody's conversions.
 */
export function isBroken(window: FailureWindow, failuresMax: number): boolean {
  const failures = failuresIn(window);
  return failures >= failuresMax && failures * 2 >= window.length;
}

/** How many conversions may run at once while a gateway comes back. */
export interface Ramp {
  readonly limit: number;
  readonly full: number;
}

/** Everything is allowed. */
export function fullRamp(full: number): Ramp {
  return { limit: full, full };
}

/** The gateway has just come back, so one call at a time. */
export function restarted(ramp: Ramp): Ramp {
  return { ...ramp, limit: 1 };
}

/** One more for each success, so 1, 2, 4, ... a round: a queue of thousands does not fall on a gateway that is warming up (D18). */
export function afterSuccess(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: ramp.limit + 1 };
}

/** A failure on the way up starts the climb again; at full height it is the breaker's business. */
export function afterFailure(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: 1 };
}
