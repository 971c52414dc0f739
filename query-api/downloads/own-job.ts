import { jobDecider } from '../../conversion-job/decider.ts';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { loadStream } from '../../event-store/handle-command.ts';
import { jobStream } from '../../schemas/streams.ts';

/**
 * The job as its own stream tells it. Null when there is none or another owner has it: a caller cannot tell the two
 * apart (promise 8). An operator, who sees everyone's jobs, has no owner.
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
