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
 * Whether the breaker opens: enough failures, and at least half of all calls. Without the second half one owner's
 * broken files, each failing on its own, would stop everybody's.
 */
export function isBroken(window: FailureWindow, failuresMax: number): boolean {
  const failures = failuresIn(window);
  return failures >= failuresMax && failures * 2 >= window.length;
}
