import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type ColumnDefinition,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { JOB_COLUMNS, type JobRow } from './jobs-table.ts';

/** A row that an event replaced. */
interface Replaced {
  readonly before: JobRow;
  readonly after: JobRow;
}

type JobColumn = keyof typeof JOB_COLUMNS;

/** A column of `jobs` as it was, without the check of its words: what is past was checked when it stood. */
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
 * The past of table `jobs`: each row that was replaced, with the positions between which it was the row, from `since`
 * (inclusive) until `until` (exclusive). What the queue showed at position P are the rows of `jobs` with a position of P
 * or less and the rows here with `since <= P < until` (ADR 0045). Nothing is ever updated here.
 */
export const historyTable: DerivedTable<JobEvent, JobRow> & DefinedTable = {
  name: 'job_history',
  columns: listed(COLUMNS),
  // In the order of an owner's list, so that the past is paged as the present is.
  keyColumns: 4,
  keyMade: 'at-end',
  writes: 'append',
  indexes: {
    job_history_by_created: '(created_at, job_id)',
    // By state, where few rows stand at any moment among all that ever were; ready and expired ones fill a page without it.
    job_history_by_state:
      "(state, created_at, job_id, owner, since, until) where state not in ('ready', 'expired')",
  },
  entriesOf: (_event, _recorded, before, after) =>
    before === undefined || after === undefined ? [] : [valuesOf({ before, after })],
};
