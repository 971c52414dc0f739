import type { RowTable } from '../../read-store/projection-engine/projection.ts';
import type { Column } from '../../read-store/projection-engine/table.ts';
import { recordOf, rowOf, type JobRow } from './row.ts';

/** The columns of table `jobs` in version 1; a test compares them with the live schema. */
const COLUMNS = [
  { name: 'job_id', type: 'uuid' },
  { name: 'owner', type: 'text' },
  { name: 'filename', type: 'text' },
  { name: 'mapping_id', type: 'text' },
  { name: 'mapping_version', type: 'integer' },
  { name: 'state', type: 'text' },
  { name: 'error_code', type: 'text' },
  { name: 'error_reason', type: 'text' },
  { name: 'error_message', type: 'text' },
  { name: 'attempts', type: 'integer' },
  { name: 'runs', type: 'integer' },
  { name: 'bytes', type: 'bigint' },
  { name: 'sha256', type: 'text' },
  { name: 'pages', type: 'bigint' },
  { name: 'warnings', type: 'jsonb' },
  { name: 'source_key', type: 'text' },
  { name: 'result_key', type: 'text' },
  { name: 'result_bytes', type: 'bigint' },
  { name: 'result_media_type', type: 'text' },
  { name: 'result_sha256', type: 'text' },
  { name: 'priority', type: 'integer' },
  { name: 'next_attempt_at', type: 'timestamptz' },
  { name: 'lease_until', type: 'timestamptz' },
  { name: 'worker_id', type: 'text' },
  { name: 'created_at', type: 'timestamptz' },
  { name: 'updated_at', type: 'timestamptz' },
  { name: 'revision', type: 'bigint' },
  { name: 'position', type: 'bigint' },
  { name: 'charged_attempts', type: 'integer' },
  { name: 'attempts_ever', type: 'integer' },
  { name: 'first_attempt_at', type: 'timestamptz' },
  { name: 'fencing_token', type: 'text' },
  { name: 'gateway_ms', type: 'bigint' },
] as const satisfies readonly Column[];

/** One row a job: the fold of its stream. */
export const jobsTable: RowTable<JobRow> = {
  name: 'jobs',
  columns: COLUMNS,
  keyColumns: 1,
  writes: 'replace',
  growing: 'revision',
  valuesOf: (row) => {
    const record = recordOf(row);
    return COLUMNS.map(({ name }) => record[name] ?? null);
  },
  rowOf,
};
