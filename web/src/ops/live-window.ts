import type {
  DashboardAnswer,
  DashboardBucket,
  OpsMetrics,
} from '../../../schemas/protocols/dashboard-api.ts';
import { RANGES_MIN } from './ops-query.ts';

/** Figures that are computed from the buckets of a window, so they stay right while the window moves. */
const FLOW = ['submitted', 'succeeded', 'failed', 'deferred', 'cancelled', 'rejected'] as const;
const REMOVED = ['removedSources', 'removedResults', 'removedBytes'] as const;
type FlowCounts = Record<(typeof FLOW | typeof REMOVED)[number], number>;

/**
 * An answer about now, updated by the newest figures. The present figures are replaced. A window in minutes gets the
 * current and the previous minute. A window in hours or days keeps its buckets until the next request.
 */
export function movedOn(answer: DashboardAnswer, metrics: OpsMetrics): DashboardAnswer {
  if (answer.past) return answer;
  const { jobs, storage, breaker, lastRemovalAt, present, at, position } = metrics;
  const standing = { ...answer, jobs, storage, breaker, lastRemovalAt, present, at, position };
  if (answer.window.bucket !== 'minute') return standing;
  const buckets = [...answer.buckets];
  for (const bucket of metrics.recent) {
    const place = buckets.findIndex(({ start }) => start === bucket.start);
    if (place >= 0) buckets[place] = bucket;
    else if (bucket.start >= (buckets.at(-1)?.end ?? '')) buckets.push(bucket);
  }
  const window = buckets.slice(-RANGES_MIN[answer.window.range]);
  return { ...standing, buckets: window };
}

/** True when minutes are missing between the answer and the newest figures, as after a laptop's sleep. */
export function hasGap(answer: DashboardAnswer, metrics: OpsMetrics): boolean {
  const first = metrics.recent[0];
  const last = answer.buckets.at(-1);
  return first !== undefined && last !== undefined && first.start > last.end;
}

export function sumOf(buckets: readonly DashboardBucket[]): FlowCounts {
  const sums = [...FLOW, ...REMOVED].map((name) => [
    name,
    buckets.reduce((sum, each) => sum + each[name], 0),
  ]);
  return Object.fromEntries(sums) as FlowCounts;
}

/** Failures of a window by code, the most frequent first. */
export function failuresOf(buckets: readonly DashboardBucket[]): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { failedByCode } of buckets)
    for (const [code, count] of Object.entries(failedByCode))
      counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .sort((left, right) => right.count - left.count || (left.code < right.code ? -1 : 1));
}

/**
 * Jobs in progress at the end of every bucket, computed backwards from their number at the window's end. Each requested
 * job adds one, and each outcome subtracts one.
 */
export function inProgressOf(buckets: readonly DashboardBucket[], active: number): number[] {
  const inHand: number[] = [];
  let after = active;
  for (const { submitted, succeeded, failed, cancelled } of buckets.toReversed()) {
    inHand.push(Math.max(0, after));
    after += succeeded + failed + cancelled - submitted;
  }
  return inHand.reverse();
}
