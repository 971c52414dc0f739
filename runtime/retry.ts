import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs, type Backoff } from '../schemas/backoff.ts';

export interface Retrying {
  readonly backoff: Backoff;
  /** Most tries, the first included; unset: no limit. */
  readonly triesMax?: number;
  /** No try begins after this moment of `performance.now()`; unset: no limit. */
  readonly untilMs?: number;
  /** True when the same work may succeed later. Without this function every failure is retried. */
  readonly isPassing?: (error: unknown) => boolean;
  /** Ends the wait and the tries. */
  readonly signal?: AbortSignal | undefined;
  /** Returns a random number, uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * Does the work, and retries after a backoff while it fails and may succeed later. Use it only for work that may run
 * twice.
 *
 * @throws the last error of `work`; the signal's reason once it is aborted
 */
export async function retry<Result>(work: () => Promise<Result>, options: Retrying): Promise<Result> {
  const {
    backoff,
    triesMax = Infinity,
    untilMs = Infinity,
    isPassing,
    signal,
    random = Math.random,
  } = options;
  for (let failures = 1; ; failures += 1)
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (failures >= triesMax || isPassing?.(error) === false) throw error;
      const waitMs = backoffDelayMs(backoff, failures, random());
      if (performance.now() + waitMs >= untilMs) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
}
