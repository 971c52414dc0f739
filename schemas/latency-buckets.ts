/**
 * The bounds of a latency histogram, in milliseconds: every whole number up to 8, then eight steps for each doubling,
 * up to about 17 minutes. A percentile from the histogram exceeds the true percentile by at most an eighth. A change
 * of the list changes the meaning of stored counts, so it needs a new version of the projection.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = boundsUpTo(2 ** 20);

function boundsUpTo(highest: number): number[] {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8];
  for (let octave = 8; octave < highest; octave *= 2)
    for (let step = 1; step <= 8; step += 1) bounds.push(octave + (octave / 8) * step);
  return bounds;
}

/** The bound of the bucket for `ms`: the lowest bound that is not below it. Higher values fall into the last bucket. */
export function latencyBoundOf(ms: number): number {
  let low = 0;
  let high = LATENCY_BOUNDS_MS.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (LATENCY_BOUNDS_MS[middle]! >= ms) high = middle;
    else low = middle + 1;
  }
  return LATENCY_BOUNDS_MS[low]!;
}

/** The number of measurements in the bucket that ends at `leMs`. */
export interface LatencyCount {
  readonly leMs: number;
  readonly count: number;
}

/**
 * Percentiles in milliseconds. They are bounds of buckets, so they are never below the true value, and at most an
 * eighth above.
 */
export interface LatencyPercentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Calculates percentiles (nearest rank) from the counts of buckets; null without a measurement. */
export function percentilesOf(counts: readonly LatencyCount[]): LatencyPercentiles | null {
  const present = counts.filter(({ count }) => count > 0).toSorted((a, b) => a.leMs - b.leMs);
  const total = present.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  const at = (share: number): number => {
    const rank = Math.ceil(share * total);
    let seen = 0;
    for (const { leMs, count } of present) {
      seen += count;
      if (seen >= rank) return leMs;
    }
    return present.at(-1)!.leMs;
  };
  return { count: total, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: present.at(-1)!.leMs };
}
