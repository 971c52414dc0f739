import type { JobCommandType, JobCommand } from '../schemas/job-commands.ts';
import type { JobStateName } from '../schemas/job-states.ts';
import { decide, type Refusal } from './decide.ts';
import type { Conversion, ExistingJob, Failure } from './job.ts';
import type { RetryPolicy } from './retry-policy.ts';

/**
 * Each command in the form in which an authorised sender would send it now. The outcome of an attempt has the token
 * of the running attempt.
 */
export const COMMAND_PROBES: Readonly<Record<JobCommandType, (job: ExistingJob, at: string) => JobCommand>> =
  {
    UploadDocument: (job, at) => ({
      type: 'UploadDocument',
      at,
      jobId: job.jobId,
      owner: job.owner,
      filename: job.filename,
      bytes: job.bytes,
      sha256: job.sha256,
      blobKey: 'sources/probe.pdf',
      mapping: job.mapping,
      priority: 0,
    }),
    RetryConversion: (_job, at) => ({ type: 'RetryConversion', at, priority: 0 }),
    CancelConversion: (_job, at) => ({ type: 'CancelConversion', at, by: 'owner' }),
    RecordDownload: (job, at) => ({
      type: 'RecordDownload',
      at,
      bytes: job.state === 'ready' ? job.conversion.result.bytes : 0,
    }),
    StartAttempt: (_job, at) => ({ type: 'StartAttempt', at, workerId: 'probe', leaseUntil: at }),
    CompleteAttempt: (job, at) => ({
      type: 'CompleteAttempt',
      at,
      fencingToken: tokenOf(job),
      result: { blobKey: 'results/probe', sha256: '0'.repeat(64), bytes: 1, mediaType: 'application/xml' },
      pages: 1,
      gatewayMs: 0,
      warnings: [],
    }),
    ReportFailure: (job, at) => ({
      type: 'ReportFailure',
      at,
      fencingToken: tokenOf(job),
      code: 'IO_ERROR',
      reason: null,
      message: 'probe',
      final: false,
      retryAfterMs: null,
      jitter: 0,
    }),
    AbandonAttempt: (job, at) => ({
      type: 'AbandonAttempt',
      at,
      fencingToken: tokenOf(job),
      cause: 'lease-ended',
    }),
    ExpireResult: (_job, at) => ({ type: 'ExpireResult', at, cause: 'age' }),
    ExpireSource: (_job, at) => ({ type: 'ExpireSource', at, cause: 'age' }),
  };

function tokenOf(job: ExistingJob): string {
  return 'fencingToken' in job ? job.fencingToken : '0';
}

/** Facts outside the job's stream on which the job's waiting can depend. */
export interface Surroundings {
  readonly policy: RetryPolicy;
  /** Time at which the gateway's circuit breaker opened (ISO 8601); null when it is closed. */
  readonly gatewayPausedSince: string | null;
}

/** The decider's present answer to a command: allowed, without effect, or refused by a rule. */
export type CommandVerdict =
  | { readonly command: JobCommandType; readonly answer: 'allowed' | 'no-effect' }
  | {
      readonly command: JobCommandType;
      readonly answer: 'refused';
      readonly code: Refusal['code'];
      readonly rule: string;
    };

export interface Explanation {
  readonly state: JobStateName;
  /** The present state and its cause. */
  readonly because: string;
  /** What happens next without any command, and the earliest time of that; null when nothing happens. */
  readonly next: { readonly what: string; readonly at: string | null } | null;
  readonly commands: readonly CommandVerdict[];
}

/**
 * Explains the state of a job. The decider itself judges each command. So an allowed command would really succeed, and
 * a refusal has the rule's own words.
 * @param now ISO 8601 in UTC with milliseconds
 */
export function explain(job: ExistingJob, now: string, surroundings: Surroundings): Explanation {
  return {
    state: job.state,
    because: because(job),
    next: next(job, now, surroundings.gatewayPausedSince),
    commands: (Object.keys(COMMAND_PROBES) as JobCommandType[]).map((command) =>
      ask(command, job, now, surroundings),
    ),
  };
}

function because(job: ExistingJob): string {
  switch (job.state) {
    case 'queued':
      return job.attempts === 0
        ? `The conversion was requested at ${job.updatedAt} and no worker has claimed it yet.`
        : `Attempt ${job.attemptsEver} ended at ${job.updatedAt} without an outcome, so the job is back in the queue.`;
    case 'converting':
      return `Worker ${job.workerId} claimed attempt ${job.attemptsEver} at ${job.updatedAt}; its lease holds until ${job.leaseUntil}.`;
    case 'waiting':
      return `Attempt ${job.attemptsEver} failed at ${job.updatedAt} with ${named(job.lastFailure)}, which may pass: ${job.lastFailure.message}`;
    case 'ready':
      return `Attempt ${job.attemptsEver} succeeded: ${outcome(job.conversion)}`;
    case 'failed':
      return `The job failed after ${counted(job.attempts, 'attempt')} with ${named(job.failure)}: ${job.failure.message}`;
    case 'cancelled':
      return 'The conversion was cancelled before it had an outcome.';
    case 'expired':
      return 'The conversion succeeded, and its result was removed by the rules of retention.';
    default:
      return job satisfies never;
  }
}

function next(job: ExistingJob, now: string, pausedSince: string | null): Explanation['next'] {
  switch (job.state) {
    case 'queued':
      return { what: `A free worker claims it${paused(pausedSince)}.`, at: null };
    case 'converting':
      return now < job.leaseUntil
        ? {
            what: 'The worker reports an outcome; if it does not, the attempt is abandoned.',
            at: job.leaseUntil,
          }
        : { what: 'The lease has run out; the attempt is abandoned and another worker takes over.', at: now };
    case 'waiting':
      return now < job.notBefore
        ? {
            what: `The backoff ends and the next attempt can be claimed${paused(pausedSince)}.`,
            at: job.notBefore,
          }
        : { what: `The backoff is over; a free worker claims it${paused(pausedSince)}.`, at: null };
    case 'ready':
      return { what: 'The result is kept until its keeping time is over.', at: null };
    case 'failed':
    case 'cancelled':
    case 'expired':
      return null;
    default:
      return job satisfies never;
  }
}

function paused(since: string | null): string {
  return since === null
    ? ''
    : ` once the gateway answers again (claiming is paused by the circuit breaker since ${since})`;
}

function outcome({ result, pages, warnings }: Conversion): string {
  const noted = warnings.length === 0 ? 'no warning' : counted(warnings.length, 'warning');
  return `${counted(result.bytes, 'byte')} of ${result.mediaType} from ${counted(pages, 'page')}, with ${noted}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function named(failure: Failure): string {
  return failure.reason === null ? failure.code : `${failure.code} (${failure.reason})`;
}

function ask(
  command: JobCommandType,
  job: ExistingJob,
  now: string,
  { policy }: Surroundings,
): CommandVerdict {
  const decision = decide(COMMAND_PROBES[command](job, now), job, policy);
  if ('refused' in decision) return { command, answer: 'refused', ...decision.refused };
  return { command, answer: decision.accepted.length === 0 ? 'no-effect' : 'allowed' };
}
