/** Periodic tasks of a process begin together, at whole seconds since its start. */
const TICK_MS = 1_000;
/** Pauses of this length and more end on every second tick, so that tasks of two and of ten seconds begin together. */
const LONG_TICK_MS = 2_000;

/**
 * Returns a pause of about `ms` that ends on a tick. A wake of an idle process costs about as much for ten tasks as for
 * one, probably because it finds cold caches (ADR 0197). Pauses shorter than a tick stay as they are. No pause is longer
 * than `ms` by more than half a second; one of two seconds or more may be shorter by up to one and a half (ADR 0203).
 */
export function untilTick(ms: number, nowMs: number = performance.now()): number {
  if (ms < TICK_MS) return ms;
  const latestMs = nowMs + ms + TICK_MS / 2;
  const tickMs = ms < LONG_TICK_MS ? TICK_MS : LONG_TICK_MS;
  return Math.max(1, Math.floor(latestMs / tickMs) * tickMs - nowMs);
}
