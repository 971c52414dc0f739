import type { JobView } from '../../../schemas/http-api.ts';
import type { QueueQuery } from './queue-query.ts';
import { buildView, patchView, type QueueView } from './queue-view.ts';

/** The queue in memory. `loaded` is false until a first whole answer came, by socket or by request. */
export interface QueueState {
  readonly jobs: ReadonlyMap<string, JobView>;
  readonly view: QueueView;
  readonly selected: ReadonlySet<string>;
  readonly loaded: boolean;
}

export function emptyQueue(query: QueueQuery): QueueState {
  return { jobs: new Map(), view: buildView([], query), selected: new Set(), loaded: false };
}

/** Never takes a row back to an earlier revision, whichever way the later one came. */
export function supersedes(job: JobView, held: JobView): boolean {
  return job.revision >= held.revision;
}

/** Rows that came in. */
export function withRows(state: QueueState, rows: Iterable<JobView>): QueueState {
  const changed = new Map<string, JobView>();
  for (const row of rows) {
    const held = changed.get(row.jobId) ?? state.jobs.get(row.jobId);
    if (held === undefined || (supersedes(row, held) && row !== held)) changed.set(row.jobId, row);
  }
  if (changed.size === 0) return state.loaded ? state : { ...state, loaded: true };
  const jobs = new Map(state.jobs);
  for (const job of changed.values()) jobs.set(job.jobId, job);
  const view = patchView(state.view, state.jobs, jobs, [...changed.values()]);
  return { ...state, jobs, view, loaded: true };
}

export function withQuery(state: QueueState, query: QueueQuery): QueueState {
  return { ...state, view: buildView(state.jobs.values(), query) };
}

export function withSelected(state: QueueState, jobIds: readonly string[], on: boolean): QueueState {
  const selected = new Set(state.selected);
  for (const jobId of jobIds) {
    if (on) selected.add(jobId);
    else selected.delete(jobId);
  }
  return { ...state, selected };
}

export function withNothingSelected(state: QueueState): QueueState {
  return state.selected.size === 0 ? state : { ...state, selected: new Set() };
}

/** The selected jobs that still exist, in the order they are shown first. */
export function selectedJobs(state: QueueState): JobView[] {
  return [...state.selected].map((jobId) => state.jobs.get(jobId)).filter((job) => job !== undefined);
}
