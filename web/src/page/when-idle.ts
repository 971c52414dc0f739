import { createStore, useStore } from '../store.ts';

/** A page that never rests still gets what it puts off, so late. */
const REST_MS_MAX = 2_000;
/** Where the browser does not say when it rests (Safari), this is taken for it. */
const REST_GUESS_MS = 100;

/** Calls back when the browser has nothing better to do; returns the function that takes it back. */
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

/** False while the page is first drawn: what nobody sees yet, such as a closed dialog, can wait until it is true. */
export function useIsIdle(): boolean {
  return useStore(wasIdle, (now) => now);
}
