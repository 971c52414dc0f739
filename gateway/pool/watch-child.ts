import { cpuMsOf } from '../../runtime/metrics/cpu-time.ts';
import { residentBytes } from './memory.ts';

/** The interval at which the watch reads the memory of a child. */
const MEMORY_LOOK_EVERY_MS = 50;
/** The number of readings of the memory for one reading of the processor time. */
const CPU_LOOK_EVERY_LOOKS = 5;
const CPU_LOOK_EVERY_MS = MEMORY_LOOK_EVERY_MS * CPU_LOOK_EVERY_LOOKS;

/**
 * The limits of a child, and the functions to call when the child exceeds a limit. The watch calls each function at
 * most once. After `onTooLong`, `onStill` or `onTooMuch` it calls no other.
 */
export interface ChildBounds {
  readonly cpuMsMax: number;
  readonly stillMsMax: number;
  readonly onTooLong: () => void;
  /** The child used no processor time for `stillMsMax`. */
  readonly onStill: () => void;
  readonly memory?: { readonly bytesMax: number; readonly onTooMuch: () => void };
  readonly slow?: { readonly afterCpuMs: number; readonly onSlow: () => void };
}

/**
 * Watches the processor time and memory of a child from now on. Because it measures processor time, a busy machine
 * makes no child late. If the system does not report this time, the watch uses the clock. A child is still when
 * several readings in a row show no progress. So no child is judged while this process itself is stopped.
 *
 * @returns a function that ends the watch
 */
export function watchChild(pid: number | undefined, bounds: ChildBounds): () => void {
  const startedAt = performance.now();
  const cpuAtStart = pid === undefined ? undefined : cpuMsOf(pid);
  let usedBefore = 0;
  let stillMs = 0;
  let looks = 0;
  let saidSlow = false;
  const timer = setInterval(() => {
    const { memory } = bounds;
    if (memory && pid !== undefined && (residentBytes(pid) ?? 0) > memory.bytesMax)
      return ended(memory.onTooMuch);
    looks += 1;
    if (looks % CPU_LOOK_EVERY_LOOKS === 0) lookAtCpu();
  }, MEMORY_LOOK_EVERY_MS);

  const lookAtCpu = (): void => {
    const cpuMs = pid === undefined ? undefined : cpuMsOf(pid);
    const isSeen = cpuMs !== undefined && cpuAtStart !== undefined;
    const usedMs = isSeen ? cpuMs - cpuAtStart : performance.now() - startedAt;
    stillMs = usedMs === usedBefore ? stillMs + CPU_LOOK_EVERY_MS : 0;
    usedBefore = usedMs;
    if (usedMs > bounds.cpuMsMax) return ended(bounds.onTooLong);
    if (stillMs >= bounds.stillMsMax) return ended(bounds.onStill);
    if (saidSlow || !bounds.slow || usedMs <= bounds.slow.afterCpuMs) return;
    saidSlow = true;
    bounds.slow.onSlow();
  };
  const ended = (tell: () => void): void => {
    clearInterval(timer);
    tell();
  };
  return () => clearInterval(timer);
}
