import type { Log } from '../runtime/log.ts';

/** While something keeps failing, one line in so long a time. */
const AGAIN_EVERY_MS = 60_000;

/** What is said of something that fails again and again. */
export interface OutageLines {
  /** Counts a failure; it is written when it is the first one, or when the last line is a minute old. */
  failed(why: string): void;
  /** Says that it works again, when a failure was written. */
  restored(): void;
}

/**
 * One line when it goes, one a minute with the count, one when it is back: an outage of twenty minutes is about twenty
 * lines, without stacks.
 *
 * @param what the sentence of the line, as in `the subscription broke`
 */
export function outageLines(log: Log, what: string): OutageLines {
  let outage: { readonly sinceMs: number; saidMs: number; failures: number } | null = null;
  return {
    failed: (why) => {
      const nowMs = performance.now();
      outage ??= { sinceMs: nowMs, saidMs: -Infinity, failures: 0 };
      outage.failures += 1;
      if (nowMs - outage.saidMs < AGAIN_EVERY_MS) return;
      outage.saidMs = nowMs;
      log.warn({ why, failures: outage.failures, forMs: Math.round(nowMs - outage.sinceMs) }, what);
    },
    restored: () => {
      if (outage === null) return;
      const { failures, sinceMs } = outage;
      outage = null;
      log.info({ failures, forMs: Math.round(performance.now() - sinceMs) }, `over: ${what}`);
    },
  };
}
