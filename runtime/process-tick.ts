/** Periodic tasks of a process begin together, at whole seconds since its start. */
const TICK_MS = 1_000;

/**
 * Returns a pause of about `ms` that ends on a tick, the nearest one. A wake of an idle process costs about as much for ten
 * tasks as for one, probably because it finds cold caches (ADR 0197). Pauses shorter than a tick stay as they are.
 */
export function untilTick(ms: number, nowMs: number = performance.now()): number {
  if (ms < TICK_MS) return ms;
  return Math.max(1, Math.round((nowMs + ms) / TICK_MS) * TICK_MS - nowMs);
}
