import type { JobEvent } from '../schemas/events/job-events.ts';
import type { ExistingJob, Job, JobFacts } from './job.ts';

/**
 * Folds one event into a job. For any order of events it returns a job and never throws. An event that cannot apply
 * changes only the revision, because the fold cannot change the log. For example, it ignores the outcome of an
 * attempt that is not running.
 */
export function evolve(job: Job, event: JobEvent, revision: bigint): Job {
  if (event.type === 'DocumentUploaded') return uploaded(job, event.data, revision);
  if (job.state === 'absent') return job;
  const facts: JobFacts = { ...factsOf(job), updatedAt: event.data.at, revision };
  return apply(job, facts, event) ?? { ...job, revision };
}

/** Folds a whole stream, beginning with the first event. */
export function fold(
  events: Iterable<{ event: JobEvent; revision: bigint }>,
  from: Job = { state: 'absent' },
): Job {
  let job = from;
  for (const { event, revision } of events) job = evolve(job, event, revision);
  return job;
}

/** Returns the next job, or null for an event that does not apply to this job. */
function apply(
  job: ExistingJob,
  facts: JobFacts,
  event: Exclude<JobEvent, { type: 'DocumentUploaded' }>,
): Job | null {
  switch (event.type) {
    case 'ConversionRequested':
      return {
        ...facts,
        state: 'queued',
        priority: event.data.priority,
        runs: facts.runs + 1,
        attempts: 0,
        chargedAttempts: 0,
        firstAttemptAt: null,
      };
    case 'ConversionStarted':
      if (job.state !== 'queued' && job.state !== 'waiting') return null;
      return {
        ...facts,
        state: 'converting',
        attempts: facts.attempts + 1,
        chargedAttempts: facts.chargedAttempts + 1,
        attemptsEver: facts.attemptsEver + 1,
        firstAttemptAt: facts.firstAttemptAt ?? event.data.at,
        workerId: event.data.workerId,
        leaseUntil: event.data.leaseUntil,
        fencingToken: facts.revision.toString(),
      };
    case 'ConversionDeferred':
      if (!holdsLease(job, event.data.fencingToken)) return null;
      return {
        ...facts,
        state: 'waiting',
        notBefore: event.data.notBefore,
        lastFailure: failureOf(event.data),
      };
    case 'AttemptAbandoned':
      if (!holdsLease(job, event.data.fencingToken)) return null;
      return {
        ...facts,
        state: 'queued',
        chargedAttempts: facts.chargedAttempts - (event.data.cause === 'shutdown' ? 1 : 0),
      };
    case 'ConversionSucceeded': {
      if (!holdsLease(job, event.data.fencingToken)) return null;
      const { result, pages, gatewayMs, warnings, convertedBy, fencingToken } = event.data;
      const by = convertedBy === undefined ? {} : { convertedBy };
      const conversion = { result, pages, gatewayMs, warnings, ...by };
      return { ...facts, state: 'ready', conversion, fencingToken };
    }
    case 'ConversionFailed':
      if (!isUnfinished(job)) return null;
      return { ...facts, state: 'failed', failure: failureOf(event.data) };
    case 'ConversionCancelled':
      return isUnfinished(job) ? { ...facts, state: 'cancelled' } : null;
    case 'ResultDownloaded':
      return null;
    case 'ResultExpired':
      return job.state === 'ready' ? { ...facts, state: 'expired', conversion: job.conversion } : null;
    case 'SourceExpired':
      return { ...job, ...facts, sourceBlobKey: null };
    default:
      // At run time, a caller may pass an event that belongs to no job.
      event satisfies never;
      return null;
  }
}

function uploaded(
  job: Job,
  upload: Extract<JobEvent, { type: 'DocumentUploaded' }>['data'],
  revision: bigint,
): Job {
  const before = job.state === 'absent' ? null : job;
  return {
    state: 'queued',
    jobId: upload.jobId,
    owner: upload.owner,
    filename: upload.filename,
    bytes: upload.bytes,
    sha256: upload.sha256,
    mapping: upload.mapping,
    sourceBlobKey: upload.blobKey,
    createdAt: before?.createdAt ?? upload.at,
    updatedAt: upload.at,
    priority: before?.priority ?? 0,
    runs: before?.runs ?? 0,
    attempts: 0,
    chargedAttempts: 0,
    attemptsEver: before?.attemptsEver ?? 0,
    firstAttemptAt: null,
    revision,
  };
}

function factsOf(job: ExistingJob): JobFacts {
  const { jobId, owner, filename, bytes, sha256, mapping, sourceBlobKey, createdAt, updatedAt } = job;
  const { priority, runs, attempts, chargedAttempts, attemptsEver, firstAttemptAt, revision } = job;
  return {
    jobId,
    owner,
    filename,
    bytes,
    sha256,
    mapping,
    sourceBlobKey,
    createdAt,
    updatedAt,
    priority,
    runs,
    attempts,
    chargedAttempts,
    attemptsEver,
    firstAttemptAt,
    revision,
  };
}

function holdsLease(job: ExistingJob, fencingToken: string): boolean {
  return job.state === 'converting' && job.fencingToken === fencingToken;
}

function isUnfinished(job: ExistingJob): boolean {
  return job.state === 'queued' || job.state === 'converting' || job.state === 'waiting';
}

function failureOf({
  code,
  reason,
  message,
}: {
  code: Failure['code'];
  reason: string | null;
  message: string;
}): Failure {
  return { code, reason, message };
}

type Failure = Extract<Job, { state: 'failed' }>['failure'];
