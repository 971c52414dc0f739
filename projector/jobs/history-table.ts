import type { DerivedTable } from '../../read-store/projection-engine/projection.ts';
import type { Column } from '../../read-store/projection-engine/table.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { recordOf, type JobRow } from './row.ts';

const COLUMNS = [
  { name: 'owner', type: 'text' },
  { name: 'created_at', type: 'timestamptz' },
  { name: 'job_id', type: 'uuid' },
  { name: 'revision', type: 'bigint' },
  { name: 'since', type: 'bigint' },
  { name: 'until', type: 'bigint' },
  { name: 'filename', type: 'text' },
  { name: 'mapping_id', type: 'text' },
  { name: 'mapping_version', type: 'integer' },
  { name: 'state', type: 'text' },
  { name: 'error_code', type: 'text' },
  { name: 'error_reason', type: 'text' },
  { name: 'error_message', type: 'text' },
  { name: 'attempts', type: 'integer' },
  { name: 'bytes', type: 'bigint' },
  { name: 'pages', type: 'bigint' },
  { name: 'warnings', type: 'jsonb' },
  { name: 'result_bytes', type: 'bigint' },
  { name: 'result_media_type', type: 'text' },
  { name: 'result_sha256', type: 'text' },
  { name: 'next_attempt_at', type: 'timestamptz' },
  { name: 'updated_at', type: 'timestamptz' },
] as const satisfies readonly Column[];

/**
 * The past of table `jobs`: each row that an event replaced, and the positions between which it stood. The present
 * row is in `jobs`, so nothing is ever updated here.
 */
export const historyTable: DerivedTable<JobEvent, JobRow> = {
  name: 'job_history',
  columns: COLUMNS,
  keyColumns: 4,
  writes: 'append',
  entriesOf: (_event, _recorded, before, after) => {
    if (before === undefined || after === undefined) return [];
    const record = recordOf(before);
    return [
      COLUMNS.map(({ name }) =>
        name === 'since' ? before.position : name === 'until' ? after.position : (record[name] ?? null),
      ),
    ];
  },
};
