import type { JobView } from '../../../schemas/protocols/http-api.ts';
import type { JobStateName } from '../../../schemas/job-states.ts';
import { lazy } from '../text/translate.ts';
import type { QueueQuery } from './queue-query.ts';
import { canDownload, STATES } from './states.ts';

export type Counts = Readonly<Record<JobStateName, number>>;

/** The visible queue, filtered and sorted, with its figures. Counts are over all jobs. */
export interface QueueView {
  readonly query: QueueQuery;
  readonly rows: readonly JobView[];
  readonly counts: Counts;
  /** Total bytes of all ready results. */
  readonly readyBytes: number;
  readonly total: number;
}

/** A new row, and the row that it replaced. */
export interface Change {
  readonly job: JobView;
  readonly before: JobView | undefined;
}

/** With a larger share of changed rows, sorting all rows is faster than moving single rows. */
const REBUILD_SHARE = 0.2;

export function buildView(jobs: Iterable<JobView>, query: QueueQuery): QueueView {
  const all = [...jobs];
  const counts = emptyCounts();
  let readyBytes = 0;
  for (const job of all) {
    counts[job.state] += 1;
    readyBytes += readyBytesOf(job);
  }
  const rows = all.filter(matcher(query)).sort(orderOf(query));
  return { query, rows, counts, readyBytes, total: all.length };
}

/**
 * Updates the view after changes that `jobs` already contains. The result equals a view built from all jobs, but the
 * time grows with the changes and not with the queue.
 */
export function patchView(
  view: QueueView,
  jobs: ReadonlyMap<string, JobView>,
  changes: readonly Change[],
): QueueView {
  if (changes.length > jobs.size * REBUILD_SHARE) return buildView(jobs.values(), view.query);
  const counts = { ...view.counts };
  const rows = [...view.rows];
  const matches = matcher(view.query);
  const order = orderOf(view.query);
  let { readyBytes } = view;
  for (const { job, before } of changes) {
    if (before !== undefined) {
      counts[before.state] -= 1;
      readyBytes -= readyBytesOf(before);
      if (matches(before)) rows.splice(placeOf(rows, before, order), 1);
    }
    counts[job.state] += 1;
    readyBytes += readyBytesOf(job);
    if (matches(job)) rows.splice(placeOf(rows, job, order), 0, job);
  }
  return { query: view.query, rows, counts, readyBytes, total: jobs.size };
}

function readyBytesOf(job: JobView): number {
  return canDownload(job) ? (job.result?.bytes ?? 0) : 0;
}

function emptyCounts(): Record<JobStateName, number> {
  return Object.fromEntries(STATES.map((state) => [state, 0])) as Record<JobStateName, number>;
}

function matcher(query: QueueQuery): (job: JobView) => boolean {
  const wanted = folded(query.search.trim());
  return (job) =>
    (query.states.length === 0 || query.states.includes(job.state)) &&
    (wanted === '' || folded(job.filename).includes(wanted) || job.jobId === wanted);
}

/** Removes case and accents, which do not matter in a search. */
function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

const names = lazy(() => new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' }));

type Order = (left: JobView, right: JobView) => number;

/** A total order. The job id decides between equal rows, so that each row has exactly one place. */
function orderOf({ sort }: QueueQuery): Order {
  const sign = sort.descending ? -1 : 1;
  const by: Record<typeof sort.column, Order> = {
    created: (left, right) => compare(left.createdAt, right.createdAt),
    updated: (left, right) => compare(left.updatedAt, right.updatedAt),
    filename: (left, right) => names().compare(left.filename, right.filename),
    size: (left, right) => left.bytes - right.bytes,
  };
  return (left, right) => sign * (by[sort.column](left, right) || compare(left.jobId, right.jobId));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The index that a job has, or would have, in sorted rows. */
function placeOf(rows: readonly JobView[], job: JobView, order: Order): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = rows[middle];
    if (there !== undefined && order(there, job) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
