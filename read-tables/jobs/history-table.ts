import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type ColumnDefinition,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { JOB_COLUMNS, type JobRow } from './jobs-table.ts';

/** A row that an event replaced. */
interface Replaced {
  readonly before: JobRow;
  readonly after: JobRow;
}

type JobColumn = keyof typeof JOB_COLUMNS;

/**
 * A column of `jobs` for past rows, without the check of its words, because the row passed that check when it was
 * current.
 */
function past<Name extends JobColumn>(name: Name): { readonly [Key in Name]: ColumnDefinition<Replaced> } {
  const { known: _known, ...column }: ColumnDefinition<JobRow> = JOB_COLUMNS[name];
  return { [name]: { ...column, of: ({ before }: Replaced) => column.of(before) } } as {
    readonly [Key in Name]: ColumnDefinition<Replaced>;
  };
}

const COLUMNS = columnsFor<Replaced>()({
  ...past('owner'),
  ...past('created_at'),
  ...past('job_id'),
  ...past('revision'),
  since: {
    type: 'bigint',
    comment: 'Position of the event that made the row.',
    of: ({ before }) => before.position,
  },
  until: {
    type: 'bigint',
    comment: 'Position of the event that replaced it.',
    of: ({ after }) => after.position,
  },
  ...past('filename'),
  ...past('mapping_id'),
  ...past('mapping_version'),
  ...past('state'),
  ...past('error_code'),
  ...past('error_reason'),
  ...past('error_message'),
  ...past('attempts'),
  ...past('bytes'),
  ...past('pages'),
  ...past('warnings'),
  ...past('result_bytes'),
  ...past('result_media_type'),
  ...past('result_sha256'),
  ...past('next_attempt_at'),
  ...past('updated_at'),
  ...past('mapping_parameters'),
  ...past('converted_by'),
});

const valuesOf = valuesBy(COLUMNS);

/**
 * The past of table `jobs`: every replaced row. The row was current between the positions `since` (inclusive) and
 * `until` (exclusive). The queue at position P has two kinds of rows (ADR 0045). They are the rows of `jobs` with a
 * position of at most P, and the rows of this table with `since <= P < until`. Rows of this table are never updated.
 */
export const historyTable: DerivedTable<JobEvent, JobRow> & DefinedTable = {
  name: 'job_history',
  columns: listed(COLUMNS),
  // The order of an owner's list, so that pages of the past work like pages of the present.
  keyColumns: 4,
  keyMade: 'at-end',
  writes: 'append',
  indexes: {
    job_history_by_created: '(created_at, job_id)',
    // An index by state, for states that few rows have at any moment. Ready and expired rows are so frequent that a
    // page fills quickly without the index.
    job_history_by_state:
      "(state, created_at, job_id, owner, since, until) where state not in ('ready', 'expired')",
  },
  entriesOf: (_event, _recorded, before, after) =>
    before === undefined || after === undefined ? [] : [valuesOf({ before, after })],
};
