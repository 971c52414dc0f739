import type { z } from 'zod';
import type { DashboardBucket } from '../../schemas/protocols/dashboard-api.ts';
import { percentilesOf, type LatencyCount } from '../../schemas/latency-buckets.ts';

/** A stored figure: its name, the detail within that name, and its sum. */
export type StoredFigure = readonly [figure: string, detail: string, value: number];

/** Figures that count events, by their names in the tables. */
export const FLOW_FIGURES = [
  'submitted',
  'succeeded',
  'failed',
  'deferred',
  'abandoned',
  'cancelled',
  'downloads',
  'rejected',
  'removed_sources',
  'removed_results',
  'removed_bytes',
  'latency',
] as const;

type FlowFigures = Omit<z.output<typeof DashboardBucket>, 'start' | 'end'>;

/** The figures of a period, from the stored sums of the period. */
export function flowFigures(stored: readonly StoredFigure[]): FlowFigures {
  const sum = (name: string) =>
    stored.reduce((total, [figure, , value]) => total + (figure === name ? value : 0), 0);
  return {
    submitted: sum('submitted'),
    succeeded: sum('succeeded'),
    failed: sum('failed'),
    failedByCode: Object.fromEntries(
      stored.flatMap(([figure, code, value]) => (figure === 'failed' && value !== 0 ? [[code, value]] : [])),
    ),
    deferred: sum('deferred'),
    abandoned: sum('abandoned'),
    cancelled: sum('cancelled'),
    downloads: sum('downloads'),
    rejected: sum('rejected'),
    removedSources: sum('removed_sources'),
    removedResults: sum('removed_results'),
    removedBytes: sum('removed_bytes'),
    latency: percentilesOf(latencyCounts(stored)),
  };
}

/** The histogram of a period, shortest first, without empty buckets. */
export function latencyCounts(stored: readonly StoredFigure[]): LatencyCount[] {
  return stored
    .flatMap(([figure, detail, count]) =>
      figure === 'latency' && count !== 0 ? [{ leMs: Number(detail), count }] : [],
    )
    .toSorted((a, b) => a.leMs - b.leMs);
}

/** Adds up the figures of several periods. */
export function summedFigures(stored: Iterable<StoredFigure>): StoredFigure[] {
  const sums = new Map<string, StoredFigure>();
  for (const [figure, detail, value] of stored) {
    const key = `${figure}\u001f${detail}`;
    sums.set(key, [figure, detail, (sums.get(key)?.[2] ?? 0) + value]);
  }
  return [...sums.values()];
}
