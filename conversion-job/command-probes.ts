import type { JobCommand, JobCommandType } from '../schemas/job-commands.ts';
import type { ExistingJob } from './job.ts';

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
