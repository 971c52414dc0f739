import { setTimeout as sleep } from 'node:timers/promises';
import { LogUnavailable } from '../event-store/errors.ts';

/** How long a store may give no answer: about what one takes that is started again, or whose disk others keep busy. */
export const PATIENCE_MS = 120_000;
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 10_000;

/**
 * Does again what the event store did not answer, until it answers or patience is over. Only for what may be done
 * twice. `first` is what it said already.
 *
 * @throws LogUnavailable, what `work` throws, the signal's reason
 */
export async function patiently<Result>(
  first: LogUnavailable,
  options: { readonly patienceMs: number; readonly signal: AbortSignal | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  const until = performance.now() + options.patienceMs;
  let last = first;
  for (let pauseMs = PAUSE_MS; performance.now() < until; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    const left = Math.max(0, Math.min(pauseMs, until - performance.now()));
    await sleep(left, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted());
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      last = error;
    }
  }
  throw last;
}
