/** A straight line through measurements, and the certainty of its slope. */
export interface Slope {
  /** The slope, in units a second. */
  readonly slope: number;
  /**
   * With 95 % confidence, the true slope lies in `slope` plus or minus this margin. Infinity for fewer than three
   * windows.
   */
  readonly margin: number;
  readonly mean: number;
}

export interface Sample {
  /** Seconds since the beginning. */
  readonly atSec: number;
  readonly value: number;
}

/**
 * The number of windows whose means give the line. Neighbouring samples depend on one another, for example after a
 * garbage collection. With single samples, the margin would be far too small.
 */
const WINDOWS = 20;
/**
 * Student's t for 95 %, by degrees of freedom (two-sided; Abramowitz and Stegun, table 26.10). The last value is
 * about the limit.
 */
const T_95 = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1,
];

/**
 * Computes a least-squares line over the means of `WINDOWS` windows with equal numbers of samples, or over single
 * samples if there are fewer.
 */
export function slopeOf(samples: readonly Sample[]): Slope {
  const points = windowMeans(samples);
  const n = points.length;
  const meanX = mean(points.map(({ atSec }) => atSec));
  const meanY = mean(points.map(({ value }) => value));
  const spreadX = sum(points.map(({ atSec }) => (atSec - meanX) ** 2));
  if (n < 2 || spreadX === 0) return { slope: 0, margin: Infinity, mean: meanY };
  const slope = sum(points.map(({ atSec, value }) => (atSec - meanX) * (value - meanY))) / spreadX;
  if (n < 3) return { slope, margin: Infinity, mean: meanY };
  const left = sum(points.map(({ atSec, value }) => (value - meanY - slope * (atSec - meanX)) ** 2));
  const standardError = Math.sqrt(left / (n - 2) / spreadX);
  return { slope, margin: (T_95[n - 3] ?? 2) * standardError, mean: meanY };
}

function windowMeans(samples: readonly Sample[]): Sample[] {
  const windows = Math.min(WINDOWS, samples.length);
  return Array.from({ length: windows }, (_, index) => {
    const from = Math.floor((index * samples.length) / windows);
    const to = Math.floor(((index + 1) * samples.length) / windows);
    const some = samples.slice(from, to);
    return { atSec: mean(some.map(({ atSec }) => atSec)), value: mean(some.map(({ value }) => value)) };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}
