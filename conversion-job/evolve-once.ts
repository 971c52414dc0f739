import type { JobEvent } from '../schemas/job-events.ts';
import { evolve } from './evolve.ts';
import type { Job } from './job.ts';

interface Evolved {
  readonly before: Job;
  readonly revision: bigint;
  readonly after: Job;
}

/** The last fold of each event that is still in memory. */
const lastFolds = new WeakMap<JobEvent, Evolved>();

/**
 * Folds one event into a job like `evolve`. Projections that are filled together fold the same events. The first
 * projection makes the job. The others get the same object when they had the same job object before the event. So a job
 * is made once and held once, whatever the number of projections (ADR 0204).
 */
export function evolveOnce(job: Job, event: JobEvent, revision: bigint): Job {
  const known = lastFolds.get(event);
  if (known?.before === job && known.revision === revision) return known.after;
  const after = evolve(job, event, revision);
  lastFolds.set(event, { before: job, revision, after });
  return after;
}
