/** The wait between two tries of the same work. */
export interface Backoff {
  /** Longest wait after the first failure, in ms. The longest wait doubles with each consecutive failure. */
  readonly firstMs: number;
  /** Upper bound of every wait, in ms. */
  readonly maxMs: number;
}

/** The window stops doubling after this many failures: 2 ** 30 ms are twelve days. */
const DOUBLINGS_MAX = 30;

/**
 * The wait after a failure, in ms: full jitter over a window that doubles with each consecutive failure. Full jitter
 * prevents that many clients return at the same instant. The page has its own copy, because it imports only types.
 *
 * @param failures consecutive failures, from 1
 * @param random uniform in [0, 1)
 */
export function backoffDelayMs({ firstMs, maxMs }: Backoff, failures: number, random: number): number {
  return random * Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX));
}
