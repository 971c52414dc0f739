import type { JobCommand } from '../schemas/job-commands.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';
import { decide, type Decision } from './decide.ts';
import { evolve } from './evolve.ts';
import { ABSENT, type Job } from './job.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** The three pure functions of a job, for the code that does the I/O around them. */
export interface JobDecider {
  readonly initial: Job;
  readonly evolve: (job: Job, event: JobEvent, revision: bigint) => Job;
  readonly decide: (command: JobCommand, job: Job) => Decision;
}

/** The decider of conversion jobs under one retry policy. */
export function jobDecider(policy: RetryPolicy): JobDecider {
  return { initial: ABSENT, evolve, decide: (command, job) => decide(command, job, policy) };
}
