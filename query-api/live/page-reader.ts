import type { Queryable } from '../../read-store/pool.ts';
import { JOB_COLUMNS, jobView, type JobRow, type LabelOf } from '../job-row.ts';
import { readAtHead } from '../projection-head.ts';
import type { ChangedRow, Page } from './subscription.ts';
import { rowsPast, type RowScope } from './topic-scope.ts';

/** Rows in one frame of a snapshot, about 120 KB; a resume that would need more becomes a snapshot. */
export const PAGE_ROWS_MAX = 200;

/** Reads the rows of a scope past a position, the oldest change first. */
export type ReadPage = (scope: RowScope, past: bigint, rowsMax: number) => Promise<Page>;

/**
 * @throws ReadStoreUnavailable
 */
export function pageReader(store: Queryable, labelOf: LabelOf): ReadPage {
  return async (scope, past, rowsMax) => {
    const { where, values } = rowsPast(scope, past);
    const limit = `$${values.push(rowsMax + 1)}`;
    const text = `select ${JOB_COLUMNS.join(', ')} from docket.jobs where ${where} order by position limit ${limit}`;
    const { head, rows } = await readAtHead<JobRow>(store, { text, values }, 'position');
    return {
      epoch: head.epoch,
      head: head.position,
      rows: rows.slice(0, rowsMax).map((row) => changedRow(row, labelOf)),
      more: rows.length > rowsMax,
    };
  };
}

function changedRow(row: JobRow, labelOf: LabelOf): ChangedRow {
  return {
    key: row.job_id,
    owner: row.owner,
    position: BigInt(row.position),
    json: JSON.stringify(jobView(row, labelOf)),
  };
}
