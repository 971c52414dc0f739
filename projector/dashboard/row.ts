import { ABSENT, type ExistingJob, type Job, type JobFacts } from '../../conversion-job/job.ts';
import type { RowTable } from '../../read-store/projection-engine/projection.ts';
import type { JobFailureCode } from '../../schemas/error-codes.ts';
import type { JobStateName } from '../../schemas/job-states.ts';

/** What is remembered of a stream so that its next event is counted right, and once. */
export interface CountedStream {
  readonly stream: string;
  /** Only what figures are made of is kept of it; the rest is blank after it was read back. */
  readonly job: Job;
  /** When the conversion that is still owed was requested; null when nothing is owed. */
  readonly activeSince: string | null;
  readonly revision: bigint;
}

/** One row a stream: the last event counted. */
export const streamsTable: RowTable<CountedStream> = {
  name: 'dashboard_streams',
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'state', type: 'text' },
    { name: 'error_code', type: 'text' },
    { name: 'fencing_token', type: 'text' },
    { name: 'source_bytes', type: 'bigint' },
    { name: 'result_bytes', type: 'bigint' },
    { name: 'active_since', type: 'timestamptz' },
    { name: 'revision', type: 'bigint' },
  ],
  keyColumns: 1,
  writes: 'replace',
  growing: 'revision',
  valuesOf: ({ stream, job, activeSince, revision }) => [
    stream,
    job.state === 'absent' ? null : job.state,
    job.state === 'failed' ? job.failure.code : null,
    job.state === 'converting' ? job.fencingToken : null,
    job.state === 'absent' || job.sourceBlobKey === null ? null : job.bytes,
    job.state === 'ready' ? job.conversion.result.bytes : null,
    activeSince,
    revision,
  ],
  rowOf: (record) => {
    const kept = record as unknown as KeptColumns;
    return {
      stream: kept.stream,
      job: kept.state === null ? ABSENT : jobOf(kept, kept.state),
      activeSince: kept.active_since?.toISOString() ?? null,
      revision: BigInt(kept.revision),
    };
  },
};

/** A row as `pg` gives it: bigint as text, timestamptz as Date. */
interface KeptColumns {
  readonly stream: string;
  readonly state: JobStateName | null;
  readonly error_code: JobFailureCode;
  readonly fencing_token: string;
  readonly source_bytes: string | null;
  readonly result_bytes: string | null;
  readonly active_since: Date | null;
  readonly revision: string;
}

function jobOf(kept: KeptColumns, state: JobStateName): ExistingJob {
  const facts = factsOf(kept);
  const failure = { code: kept.error_code, reason: null, message: '' };
  const result = { blobKey: '', sha256: '', bytes: Number(kept.result_bytes ?? 0), mediaType: '' };
  const conversion = { result, pages: 0, gatewayMs: 0, warnings: [] };
  switch (state) {
    case 'queued':
    case 'cancelled':
      return { ...facts, state };
    case 'converting':
      return { ...facts, state, workerId: '', leaseUntil: '', fencingToken: kept.fencing_token };
    case 'waiting':
      return { ...facts, state, notBefore: '', lastFailure: failure };
    case 'ready':
      return { ...facts, state, conversion, fencingToken: '' };
    case 'failed':
      return { ...facts, state, failure };
    case 'expired':
      return { ...facts, state, conversion };
    default:
      return state satisfies never;
  }
}

function factsOf({ source_bytes: sourceBytes, revision }: KeptColumns): JobFacts {
  return {
    jobId: '',
    owner: '',
    filename: '',
    sha256: '',
    mapping: { id: '', version: 1 },
    bytes: Number(sourceBytes ?? 0),
    sourceBlobKey: sourceBytes === null ? null : '',
    createdAt: '',
    updatedAt: '',
    priority: 0,
    runs: 0,
    attempts: 0,
    chargedAttempts: 0,
    attemptsEver: 0,
    firstAttemptAt: null,
    revision: BigInt(revision),
  };
}
