/** Length of the window in which failures are counted for BREAKER_FAILURES. */
export const FAILURE_WINDOW_MS = 10_000;
/** Most calls in the window; the oldest leave first. */
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
 * True when the breaker opens: enough failures, and at least half of all calls. Without the second condition, broken
 * files of one owner would stop everybody's conversions.
 */
export function isBroken(window: FailureWindow, failuresMax: number): boolean {
  const failures = failuresIn(window);
  return failures >= failuresMax && failures * 2 >= window.length;
}

/** The number of conversions that may run at once after the gateway returns. */
export interface Ramp {
  readonly limit: number;
  readonly full: number;
}

/** Allows the full number. */
export function fullRamp(full: number): Ramp {
  return { limit: full, full };
}

/** Allows one call at a time, because the gateway has just returned. */
export function restarted(ramp: Ramp): Ramp {
  return { ...ramp, limit: 1 };
}

/**
 * Allows one more call for each success, so 1, 2, 4, ... calls in each round. A long queue thus does not overload a
 * gateway that has just started (D18).
 */
export function afterSuccess(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: ramp.limit + 1 };
}

/** A failure during the ramp starts the ramp again. At the full number the breaker decides. */
export function afterFailure(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: 1 };
}
