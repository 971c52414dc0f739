import { isJobId, type JobId } from './ids.ts';

/** Every job has one stream; nothing else starts with this. */
export const JOB_STREAM_PREFIX = 'job-';

/** Uploads that were refused; bounded by $maxAge. */
export const REJECTED_UPLOADS_STREAM = 'rejected-uploads';

/** The circuit breaker's transitions, so that waiting can be explained. */
export const GATEWAY_STREAM = 'gateway';

/** One small stream an idempotency key, gone after a day. */
export const IDEMPOTENCY_STREAM_PREFIX = 'idempotency-';

/** Streams whose events never leave the log: no `$maxAge`, no deletion. */
export const LASTING_STREAM_PREFIXES = [JOB_STREAM_PREFIX, GATEWAY_STREAM] as const;

export function isLastingStream(stream: string): boolean {
  return LASTING_STREAM_PREFIXES.some((prefix) => stream.startsWith(prefix));
}

/** What projections and the processor follow. Idempotency keys are nobody's business but the write side's. */
export const FOLLOWED_STREAM_PREFIXES = [JOB_STREAM_PREFIX, REJECTED_UPLOADS_STREAM, GATEWAY_STREAM] as const;

/** Nobody writes to such streams: who follows them is told when the connection to the log breaks, and of nothing else. */
export const WATCHED_STREAM_PREFIX = 'docket-watch-';

export function jobStream(jobId: JobId): string {
  return `${JOB_STREAM_PREFIX}${jobId}`;
}

/**
 * The job a stream belongs to, or null for every other stream. Any program that reaches the log can write to
 * `job-anything`: a name without a job id is no job, whatever its events say (ADR 0111).
 */
export function jobIdOfStream(stream: string): JobId | null {
  if (!stream.startsWith(JOB_STREAM_PREFIX)) return null;
  const name = stream.slice(JOB_STREAM_PREFIX.length);
  return isJobId(name) ? name : null;
}

/** A stream named like a job's that belongs to no job. */
export function isMisnamedJobStream(stream: string): boolean {
  return stream.startsWith(JOB_STREAM_PREFIX) && jobIdOfStream(stream) === null;
}
