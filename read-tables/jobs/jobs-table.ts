import type { ExistingJob, JobFacts } from '../../conversion-job/job.ts';
import type { RowTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  jsonbOf,
  listed,
  valuesBy,
  type DefinedTable,
  type RecordOf,
} from '../../read-store/projection-engine/table-definition.ts';
import { JOB_FAILURE_CODES } from '../../schemas/errors/error-codes.ts';
import type { ConvertedBy, MappingRef, Warning } from '../../schemas/events/job-events.ts';
import { JOB_STATES } from '../../schemas/job-states.ts';

/** A row of table `jobs`: the folded job, and the log's position of its last event. */
export interface JobRow {
  readonly job: ExistingJob;
  readonly revision: bigint;
  readonly position: bigint;
}

const failureOf = ({ job }: JobRow) =>
  job.state === 'failed' ? job.failure : job.state === 'waiting' ? job.lastFailure : null;
const conversionOf = ({ job }: JobRow) =>
  job.state === 'ready' || job.state === 'expired' ? job.conversion : null;
const leaseOf = ({ job }: JobRow) => (job.state === 'converting' ? job : null);

/** The columns of table `jobs`. Columns that do not apply to the job's state are null. */
export const JOB_COLUMNS = columnsFor<JobRow>()({
  job_id: {
    type: 'uuid',
    comment: 'Id of the job; the same file, owner and mapping always have the same.',
    of: ({ job }) => job.jobId,
  },
  owner: { type: 'text', comment: 'Opaque id of whoever uploaded the file.', of: ({ job }) => job.owner },
  filename: { type: 'text', comment: 'Name of the file at its last upload.', of: ({ job }) => job.filename },
  mapping_id: {
    type: 'text',
    comment: 'Mapping that the file is converted with.',
    of: ({ job }) => job.mapping.id,
  },
  mapping_version: {
    type: 'integer',
    comment: 'Version of that mapping.',
    of: ({ job }) => job.mapping.version,
  },
  state: {
    type: 'text',
    known: { as: 'jobs_state_known', words: JOB_STATES },
    comment: 'State of the job.',
    of: ({ job }) => job.state,
  },
  error_code: {
    type: 'text',
    nullable: true,
    known: { as: 'jobs_error_code_known', words: JOB_FAILURE_CODES },
    comment: 'Why it failed, or what it waits after.',
    of: (row) => failureOf(row)?.code ?? null,
  },
  error_reason: {
    type: 'text',
    nullable: true,
    comment: 'The gateway’s own reason.',
    of: (row) => failureOf(row)?.reason ?? null,
  },
  error_message: {
    type: 'text',
    nullable: true,
    comment: 'The error in one sentence.',
    of: (row) => failureOf(row)?.message ?? null,
  },
  attempts: {
    type: 'integer',
    comment: 'Attempts since the conversion was last requested.',
    of: ({ job }) => job.attempts,
  },
  runs: {
    type: 'integer',
    comment: 'Times the conversion was requested: by upload, retry or upload of the same file again.',
    of: ({ job }) => job.runs,
  },
  bytes: { type: 'bigint', comment: 'Size of the PDF in bytes.', of: ({ job }) => job.bytes },
  sha256: { type: 'text', comment: 'SHA-256 of the PDF in hexadecimal.', of: ({ job }) => job.sha256 },
  pages: {
    type: 'bigint',
    nullable: true,
    comment: 'Pages of the PDF.',
    of: (row) => conversionOf(row)?.pages ?? null,
  },
  warnings: {
    ...jsonbOf<readonly Warning[]>(),
    nullable: true,
    comment: 'Warnings of the conversion, each with code and message.',
    of: (row) => {
      const conversion = conversionOf(row);
      return conversion === null ? null : JSON.stringify(conversion.warnings);
    },
  },
  source_key: {
    type: 'text',
    nullable: true,
    comment: 'Key of the PDF in the blob store; null when it was removed.',
    of: ({ job }) => job.sourceBlobKey,
  },
  result_key: {
    type: 'text',
    nullable: true,
    comment: 'Key of the result in the blob store.',
    of: (row) => conversionOf(row)?.result.blobKey ?? null,
  },
  result_bytes: {
    type: 'bigint',
    nullable: true,
    comment: 'Size of the result in bytes.',
    of: (row) => conversionOf(row)?.result.bytes ?? null,
  },
  result_media_type: {
    type: 'text',
    nullable: true,
    comment: 'Media type of the result.',
    of: (row) => conversionOf(row)?.result.mediaType ?? null,
  },
  result_sha256: {
    type: 'text',
    nullable: true,
    comment: 'SHA-256 of the result in hexadecimal.',
    of: (row) => conversionOf(row)?.result.sha256 ?? null,
  },
  priority: { type: 'integer', comment: 'Higher goes first, -10 to 10.', of: ({ job }) => job.priority },
  next_attempt_at: {
    type: 'timestamptz',
    nullable: true,
    comment: 'When a waiting job is tried again.',
    of: ({ job }) => (job.state === 'waiting' ? job.notBefore : null),
  },
  lease_until: {
    type: 'timestamptz',
    nullable: true,
    comment: 'Until when its worker may hold it without a sign of life.',
    of: (row) => leaseOf(row)?.leaseUntil ?? null,
  },
  worker_id: {
    type: 'text',
    nullable: true,
    comment: 'Worker that converts it.',
    of: (row) => leaseOf(row)?.workerId ?? null,
  },
  created_at: {
    type: 'timestamptz',
    comment: 'When the file was first uploaded.',
    of: ({ job }) => job.createdAt,
  },
  updated_at: {
    type: 'timestamptz',
    comment: 'When the state last changed.',
    of: ({ job }) => job.updatedAt,
  },
  revision: {
    type: 'bigint',
    comment: 'Revision of the last event that was folded into the row.',
    of: ({ job }) => job.revision,
  },
  position: {
    type: 'bigint',
    comment: 'Position of that event in the log.',
    of: ({ position }) => position,
  },
  charged_attempts: {
    type: 'integer',
    comment: 'Attempts that count against the budget.',
    of: ({ job }) => job.chargedAttempts,
  },
  attempts_ever: {
    type: 'integer',
    comment: 'Attempts in the whole life of the job.',
    of: ({ job }) => job.attemptsEver,
  },
  first_attempt_at: {
    type: 'timestamptz',
    nullable: true,
    comment: 'Start of the first attempt since the conversion was last requested.',
    of: ({ job }) => job.firstAttemptAt,
  },
  fencing_token: {
    type: 'text',
    nullable: true,
    comment: 'Revision of the claim that the job is, or was, converted under.',
    of: ({ job }) => (job.state === 'converting' || job.state === 'ready' ? job.fencingToken : null),
  },
  gateway_ms: {
    type: 'bigint',
    nullable: true,
    comment: 'Milliseconds that the gateway took for the result.',
    of: (row) => conversionOf(row)?.gatewayMs ?? null,
  },
  mapping_parameters: {
    ...jsonbOf<NonNullable<MappingRef['parameters']>>(),
    nullable: true,
    comment: 'What the upload told its mapping beside the PDF.',
    of: ({ job: { mapping } }) =>
      mapping.parameters === undefined ? null : JSON.stringify(mapping.parameters),
  },
  converted_by: {
    ...jsonbOf<ConvertedBy>(),
    nullable: true,
    comment: 'The mapping that made the result: its id, version and the hash of its content.',
    of: (row) => {
      const by = conversionOf(row)?.convertedBy;
      return by === undefined ? null : JSON.stringify(by);
    },
  },
});

/** A row of table `jobs` as the driver returns it. */
export type JobRecord = RecordOf<typeof JOB_COLUMNS>;

/** One row for each job: the fold of its stream. */
export const jobsTable: RowTable<JobRow> & DefinedTable = {
  name: 'jobs',
  columns: listed(JOB_COLUMNS),
  keyColumns: 1,
  keyMade: 'with-table',
  writes: 'replace',
  growing: 'revision',
  indexes: {
    jobs_by_owner_state: '(owner, state)',
    jobs_by_owner_position: '(owner, position)',
    jobs_by_state_created: '(state, created_at)',
    jobs_by_position: '(position)',
    // With the position in the index, a list of the past skips jobs that changed later without reading their rows.
    jobs_by_owner_created: '(owner, created_at, job_id, position)',
    jobs_by_created: '(created_at, job_id, position)',
  },
  valuesOf: valuesBy(JOB_COLUMNS),
  rowOf: (record) => rowOf(record as JobRecord),
};

function rowOf(record: JobRecord): JobRow {
  const job = jobOf(record, factsOf(record));
  return { job, revision: job.revision, position: BigInt(record.position) };
}

function factsOf(record: JobRecord): JobFacts {
  const mapping = { id: record.mapping_id, version: record.mapping_version };
  const parameters = record.mapping_parameters;
  return {
    jobId: record.job_id,
    owner: record.owner,
    filename: record.filename,
    bytes: Number(record.bytes),
    sha256: record.sha256,
    mapping: parameters === null ? mapping : { ...mapping, parameters },
    sourceBlobKey: record.source_key,
    createdAt: record.created_at.toISOString(),
    updatedAt: record.updated_at.toISOString(),
    priority: record.priority,
    runs: record.runs,
    attempts: record.attempts,
    chargedAttempts: record.charged_attempts,
    attemptsEver: record.attempts_ever,
    firstAttemptAt: record.first_attempt_at?.toISOString() ?? null,
    revision: BigInt(record.revision),
  };
}

/** Makes the job of a row. The state of the row decides which other columns are set. */
function jobOf(record: JobRecord, facts: JobFacts): ExistingJob {
  const { state } = record;
  switch (state) {
    case 'queued':
    case 'cancelled':
      return { ...facts, state };
    case 'converting':
      return {
        ...facts,
        state,
        workerId: record.worker_id!,
        leaseUntil: record.lease_until!.toISOString(),
        fencingToken: record.fencing_token!,
      };
    case 'waiting': {
      const notBefore = record.next_attempt_at!.toISOString();
      return { ...facts, state, notBefore, lastFailure: failureIn(record) };
    }
    case 'ready': {
      const fencingToken = record.fencing_token!;
      return { ...facts, state, conversion: conversionIn(record), fencingToken };
    }
    case 'failed':
      return { ...facts, state, failure: failureIn(record) };
    case 'expired':
      return { ...facts, state, conversion: conversionIn(record) };
    default:
      return state satisfies never;
  }
}

function failureIn(record: JobRecord) {
  return {
    code: record.error_code!,
    reason: record.error_reason,
    message: record.error_message!,
  };
}

function conversionIn(record: JobRecord) {
  const convertedBy = record.converted_by;
  return {
    result: {
      blobKey: record.result_key!,
      sha256: record.result_sha256!,
      bytes: Number(record.result_bytes!),
      mediaType: record.result_media_type!,
    },
    pages: Number(record.pages!),
    gatewayMs: Number(record.gateway_ms!),
    warnings: [...record.warnings!],
    ...(convertedBy === null ? {} : { convertedBy }),
  };
}
