import type { JobCommand } from '../../../schemas/job-commands.ts';
import type { JobEvent } from '../../../schemas/events/job-events.ts';
import { decide, type Decision } from '../../../conversion-job/decide.ts';
import { fold } from '../../../conversion-job/evolve.ts';
import type { Job } from '../../../conversion-job/job.ts';
import type { RetryPolicy } from '../../../conversion-job/retry-policy.ts';

/** The defaults of the retry policy. */
export const POLICY: RetryPolicy = {
  maxAttempts: 3,
  backoffMs: 5_000,
  backoffMaxMs: 60_000,
  jobTimeoutMs: 300_000,
};

/** Folds events into a job, the first at revision 0. */
export function given(...events: readonly JobEvent[]): Job {
  return fold(events.map((event, index) => ({ event, revision: BigInt(index) })));
}

/** Given / when / then for the decider: what a command decides after these events. */
export function scenario(...events: readonly JobEvent[]) {
  return { when: (command: JobCommand): Decision => decide(command, given(...events), POLICY) };
}

/** An instant so many seconds after noon. */
export function at(sec: number): string {
  return new Date(Date.UTC(2026, 9, 1, 12) + sec * 1000).toISOString();
}
