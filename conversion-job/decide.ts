import type {
  AbandonAttempt,
  CompleteAttempt,
  JobCommand,
  ReportFailure,
  StartAttempt,
  UploadDocument,
} from '../schemas/job-commands.ts';
import { ERROR_SENTENCES } from '../schemas/errors/error-sentences.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';
import type { ExistingJob, Job } from './job.ts';
import { attemptsAllowed, backoffMs, type RetryPolicy } from './retry-policy.ts';

/** The reason why a command is refused: a code for programs, and the rule in one sentence. */
export interface Refusal {
  readonly code: 'NOT_FOUND' | 'CONFLICT' | 'EXPIRED' | 'NOT_READY' | 'LEASE_LOST' | 'TOO_EARLY';
  readonly rule: string;
}

/** The events of a command, or a refusal. There are no events when the job already is as the command wants. */
export type Decision = { readonly accepted: readonly JobEvent[] } | { readonly refused: Refusal };

/**
 * Decides the effect of a command on a job. The function is pure: the same job and command always give the same
 * decision. The table in docs/job-states.md lists every state with every command, and `decide.test.ts` checks it.
 */
export function decide(command: JobCommand, job: Job, policy: RetryPolicy): Decision {
  if (command.type === 'UploadDocument') return upload(command, job);
  if (job.state === 'absent') return refuse('NOT_FOUND', 'There is no such job.');
  switch (command.type) {
    case 'RetryConversion':
      return retry(command, job);
    case 'CancelConversion':
      return cancel(command, job);
    case 'StartAttempt':
      return start(command, job);
    case 'CompleteAttempt':
      return complete(command, job);
    case 'ReportFailure':
      return reportFailure(command, job, policy);
    case 'AbandonAttempt':
      return abandon(command, job, policy);
    case 'RecordDownload':
      if (job.state !== 'ready' && job.state !== 'expired')
        return refuse('NOT_READY', `The job is ${job.state}, so nothing was downloaded.`);
      return accept({ type: 'ResultDownloaded', data: { at: command.at, bytes: command.bytes } });
    case 'ExpireResult':
      if (job.state === 'expired') return accept();
      if (job.state !== 'ready')
        return refuse('CONFLICT', `Only the result of a ready job expires; this one is ${job.state}.`);
      return accept({
        type: 'ResultExpired',
        data: { at: command.at, blobKey: job.conversion.result.blobKey, cause: command.cause },
      });
    case 'ExpireSource':
      if (job.sourceBlobKey === null) return accept();
      if (isActive(job)) return refuse('CONFLICT', `The PDF is still needed: the job is ${job.state}.`);
      return accept({
        type: 'SourceExpired',
        data: { at: command.at, blobKey: job.sourceBlobKey, cause: command.cause },
      });
    default:
      return command satisfies never;
  }
}

/**
 * A new upload of the same file reopens a failed, expired or cancelled job. In any other state nothing changes, and the
 * caller gets the existing job.
 */
function upload(command: UploadDocument, job: Job): Decision {
  if (isActive(job) || job.state === 'ready') return accept();
  const { type: _type, priority, ...document } = command;
  return accept(
    { type: 'DocumentUploaded', data: document },
    {
      type: 'ConversionRequested',
      data: { at: command.at, by: job.state === 'absent' ? 'upload' : 're-upload', priority },
    },
  );
}

function retry(command: { at: string; priority: number }, job: ExistingJob): Decision {
  if (job.state !== 'failed' && job.state !== 'cancelled' && job.state !== 'expired')
    return refuse(
      'CONFLICT',
      `Only a failed, cancelled or expired job can be retried; this one is ${job.state}.`,
    );

  if (job.sourceBlobKey === null) return refuse('EXPIRED', ERROR_SENTENCES.EXPIRED);
  return accept({
    type: 'ConversionRequested',
    data: { at: command.at, by: 'retry', priority: command.priority },
  });
}

function cancel(command: { at: string; by: 'owner' | 'operator' }, job: ExistingJob): Decision {
  if (job.state === 'cancelled') return accept();
  if (!isActive(job)) return refuse('CONFLICT', `The job is ${job.state}; there is nothing left to cancel.`);
  return accept({ type: 'ConversionCancelled', data: { at: command.at, by: command.by } });
}

function start(command: StartAttempt, job: ExistingJob): Decision {
  if (job.state === 'waiting' && command.at < job.notBefore)
    return refuse('TOO_EARLY', `The next attempt is not before ${job.notBefore}.`);
  if (job.state !== 'queued' && job.state !== 'waiting')
    return refuse('CONFLICT', `Only a queued or waiting job can be claimed; this one is ${job.state}.`);
  const { at, workerId, leaseUntil } = command;
  return accept({
    type: 'ConversionStarted',
    data: { at, attempt: job.attemptsEver + 1, workerId, leaseUntil },
  });
}

function complete(command: CompleteAttempt, job: ExistingJob): Decision {
  if (job.state === 'ready' && job.fencingToken === command.fencingToken) return accept();
  if (job.state !== 'converting' || job.fencingToken !== command.fencingToken) return leaseLost(job);
  const { type: _type, warnings, ...outcome } = command;
  return accept({
    type: 'ConversionSucceeded',
    data: { ...outcome, warnings: [...warnings], attempt: job.attemptsEver },
  });
}

/** Requests another attempt if the budget of the code and the job's timeout allow it. Otherwise the job fails. */
function reportFailure(command: ReportFailure, job: ExistingJob, policy: RetryPolicy): Decision {
  if (job.state !== 'converting' || job.fencingToken !== command.fencingToken) return leaseLost(job);
  const { at, fencingToken, code, reason, message } = command;
  const failed = (as: { code: typeof code; message: string }): Decision =>
    accept({ type: 'ConversionFailed', data: { at, attempts: job.attempts, fencingToken, reason, ...as } });
  if (command.final || job.chargedAttempts >= attemptsAllowed(code, policy)) return failed({ code, message });
  const waitMs = backoffMs(job.chargedAttempts, command.jitter, command.retryAfterMs, policy);
  const notBefore = later(at, waitMs);
  if (notBefore > later(job.firstAttemptAt ?? at, policy.jobTimeoutMs))
    return failed({
      code: 'JOB_TIMEOUT',
      message: `No attempt succeeded within the time for one job; last error: ${message}`.slice(0, 500),
    });

  return accept({
    type: 'ConversionDeferred',
    data: { at, attempt: job.attemptsEver, fencingToken, code, reason, message, notBefore },
  });
}

/** Gives the attempt back. A job whose attempts all end like this is a poison job, and fails (D31). */
function abandon(command: AbandonAttempt, job: ExistingJob, policy: RetryPolicy): Decision {
  if (job.state !== 'converting' || job.fencingToken !== command.fencingToken) return leaseLost(job);
  const { at, fencingToken, cause } = command;
  const abandoned: JobEvent = {
    type: 'AttemptAbandoned',
    data: { at, attempt: job.attemptsEver, fencingToken, cause },
  };
  if (cause === 'shutdown' || job.chargedAttempts < attemptsAllowed('ABANDONED', policy))
    return accept(abandoned);
  return accept(abandoned, {
    type: 'ConversionFailed',
    data: {
      at,
      attempts: job.attempts,
      fencingToken: null,
      code: 'ABANDONED',
      reason: null,
      message: `The worker stopped without an outcome ${job.chargedAttempts} times while converting this file.`,
    },
  });
}

function isActive(job: Job): boolean {
  return job.state === 'queued' || job.state === 'converting' || job.state === 'waiting';
}

function leaseLost(job: ExistingJob): Decision {
  return refuse('LEASE_LOST', `The attempt no longer holds the lease: the job is ${job.state}.`);
}

/** `at` plus `ms`, as ISO 8601 in UTC with milliseconds, so that text order is time order. */
function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}

function accept(...accepted: readonly JobEvent[]): Decision {
  return { accepted };
}

function refuse(code: Refusal['code'], rule: string): Decision {
  return { refused: { code, rule } };
}
