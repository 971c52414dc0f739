import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../runtime/http/api-error.ts';
import type {
  DashboardAnswer,
  DashboardBucket,
  DashboardQuery,
  OpsMetrics,
} from '../../schemas/dashboard-api.ts';
import { positionText } from '../tables/projection-head.ts';
import { readFigures, type FiguresRead, type ReadAt } from './figures-query.ts';
import { flowFigures, latencyCounts, summedFigures, type StoredFigure } from './flow-figures.ts';
import { correctionsAt, type Correction } from './past-figures.ts';
import { findMoment } from '../past/past-moment.ts';
import { readPresent, type PresentSources } from './present-figures.ts';
import { standingFigures } from './standing-figures.ts';
import { windowOf, type Window } from './window.ts';

/** Longest wait of a reader for its own write, and the interval of the reads. */
const FRESH_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 100;
const MINUTE_MS = 60_000;

export type DashboardSources = Omit<PresentSources, 'nowMs'> & { readonly clock: { now(): number } };

/**
 * `GET /api/dashboard`.
 * @throws ApiError BAD_REQUEST, UNAVAILABLE when the figures are behind the requested position
 */
export async function readDashboard(
  sources: DashboardSources,
  query: DashboardQuery,
): Promise<DashboardAnswer> {
  const window = windowOf(query);
  const nowMs = sources.clock.now();
  const now = new Date(nowMs).toISOString();
  if (query.asOf !== undefined) {
    const moment = await findMoment(sources.store, query.asOf, now);
    const at = { to: moment.at, past: moment.position };
    const read = await readAtLeast(sources, window, at, moment.position);
    const minute = new Date(Math.floor(Date.parse(at.to) / MINUTE_MS) * MINUTE_MS).toISOString();
    const corrections = await correctionsAt(sources.store, moment.position, minute);
    return { ...answerOf(corrected(read, corrections), window, at), present: null };
  }
  const at = { to: now, past: null };
  const [read, present] = await Promise.all([
    readAtLeast(sources, window, at, query.atLeast === undefined ? -1n : BigInt(query.atLeast)),
    readPresent({ ...sources, nowMs }),
  ]);
  return { ...answerOf(read, window, at), present };
}

/**
 * Reads the row of the live topic `ops:metrics`.
 * @throws ReadStoreUnavailable
 */
export async function readOpsMetrics(sources: DashboardSources): Promise<OpsMetrics> {
  const nowMs = sources.clock.now();
  const at = { to: new Date(nowMs).toISOString(), past: null };
  const twoMinutes: Window = { range: '15m', bucket: 'minute', zone: 'UTC', buckets: 2 };
  const [read, present] = await Promise.all([
    readFigures(sources.store, twoMinutes, at),
    readPresent({ ...sources, nowMs }),
  ]);
  return {
    ...standingOf(read),
    key: 'metrics',
    at: at.to,
    position: positionText(read.head),
    present,
    recent: read.buckets.map(bucketOf),
  };
}

async function readAtLeast(
  { store }: DashboardSources,
  window: Window,
  at: ReadAt,
  position: bigint,
): Promise<FiguresRead> {
  const deadline = performance.now() + FRESH_WAIT_MS;
  for (;;) {
    const read = await readFigures(store, window, at);
    if (read.head >= position) return read;
    if (performance.now() > deadline)
      throw new ApiError('UNAVAILABLE', 'The figures have not reached this position yet.');
    await sleep(LOOK_EVERY_MS);
  }
}

function answerOf(read: FiguresRead, window: Window, at: ReadAt): Omit<DashboardAnswer, 'present'> {
  const whole = summedFigures(read.buckets.flatMap(({ figures }) => figures));
  const { range, bucket, zone } = window;
  return {
    ...standingOf(read),
    at: at.to,
    past: at.past !== null,
    position: positionText(at.past ?? read.head),
    window: { range, bucket, zone, from: read.buckets[0]?.start ?? at.to, to: at.to },
    buckets: read.buckets.map(bucketOf),
    totals: flowFigures(whole),
    histogram: latencyCounts(whole).map(({ leMs, count }) => ({ leMs, count })),
  };
}

function standingOf({ standing, breakers, oldestActiveSince, lastRemovalAt }: FiguresRead) {
  return standingFigures(standing, breakers, { oldestActiveSince, lastRemovalAt });
}

function bucketOf({ start, end, figures }: FiguresRead['buckets'][number]): DashboardBucket {
  return { start, end, ...flowFigures(figures) };
}

/**
 * Applies the corrections of a past moment to the figures. Each correction belongs to the bucket of its
 * event.
 */
function corrected(read: FiguresRead, corrections: readonly Correction[]): FiguresRead {
  const added = (figures: readonly StoredFigure[], by: readonly Correction[]) =>
    summedFigures([...figures, ...by.flatMap((correction) => correction.figures)]);
  // Nearly all corrections belong to the last bucket.
  const byBucket = Map.groupBy(corrections, ({ at }) =>
    read.buckets.findLastIndex(({ start, end }) => start <= at && at < end),
  );
  return {
    ...read,
    standing: added(read.standing, corrections),
    buckets: read.buckets.map((bucket, index) => {
      const own = byBucket.get(index);
      return own ? { ...bucket, figures: added(bucket.figures, own) } : bucket;
    }),
  };
}
