import { createStore, useStore } from '../store.ts';

/** Postponed work starts after this time even if the browser is never idle. */
const REST_MS_MAX = 2_000;
/** Assumed time until the browser is idle, for browsers that do not report it (Safari). */
const REST_GUESS_MS = 100;

/** Calls back when the browser is idle. Returns the function that cancels the call. */
export function whenIdle(act: () => void): () => void {
  if (typeof requestIdleCallback !== 'function') {
    const timer = setTimeout(act, REST_GUESS_MS);
    return () => clearTimeout(timer);
  }
  const asked = requestIdleCallback(act, { timeout: REST_MS_MAX });
  return () => cancelIdleCallback(asked);
}

const wasIdle = createStore(false);
whenIdle(() => wasIdle.set(true));

/**
 * Returns false during the first drawing. Invisible parts, such as a closed dialog, can wait until the result is
 * true.
 */
export function useIsIdle(): boolean {
  return useStore(wasIdle, (now) => now);
}
