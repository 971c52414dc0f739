import type { ExistingJob, JobFacts } from '../../conversion-job/job.ts';
import type { ColumnValue } from '../../read-store/projection-engine/table.ts';
import type { JobFailureCode } from '../../schemas/error-codes.ts';
import type { JobStateName } from '../../schemas/job-states.ts';
import type { Warning } from '../../schemas/job-events.ts';

/** A row of table `jobs`: the folded job, and the log's position of its last event. */
export interface JobRow {
  readonly job: ExistingJob;
  readonly revision: bigint;
  readonly position: bigint;
}

/** The row as values by column. Columns of another state than the job's are null. */
export function recordOf({ job, position }: JobRow): Record<string, ColumnValue> {
  const failure = job.state === 'failed' ? job.failure : job.state === 'waiting' ? job.lastFailure : null;
  const conversion = job.state === 'ready' || job.state === 'expired' ? job.conversion : null;
  const lease = job.state === 'converting' ? job : null;
  return {
    position,
    job_id: job.jobId,
    owner: job.owner,
    filename: job.filename,
    mapping_id: job.mapping.id,
    mapping_version: job.mapping.version,
    state: job.state,
    attempts: job.attempts,
    runs: job.runs,
    bytes: job.bytes,
    sha256: job.sha256,
    source_key: job.sourceBlobKey,
    priority: job.priority,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    revision: job.revision,
    charged_attempts: job.chargedAttempts,
    attempts_ever: job.attemptsEver,
    first_attempt_at: job.firstAttemptAt,
    error_code: failure?.code ?? null,
    error_reason: failure?.reason ?? null,
    error_message: failure?.message ?? null,
    pages: conversion?.pages ?? null,
    gateway_ms: conversion?.gatewayMs ?? null,
    warnings: conversion ? JSON.stringify(conversion.warnings) : null,
    result_key: conversion?.result.blobKey ?? null,
    result_bytes: conversion?.result.bytes ?? null,
    result_media_type: conversion?.result.mediaType ?? null,
    result_sha256: conversion?.result.sha256 ?? null,
    next_attempt_at: job.state === 'waiting' ? job.notBefore : null,
    lease_until: lease?.leaseUntil ?? null,
    worker_id: lease?.workerId ?? null,
    fencing_token: job.state === 'converting' || job.state === 'ready' ? job.fencingToken : null,
  };
}

/** A row as `pg` gives it: bigint as text, timestamptz as Date, jsonb parsed. */
interface JobRecord {
  readonly job_id: string;
  readonly owner: string;
  readonly filename: string;
  readonly mapping_id: string;
  readonly mapping_version: number;
  readonly state: JobStateName;
  readonly error_code: JobFailureCode;
  readonly error_reason: string | null;
  readonly error_message: string;
  readonly attempts: number;
  readonly runs: number;
  readonly bytes: string;
  readonly sha256: string;
  readonly pages: string;
  readonly warnings: Warning[];
  readonly source_key: string | null;
  readonly result_key: string;
  readonly result_bytes: string;
  readonly result_media_type: string;
  readonly result_sha256: string;
  readonly priority: number;
  readonly next_attempt_at: Date;
  readonly lease_until: Date;
  readonly worker_id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly revision: string;
  readonly position: string;
  readonly charged_attempts: number;
  readonly attempts_ever: number;
  readonly first_attempt_at: Date | null;
  readonly fencing_token: string;
  readonly gateway_ms: string;
}

/** The inverse of `recordOf`, for a row that `select *` gave. */
export function rowOf(record: Readonly<Record<string, unknown>>): JobRow {
  const columns = record as unknown as JobRecord;
  const job = jobOf(columns, factsOf(columns));
  return { job, revision: job.revision, position: BigInt(columns.position) };
}

function factsOf(columns: JobRecord): JobFacts {
  return {
    jobId: columns.job_id,
    owner: columns.owner,
    filename: columns.filename,
    bytes: Number(columns.bytes),
    sha256: columns.sha256,
    mapping: { id: columns.mapping_id, version: columns.mapping_version },
    sourceBlobKey: columns.source_key,
    createdAt: columns.created_at.toISOString(),
    updatedAt: columns.updated_at.toISOString(),
    priority: columns.priority,
    runs: columns.runs,
    attempts: columns.attempts,
    chargedAttempts: columns.charged_attempts,
    attemptsEver: columns.attempts_ever,
    firstAttemptAt: columns.first_attempt_at?.toISOString() ?? null,
    revision: BigInt(columns.revision),
  };
}

function jobOf(columns: JobRecord, facts: JobFacts): ExistingJob {
  const failure = () => ({
    code: columns.error_code,
    reason: columns.error_reason,
    message: columns.error_message,
  });
  const conversion = () => ({
    result: {
      blobKey: columns.result_key,
      sha256: columns.result_sha256,
      bytes: Number(columns.result_bytes),
      mediaType: columns.result_media_type,
    },
    pages: Number(columns.pages),
    gatewayMs: Number(columns.gateway_ms),
    warnings: columns.warnings,
  });
  const { state } = columns;
  switch (state) {
    case 'queued':
    case 'cancelled':
      return { ...facts, state };
    case 'converting': {
      const leaseUntil = columns.lease_until.toISOString();
      return {
        ...facts,
        state,
        workerId: columns.worker_id,
        leaseUntil,
        fencingToken: columns.fencing_token,
      };
    }
    case 'waiting':
      return { ...facts, state, notBefore: columns.next_attempt_at.toISOString(), lastFailure: failure() };
    case 'ready':
      return { ...facts, state, conversion: conversion(), fencingToken: columns.fencing_token };
    case 'failed':
      return { ...facts, state, failure: failure() };
    case 'expired':
      return { ...facts, state, conversion: conversion() };
    default:
      return state satisfies never;
  }
}
