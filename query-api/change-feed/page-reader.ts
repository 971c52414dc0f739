import type { Queryable } from '../../read-store/pool.ts';
import { withConvertedBefore } from '../tables/converted-before.ts';
import { SHOWN_COLUMNS, jobView, type ShownRow, type LabelOf } from '../tables/job-row.ts';
import { readAtHead } from '../tables/projection-head.ts';
import type { ChangedRow, Page } from './page.ts';
import { rowsPast, type RowScope } from './topic-scope.ts';

/** The most rows in one snapshot message, about 120 KB. If a resuming client misses more rows, it gets a snapshot. */
export const PAGE_ROWS_MAX = 200;

/** Reads the rows of a scope after a position, the oldest change first. */
export type ReadPage = (scope: RowScope, past: bigint, rowsMax: number) => Promise<Page>;

/**
 * @throws ReadStoreUnavailable
 */
export function pageReader(store: Queryable, labelOf: LabelOf): ReadPage {
  return async (scope, past, rowsMax) => {
    const { where, values } = rowsPast(scope, past);
    const limit = `$${values.push(rowsMax + 1)}`;
    const text = withConvertedBefore(
      `select ${SHOWN_COLUMNS.join(', ')} from docket.jobs where ${where} order by position limit ${limit}`,
    );
    const { head, rows } = await readAtHead<ShownRow>(store, { text, values }, 'position');
    return {
      epoch: head.epoch,
      head: head.position,
      rows: rows.slice(0, rowsMax).map((row) => changedRow(row, labelOf)),
      more: rows.length > rowsMax,
    };
  };
}

/** Reads the next pages of many owners' queues in one statement. The pages have the order of the requests. */
export type ReadOwnerPages = (
  asked: readonly { readonly owner: string; readonly past: bigint }[],
  rowsMax: number,
) => Promise<readonly Page[]>;

const OWNER_PAGES = withConvertedBefore(
  `select asked.at::integer as asked, ${SHOWN_COLUMNS.map((column) => `page.${column}`).join(', ')}` +
    ' from unnest($1::text[], $2::bigint[]) with ordinality as asked (owner, past, at)' +
    ` cross join lateral (select ${SHOWN_COLUMNS.join(', ')} from docket.jobs` +
    ' where owner = asked.owner and position > asked.past order by position limit $3) page',
);

/**
 * @throws ReadStoreUnavailable
 */
export function ownerPagesReader(store: Queryable, labelOf: LabelOf): ReadOwnerPages {
  return async (asked, rowsMax) => {
    const pasts = asked.map(({ past }) => (past < 0n ? '-1' : past.toString()));
    const values = [asked.map(({ owner }) => owner), pasts, rowsMax + 1];
    const { head, rows } = await readAtHead<ShownRow & { asked: number }>(
      store,
      { text: OWNER_PAGES, values },
      'asked, position',
    );
    const pages = Map.groupBy(rows, (row) => row.asked);
    return asked.map((_one, index) => {
      const own = pages.get(index + 1) ?? [];
      return {
        epoch: head.epoch,
        head: head.position,
        rows: own.slice(0, rowsMax).map((row) => changedRow(row, labelOf)),
        more: own.length > rowsMax,
      };
    });
  };
}

function changedRow(row: ShownRow, labelOf: LabelOf): ChangedRow {
  return {
    key: row.job_id,
    owner: row.owner,
    position: BigInt(row.position),
    json: JSON.stringify(jobView(row, labelOf)),
  };
}
