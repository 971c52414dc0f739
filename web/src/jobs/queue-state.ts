import type { JobView } from '../../../schemas/protocols/http-api.ts';
import type { QueueQuery } from './queue-query.ts';
import { buildView, patchView, type Change, type QueueView } from './queue-view.ts';

/** The queue in memory. `loaded` is false until the first complete answer arrives, by socket or by request. */
export interface QueueState {
  /**
   * The page has one map, which `withRows` changes in place. A copy of thousands of rows ten times a second would be
   * most of the page's work. The map stays the same object, so only a new state object shows that a row has changed.
   */
  readonly jobs: ReadonlyMap<string, JobView>;
  /** The changes that the last call of `withRows` made, one for each job. Empty after the first call. */
  readonly changes: readonly Change[];
  readonly view: QueueView;
  readonly selected: ReadonlySet<string>;
  readonly loaded: boolean;
}

export function emptyQueue(query: QueueQuery): QueueState {
  return { jobs: new Map(), changes: [], view: buildView([], query), selected: new Set(), loaded: false };
}

/**
 * True when `job` may replace the row that the page holds: its revision is not earlier. Rows of a slow request can
 * arrive after newer rows of the socket.
 */
export function supersedes(job: JobView, held: JobView): boolean {
  return job.revision >= held.revision;
}

/** Adds rows that arrived. After the call, use only the returned state and not the previous state. */
export function withRows(state: QueueState, rows: Iterable<JobView>): QueueState {
  const jobs = state.jobs as Map<string, JobView>;
  if (jobs.size === 0 && !state.loaded) return withFirstRows(state, jobs, rows);
  const changed = new Map<string, Change>();
  for (const job of rows) {
    const held = jobs.get(job.jobId);
    if (held !== undefined && (job === held || !supersedes(job, held))) continue;
    const earlier = changed.get(job.jobId);
    changed.set(job.jobId, { job, before: earlier === undefined ? held : earlier.before });
    jobs.set(job.jobId, job);
  }
  if (changed.size === 0) return state.loaded ? state : { ...state, loaded: true };
  const changes = [...changed.values()];
  return { ...state, changes, view: patchView(state.view, jobs, changes), loaded: true };
}

/** Adds the first complete answer. There is no earlier answer to compare with. */
function withFirstRows(state: QueueState, jobs: Map<string, JobView>, rows: Iterable<JobView>): QueueState {
  for (const job of rows) {
    const held = jobs.get(job.jobId);
    if (held === undefined || supersedes(job, held)) jobs.set(job.jobId, job);
  }
  return { ...state, view: buildView(jobs.values(), state.view.query), loaded: true };
}

export function withQuery(state: QueueState, query: QueueQuery): QueueState {
  return { ...state, view: buildView(state.jobs.values(), query) };
}

export function withSelected(state: QueueState, jobIds: readonly string[], on: boolean): QueueState {
  const selected = new Set(state.selected);
  for (const jobId of jobIds)
    if (on) selected.add(jobId);
    else selected.delete(jobId);

  return { ...state, selected };
}

export function withNothingSelected(state: QueueState): QueueState {
  return state.selected.size === 0 ? state : { ...state, selected: new Set() };
}

/** The selected jobs that still exist, in the default order. */
export function selectedJobs(state: QueueState): JobView[] {
  return [...state.selected].map((jobId) => state.jobs.get(jobId)).filter((job) => job !== undefined);
}
