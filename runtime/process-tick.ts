/**
 * Periodic tasks of a process begin together, at whole seconds since its start. A pause ends on the longest of these
 * ticks that is not longer than the pause, so that tasks of ten and of thirty seconds begin together.
 */
const TICKS_MS = [10_000, 2_000, 1_000];
/** A pause is longer than asked by at most this time. */
const LATE_MS_MAX = 500;

/**
 * Returns a pause of about `ms` that ends on a tick. A wake of an idle process costs about as much for ten tasks as for
 * one, probably because it finds cold caches (ADR 0197). Pauses shorter than a tick stay as they are. A pause may be
 * shorter than `ms` by nearly the length of its tick (ADR 0210).
 */
export function untilTick(ms: number, nowMs: number = performance.now()): number {
  const tickMs = TICKS_MS.find((each) => each <= ms);
  if (tickMs === undefined) return ms;
  const latestMs = nowMs + ms + LATE_MS_MAX;
  return Math.max(1, Math.floor(latestMs / tickMs) * tickMs - nowMs);
}
