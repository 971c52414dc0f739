import { z } from 'zod';

/**
 * The states of a job, in the order of its life. All other lists come from this list: Postgres constraints, the HTTP
 * and live schemas, metrics and the badges of the web app (R03.01).
 */
export const JOB_STATES = [
  'queued',
  'converting',
  'waiting',
  'ready',
  'failed',
  'cancelled',
  'expired',
] as const;

export const JobStateName = z.enum(JOB_STATES);
export type JobStateName = z.infer<typeof JobStateName>;

/** States from which Docket itself continues. Retention never removes files of a job in such a state. */
export const ACTIVE_JOB_STATES = [
  'queued',
  'converting',
  'waiting',
] as const satisfies readonly JobStateName[];

/** True while the job has no outcome yet. */
export function isActive(state: JobStateName): boolean {
  return (ACTIVE_JOB_STATES as readonly JobStateName[]).includes(state);
}
