import type { Queryable } from '../../read-store/pool.ts';
import type { JobListQuery } from '../../schemas/protocols/http-api.ts';
import { isActive } from '../../schemas/job-states.ts';
import { withConvertedBefore } from '../tables/converted-before.ts';
import { SHOWN_COLUMNS, type ShownRow } from '../tables/job-row.ts';
import type { ListPlace } from './list-cursor.ts';
import { CREATED_BY_THEN, momentOf, rowsAt } from '../past/past-rows.ts';
import { readAtHead, type AtHead, type Statement } from '../tables/projection-head.ts';

type SortColumn = 'created' | 'updated' | 'filename';

/** File names are sorted by their lower-case characters. The order is the same on every server, with any locale. */
const SORT_EXPRESSION: Readonly<Record<SortColumn, string>> = {
  created: 'created_at',
  updated: 'updated_at',
  filename: 'lower(filename) collate "C"',
};
const SORT_TYPE: Readonly<Record<SortColumn, string>> = {
  created: 'timestamptz',
  updated: 'timestamptz',
  filename: 'text',
};

function sortOf(query: Pick<JobListQuery, 'sort'>): { column: SortColumn; descending: boolean } {
  const descending = query.sort.startsWith('-');
  return { column: (descending ? query.sort.slice(1) : query.sort) as SortColumn, descending };
}

/** The owner and the time of a list. A null `owner` means everyone's jobs, a null `asOf` the present. */
export interface ListScope {
  readonly owner: string | null;
  /** A position. The rows are read as the tables were at this position. */
  readonly asOf: bigint | null;
}

/**
 * The statement for one page of jobs plus one row, which tells whether another page follows. Pages begin at a key and
 * not at a number, so every page takes the same time (A-DS01).
 */
export function listStatement(scope: ListScope, query: JobListQuery, after: ListPlace | null): Statement {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const where = scope.owner === null ? [] : [`owner = ${value(scope.owner)}`];
  if (query.state) where.push(`state = any(${value(query.state)}::text[])`);
  if (query.mapping !== undefined) where.push(`mapping_id = ${value(query.mapping)}`);
  if (query.errorCode !== undefined) where.push(`error_code = ${value(query.errorCode)}`);
  if (query.search !== undefined) where.push(`filename ilike ${value(`%${literally(query.search)}%`)}`);
  const { column, descending } = sortOf(query);
  const sorted = SORT_EXPRESSION[column];
  if (after) {
    const place = `${value(after.value)}::${SORT_TYPE[column]}, ${value(after.jobId)}::uuid`;
    where.push(`(${sorted}, job_id) ${descending ? '<' : '>'} (${place})`);
  }
  const direction = descending ? 'desc' : 'asc';
  const orderAndLimit = `order by ${sorted} ${direction}, job_id ${direction} limit ${value(query.limit + 1)}`;
  const columns = `${SHOWN_COLUMNS.join(', ')}, ${sortValue(column)} as sort_value`;
  if (scope.asOf !== null) {
    const position = value(scope.asOf.toString());
    const there = [...where, CREATED_BY_THEN];
    const few = query.state?.every(isActive) ?? false;
    const rows = rowsAt({ columns: SHOWN_COLUMNS, position, where: there, orderAndLimit, few });
    const then = `${momentOf(position)} select ${columns} from (${rows}) past ${orderAndLimit}`;
    return { text: withConvertedBefore(then), values };
  }
  const conditions = where.length > 0 ? ` where ${where.join(' and ')}` : '';
  const present = `select ${columns} from docket.jobs${conditions} ${orderAndLimit}`;
  return { text: withConvertedBefore(present), values };
}

/** The sort value as text. The database makes the text, so that cursors and rows are compared in the same way. */
function sortValue(column: SortColumn): string {
  return column === 'filename' ? 'lower(filename)' : `${SORT_EXPRESSION[column]}::text`;
}

/** The place of a row of `listStatement`. */
export function placeOf(row: ListedRow): ListPlace {
  return { value: row.sort_value, jobId: row.job_id };
}

/** Binds a cursor to a filter and sort. A cursor is valid only with the same filter and sort. */
export function listBinding({ owner, asOf }: ListScope, query: JobListQuery): readonly string[] {
  const { state, mapping, search, errorCode, sort } = query;
  const filter = JSON.stringify([state ?? null, mapping ?? null, search ?? null, errorCode ?? null]);
  return [owner ?? 'everyone', sort, filter, asOf?.toString() ?? 'now'];
}

/** Escapes `%`, `_` and `\` for a LIKE pattern. */
function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}

/** A row of a page, with its sort value. */
export type ListedRow = ShownRow & { readonly sort_value: string };

/**
 * A page of jobs plus at most one more row, in order.
 * @throws ReadStoreUnavailable
 */
export async function listPage(
  store: Queryable,
  scope: ListScope,
  query: JobListQuery,
  after: ListPlace | null,
): Promise<AtHead<ListedRow>> {
  const { column, descending } = sortOf(query);
  const direction = descending ? 'desc' : 'asc';
  const order = `${SORT_EXPRESSION[column]} ${direction}, job_id ${direction}`;
  return readAtHead<ListedRow>(store, listStatement(scope, query, after), order);
}

/** The statement for one job, now or at a position. A null `owner` means any owner. */
export function oneJob(owner: string | null, jobId: string, asOf: bigint | null = null): Statement {
  const own = '($1::text is null or owner = $1) and job_id = $2';
  if (asOf === null)
    return {
      text: withConvertedBefore(`select ${SHOWN_COLUMNS.join(', ')} from docket.jobs where ${own}`),
      values: [owner, jobId],
    };
  // A job's owner and time of creation never change, and the key of the history begins with them.
  const same = (column: string) => `${column} = (select ${column} from docket.jobs where job_id = $2)`;
  const where = [own, same('owner'), same('created_at')];
  return {
    text: withConvertedBefore(rowsAt({ columns: SHOWN_COLUMNS, position: '$3', where })),
    values: [owner, jobId, asOf.toString()],
  };
}
