import type { JobId } from './ids.ts';

/** Every job has one stream; nothing else starts with this. */
export const JOB_STREAM_PREFIX = 'job-';

/** Uploads that were refused; bounded by $maxAge. */
export const REJECTED_UPLOADS_STREAM = 'rejected-uploads';

/** The circuit breaker's transitions, so that waiting can be explained. */
export const GATEWAY_STREAM = 'gateway';

/** One small stream an idempotency key, gone after a day. */
export const IDEMPOTENCY_STREAM_PREFIX = 'idempotency-';

/** What projections and the processor follow. Idempotency keys are nobody's business but the write side's. */
export const FOLLOWED_STREAM_PREFIXES = [JOB_STREAM_PREFIX, REJECTED_UPLOADS_STREAM, GATEWAY_STREAM] as const;

export function jobStream(jobId: JobId): string {
  return `${JOB_STREAM_PREFIX}${jobId}`;
}

/** The job a stream belongs to, or null for every other stream. */
export function jobIdOfStream(stream: string): JobId | null {
  return stream.startsWith(JOB_STREAM_PREFIX) ? stream.slice(JOB_STREAM_PREFIX.length) : null;
}
