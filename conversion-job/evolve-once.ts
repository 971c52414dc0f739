import type { JobEvent } from '../schemas/events/job-events.ts';
import { evolve } from './evolve.ts';
import type { Job } from './job.ts';

/** The name of the field in which an event keeps its last fold. It is not enumerable, so that no copy of the event has it. */
const EVOLVED = Symbol('evolved');

interface Evolved {
  readonly before: Job;
  readonly revision: bigint;
  readonly after: Job;
}

interface Marked {
  [EVOLVED]?: Evolved;
}

/**
 * Folds one event into a job like `evolve`. Projections that are filled together fold the same events. The first
 * projection makes the job. The others get the same object when they had the same job object before the event. So a job
 * is made once and held once, whatever the number of projections (ADR 0204). The event itself keeps the fold, as in
 * `understandJobEventOnce`, because a `WeakMap` costs the garbage collector more.
 */
export function evolveOnce(job: Job, event: JobEvent, revision: bigint): Job {
  const marked = event as Marked;
  const known = marked[EVOLVED];
  if (known?.before === job && known.revision === revision) return known.after;
  const after = evolve(job, event, revision);
  const evolved: Evolved = { before: job, revision, after };
  if (known === undefined) Object.defineProperty(event, EVOLVED, { value: evolved, writable: true });
  else marked[EVOLVED] = evolved;
  return after;
}
