import type { JobView } from '../../../schemas/protocols/http-api.ts';
import type { JobStateName } from '../../../schemas/job-states.ts';

/**
 * A copy of the lists in `schemas/job-states.ts`, because an import of that file would add a validator to the bundle.
 * The types refuse a wrong name, and a test compares the lists.
 */
export const STATES = [
  'queued',
  'converting',
  'waiting',
  'ready',
  'failed',
  'cancelled',
  'expired',
] as const satisfies readonly JobStateName[];
export const ACTIVE_STATES: readonly JobStateName[] = ['queued', 'converting', 'waiting'];

export function isActive(job: JobView): boolean {
  return ACTIVE_STATES.includes(job.state);
}

/** A job can be retried when it has no pending outcome and no result to lose. */
export function canRetry(job: JobView): boolean {
  return job.state === 'failed' || job.state === 'cancelled' || job.state === 'expired';
}

export function canDownload(job: JobView): boolean {
  return job.state === 'ready';
}
