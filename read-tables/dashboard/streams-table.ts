import { ABSENT, type ExistingJob, type Job, type JobFacts } from '../../conversion-job/job.ts';
import type { RowTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
  type RecordOf,
} from '../../read-store/projection-engine/table-definition.ts';
import type { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import type { JobStateName } from '../../schemas/job-states.ts';

/** The state of a stream that is needed to count its next event exactly once. */
export interface CountedStream {
  readonly stream: string;
  /** Only the fields that figures need are stored. After a read, the other fields are blank. */
  readonly job: Job;
  /** Time of the request for a conversion that is not finished; null without such a request. */
  readonly activeSince: string | null;
  readonly revision: bigint;
}

const COLUMNS = columnsFor<CountedStream>()({
  stream: { type: 'text', comment: 'Name of the stream.', of: ({ stream }) => stream },
  state: {
    type: 'text',
    nullable: true,
    comment: 'State of its job; null for a stream of the service.',
    of: ({ job }) => (job.state === 'absent' ? null : job.state),
  },
  error_code: {
    type: 'text',
    nullable: true,
    comment: 'Code of a failed job.',
    of: ({ job }) => (job.state === 'failed' ? job.failure.code : null),
  },
  fencing_token: {
    type: 'text',
    nullable: true,
    comment: 'Revision of the claim of a job that is converted.',
    of: ({ job }) => (job.state === 'converting' ? job.fencingToken : null),
  },
  source_bytes: {
    type: 'bigint',
    nullable: true,
    comment: 'Bytes of the PDF while it is kept.',
    of: ({ job }) => (job.state === 'absent' || job.sourceBlobKey === null ? null : job.bytes),
  },
  result_bytes: {
    type: 'bigint',
    nullable: true,
    comment: 'Bytes of the result while it is kept.',
    of: ({ job }) => (job.state === 'ready' ? job.conversion.result.bytes : null),
  },
  active_since: {
    type: 'timestamptz',
    nullable: true,
    comment: 'When the conversion that is still owed was requested.',
    of: ({ activeSince }) => activeSince,
  },
  revision: {
    type: 'bigint',
    comment: 'Revision of the last event that was counted.',
    of: ({ revision }) => revision,
  },
});

type StreamRecord = RecordOf<typeof COLUMNS>;

/**
 * One row for each stream: its last counted revision, and the data needed to count the next event. The revision
 * prevents double counting.
 */
export const streamsTable: RowTable<CountedStream> & DefinedTable = {
  name: 'dashboard_streams',
  columns: listed(COLUMNS),
  keyColumns: 1,
  keyMade: 'with-table',
  writes: 'replace',
  growing: 'revision',
  // A partial index is enough, because few jobs are active.
  indexes: { dashboard_streams_active: '(active_since) where active_since is not null' },
  valuesOf: valuesBy(COLUMNS),
  rowOf: (record) => rowOf(record as StreamRecord),
};

function rowOf(record: StreamRecord): CountedStream {
  const { stream, state } = record;
  return {
    stream,
    job: state === null ? ABSENT : jobOf(record, state as JobStateName),
    activeSince: record.active_since?.toISOString() ?? null,
    revision: BigInt(record.revision),
  };
}

function jobOf(kept: StreamRecord, state: JobStateName): ExistingJob {
  const facts = factsOf(kept);
  const failure = { code: kept.error_code as JobFailureCode, reason: null, message: '' };
  const result = { blobKey: '', sha256: '', bytes: Number(kept.result_bytes ?? 0), mediaType: '' };
  const conversion = { result, pages: 0, gatewayMs: 0, warnings: [] };
  switch (state) {
    case 'queued':
    case 'cancelled':
      return { ...facts, state };
    case 'converting':
      return { ...facts, state, workerId: '', leaseUntil: '', fencingToken: kept.fencing_token! };
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

function factsOf({ source_bytes: sourceBytes, revision }: StreamRecord): JobFacts {
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
