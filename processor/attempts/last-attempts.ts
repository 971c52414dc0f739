import pLimit from 'p-limit';
import type { Job } from '../../conversion-job/job.ts';

/** Runs the attempt at once, or in its turn; one whose turn comes after it was cut is not begun. */
export type LastAttempts = (
  job: Job | undefined,
  cut: AbortSignal,
  attempt: () => Promise<void>,
) => Promise<void>;

/**
 * Has jobs that fail if their worker is lost once more converted one after the other in a processor. A dead worker is
 * charged to every job it was converting, and they come back together: without this a document that kills its worker
 * each time would take those beside it along (D31).
 *
 * @param attemptsMax attempts of a job that may end without an outcome, 1 or more
 */
export function lastAttempts(attemptsMax: number): LastAttempts {
  const oneAtATime = pLimit(1);
  return (job, cut, attempt) =>
    isLastAttempt(job, attemptsMax) ? oneAtATime(() => (cut.aborted ? undefined : attempt())) : attempt();
}

/** Queued with attempts behind it means that the last one was abandoned; any other end but success makes it wait. */
function isLastAttempt(job: Job | undefined, attemptsMax: number): boolean {
  return job?.state === 'queued' && job.chargedAttempts > 0 && job.chargedAttempts >= attemptsMax - 1;
}
