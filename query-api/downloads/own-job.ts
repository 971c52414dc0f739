import { jobDecider } from '../../conversion-job/decider.ts';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { loadStream } from '../../event-store/handle-command.ts';
import { jobStream } from '../../schemas/events/streams.ts';

/**
 * Reads a job from its own stream. Null when the job does not exist or belongs to another owner, so a caller cannot
 * tell the two cases apart (promise 8). For an operator, who sees everyone's jobs, `owner` is null.
 * @throws LogUnavailable, EventNotUnderstood
 */
export async function findOwnJob(
  log: EventLog,
  policy: RetryPolicy,
  owner: string | null,
  jobId: string,
): Promise<ExistingJob | null> {
  const { state } = await loadStream(log, jobDecider(policy), jobStream(jobId));
  return state.state === 'absent' || (owner !== null && state.owner !== owner) ? null : state;
}
