import type { Job } from '../../conversion-job/job.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { merged, sameKey, type ColumnValue, type Values } from '../../read-store/projection-engine/table.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { artifactsTable } from './artifacts-table.ts';
import { invoicesTable } from './invoices-table.ts';
import type { JobRow } from './jobs-table.ts';

/** The tables that `docket verify` compares row by row with the job's events. */
const TABLES = [artifactsTable, invoicesTable] as const;

/** The rows of one job in each of these tables, in the order of the tables. */
export type RelatedRows = readonly (readonly Values[])[];

/** The column of `RELATED_ROWS` that holds the rows of a table. */
const columnOf = (name: string): string => `rows_of_${name}`;

/** Selects the rows of a job of `docket.jobs` as JSON, with one column for each table. `relatedRowsIn` reads them. */
export const RELATED_ROWS = TABLES.map(
  ({ name }) =>
    `(select coalesce(jsonb_agg(to_jsonb(${name})), '[]') from docket.${name}
      where ${name}.job_id = jobs.job_id) as ${columnOf(name)}`,
).join(', ');

/** Selects at most $1 jobs that have rows in these tables but none in `docket.jobs`. */
export const ROWS_WITHOUT_A_JOB = `select job_id::text from (${TABLES.map(
  ({ name }) => `select job_id from docket.${name}`,
).join(' union ')}) beside where not exists (select from docket.jobs where jobs.job_id = beside.job_id)
  order by job_id limit $1`;

/** Reads the rows that `RELATED_ROWS` selected. */
export function relatedRowsIn(record: Readonly<Record<string, unknown>>): RelatedRows {
  return TABLES.map(({ name, columns }) => {
    const rows = record[columnOf(name)] as readonly Readonly<Record<string, ColumnValue>>[];
    return rows.map((row) =>
      columns.map((column): ColumnValue => {
        const value = row[column.name] ?? null;
        return value !== null && column.type === 'timestamptz'
          ? new Date(String(value)).toISOString()
          : value;
      }),
    );
  });
}

/** The rows of a job without events. */
export function noRelatedRows(): RelatedRows {
  return TABLES.map(() => []);
}

/**
 * Computes the rows after one more event of the job. The function is pure.
 * @param before the job before the event
 * @param after the job after it
 */
export function rowsAfter(
  rows: RelatedRows,
  { event, recorded }: { readonly event: JobEvent; readonly recorded: StoredEvent },
  { before, after }: { readonly before: Job; readonly after: Job },
): RelatedRows {
  const own = rowOf(after, recorded);
  // As in the engine, a job without a row in `jobs` has no rows in these tables.
  if (own === undefined) return rows;
  let changed: Values[][] | null = null;
  for (const [index, table] of TABLES.entries())
    for (const values of table.entriesOf(event, recorded, rowOf(before, recorded), own)) {
      changed ??= rows.map((each) => [...each]);
      const held = changed[index]!;
      const at = held.findIndex((older) => sameKey(table, older, values));
      if (at < 0) held.push(values);
      else if (table.writes === 'replace') held[at] = merged(table, held[at]!, values);
    }
  return changed ?? rows;
}

/** Finds the first table in which the rows of two folds differ, in any order; null when no table differs. */
export function differingTable(
  expected: RelatedRows,
  found: RelatedRows,
): {
  readonly table: string;
  readonly expected: readonly Values[];
  readonly found: readonly Values[];
} | null {
  for (const [index, { name }] of TABLES.entries())
    if (asText(expected[index]!) !== asText(found[index]!))
      return { table: name, expected: expected[index]!, found: found[index]! };
  return null;
}

function asText(rows: readonly Values[]): string {
  return rows
    .map((values) => JSON.stringify(values.map((value) => (value === null ? null : String(value)))))
    .sort()
    .join();
}

function rowOf(job: Job, { position }: StoredEvent): JobRow | undefined {
  return job.state === 'absent' ? undefined : { job, revision: job.revision, position };
}
