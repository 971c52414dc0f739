import pLimit from 'p-limit';
import type { Job } from '../../conversion-job/job.ts';

/** Runs the attempt at once or in its turn. An attempt that is ended before its turn does not begin. */
export type LastAttempts = (
  job: Job | undefined,
  cut: AbortSignal,
  attempt: () => Promise<void>,
) => Promise<void>;

/**
 * Runs last attempts one after the other in a processor. An attempt is a last attempt when the job fails if its
 * worker is lost once more. The loss of a worker counts for every job that it was converting, and these jobs return
 * together. In parallel, a document that kills its worker each time would make the other jobs fail too (D31).
 *
 * @param attemptsMax attempts of a job that may end without an outcome, 1 or more
 */
export function lastAttempts(attemptsMax: number): LastAttempts {
  const oneAtATime = pLimit(1);
  return (job, cut, attempt) =>
    isLastAttempt(job, attemptsMax) ? oneAtATime(() => (cut.aborted ? undefined : attempt())) : attempt();
}

/**
 * A queued job with earlier attempts had its last attempt abandoned. After any other failure the job would be
 * waiting.
 */
function isLastAttempt(job: Job | undefined, attemptsMax: number): boolean {
  return job?.state === 'queued' && job.chargedAttempts > 0 && job.chargedAttempts >= attemptsMax - 1;
}
