import { isJobId, type JobId } from '../ids.ts';

/** Every job has one stream. Only these streams begin with this prefix. */
export const JOB_STREAM_PREFIX = 'job-';

/** The stream of refused uploads, bounded by `$maxAge`. */
export const REJECTED_UPLOADS_STREAM = 'rejected-uploads';

/** The stream of the circuit breaker's transitions, which explain waiting times. */
export const GATEWAY_STREAM = 'gateway';

/** Each idempotency key has one small stream, which the store drops after a day. */
export const IDEMPOTENCY_STREAM_PREFIX = 'idempotency-';

/** Streams whose events never leave the log: Docket sets no `$maxAge` and deletes nothing. */
export const LASTING_STREAM_PREFIXES = [JOB_STREAM_PREFIX, GATEWAY_STREAM] as const;

export function isLastingStream(stream: string): boolean {
  return LASTING_STREAM_PREFIXES.some((prefix) => stream.startsWith(prefix));
}

/** The streams that projections and the processor follow. Only the write side reads idempotency keys. */
export const FOLLOWED_STREAM_PREFIXES = [JOB_STREAM_PREFIX, REJECTED_UPLOADS_STREAM, GATEWAY_STREAM] as const;

/**
 * The prefix of streams to which nobody writes. A follower of such streams gets no events, and notices only when the
 * connection to the log breaks.
 */
export const WATCHED_STREAM_PREFIX = 'docket-watch-';

export function jobStream(jobId: JobId): string {
  return `${JOB_STREAM_PREFIX}${jobId}`;
}

/** The last answer of `jobIdOfStream`: several callers in turn ask it about each event of a rebuild. */
let lastAsked: { readonly stream: string; readonly jobId: JobId | null } = { stream: '', jobId: null };

/**
 * The job of a stream, or null for every other stream. Any program that reaches the log can write to `job-anything`.
 * So a stream without a job id in its name is no job's stream, whatever its events contain (ADR 0111).
 */
export function jobIdOfStream(stream: string): JobId | null {
  if (stream === lastAsked.stream) return lastAsked.jobId;
  const name = stream.startsWith(JOB_STREAM_PREFIX) ? stream.slice(JOB_STREAM_PREFIX.length) : '';
  lastAsked = { stream, jobId: isJobId(name) ? name : null };
  return lastAsked.jobId;
}

/** True for a stream that begins with the job prefix and belongs to no job. */
export function isMisnamedJobStream(stream: string): boolean {
  return stream.startsWith(JOB_STREAM_PREFIX) && jobIdOfStream(stream) === null;
}
