import { z } from 'zod';

/**
 * The states of a job, in the order of its life. The only list: Postgres constraints, the HTTP and live schemas,
 * metrics and the badges of the web app are made from it (R03.01).
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

/** States that move on by themselves. Retention never touches the files of a job in one of them. */
export const ACTIVE_JOB_STATES = [
  'queued',
  'converting',
  'waiting',
] as const satisfies readonly JobStateName[];

/** True while Docket still owes the job an outcome. */
export function isActive(state: JobStateName): boolean {
  return (ACTIVE_JOB_STATES as readonly JobStateName[]).includes(state);
}
