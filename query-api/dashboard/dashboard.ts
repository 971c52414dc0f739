import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../runtime/http/api-error.ts';
import type {
  DashboardAnswer,
  DashboardBucket,
  DashboardQuery,
  OpsMetrics,
} from '../../schemas/protocols/dashboard-api.ts';
import { positionText } from '../tables/projection-head.ts';
import { readFigures, type FiguresRead, type ReadAt } from './figures-query.ts';
import { flowFigures, latencyCounts, summedFigures, type StoredFigure } from './flow-figures.ts';
import { findMoment } from '../past/past-moment.ts';
import { readPresent, type PresentSources } from './present-figures.ts';
import { standingFigures } from './standing-figures.ts';
import { windowOf, type Window } from './window.ts';
import { evolve } from '../../conversion-job/evolve.ts';
import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';

/** The change that one event makes to the figures of whole minutes, so that they become the figures of a moment. */
interface Correction {
  /** `at` of the event. It determines the bucket. */
  readonly at: string;
  readonly figures: readonly StoredFigure[];
}

interface TimelineRow {
  readonly job_id: string;
  readonly revision: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  /**
   * 1: the moment includes the event, but the whole minutes before the moment do not. -1: the reverse. 0: the event
   * is folded and not counted.
   */
  readonly sign: number;
}

/**
 * Selects the timelines of all jobs with an event that whole minutes count wrongly. Such an event is dated in the
 * moment's minute or later although it lies before the moment's position, or the reverse. Events reach the log
 * slightly later than they are decided, and in another order. There are few such jobs, so they are passed as an array
 * of keys. Postgres cannot estimate the size of a join, and would read the whole timeline.
 */
const AROUND = `
with wrong as (
  select job_id from docket.job_events where at >= $2 and position <= $1
  union select job_id from docket.job_events where at < $2 and position > $1
)
select e.job_id, e.revision::text as revision, e.type, e.data,
  case when e.position <= $1 and e.at >= $2 then 1 when e.position > $1 and e.at < $2 then -1 else 0 end as sign
from docket.job_events e where e.job_id = any(array(select job_id from wrong))
order by e.job_id, e.revision`;

/**
 * Computes the corrections of the figures of all minutes before a moment's own. With them, the figures are exact at
 * the moment's position. Refused uploads are in no job's timeline, so the refused uploads of the moment's own minute
 * are left out.
 * @throws ReadStoreUnavailable
 */
async function correctionsAt(
  store: Queryable,
  position: bigint,
  minute: string,
): Promise<readonly Correction[]> {
  const { rows } = await store.query<TimelineRow>(AROUND, [position.toString(), minute]);
  const corrections: Correction[] = [];
  let jobId = '';
  let job: Job = ABSENT;
  for (const row of rows) {
    if (row.job_id !== jobId) {
      jobId = row.job_id;
      job = ABSENT;
    }
    const event = { type: row.type, data: row.data } as unknown as JobEvent;
    const before = job;
    job = evolve(before, event, BigInt(row.revision));
    if (row.sign === 0) continue;
    const figures = figuresOf(event, before, job).map(({ name, detail, value }): StoredFigure => [
      name,
      detail,
      value * row.sign,
    ]);
    corrections.push({ at: event.data.at, figures });
  }
  return corrections;
}

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
