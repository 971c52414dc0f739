/** How long to wait between two tries of the same work. */
export interface Backoff {
  /** Longest wait after the first failure, in ms; it doubles with each failure in a row. */
  readonly firstMs: number;
  /** Longest wait of all, in ms. */
  readonly maxMs: number;
}

/** The window stops doubling here: 2 ** 30 ms are twelve days. */
const DOUBLINGS_MAX = 30;

/**
 * The wait after a failure, in ms: full jitter over a window that doubles with each failure in a row. Full jitter keeps
 * many clients from coming back at the same instant. The page has a delay of its own, since it imports types only.
 *
 * @param failures failures in a row, from 1
 * @param random uniform in [0, 1)
 */
export function backoffDelayMs({ firstMs, maxMs }: Backoff, failures: number, random: number): number {
  return random * Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX));
}
