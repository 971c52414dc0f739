import type { Queryable } from '../queryable.ts';
import type { FoldedRow, Projection } from './projection.ts';
import type { Table } from './table.ts';

/**
 * The keys of empty tables that rows are replaced or added to by. A key that is made when all rows are there is sorted
 * once; one that is there before costs a search for every row.
 */
export async function dropKeys<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  schema: string,
): Promise<void> {
  for (const { name } of keyedTables(projection))
    await on.query(`alter table ${schema}.${name} drop constraint ${name}_pkey`);
}

/** Makes them again. @throws as the statement, when two rows have the same key */
export async function addKeys<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  schema: string,
): Promise<void> {
  for (const { name, columns, keyColumns } of keyedTables(projection)) {
    const key = columns.slice(0, keyColumns).map((column) => column.name);
    await on.query(`alter table ${schema}.${name} add primary key (${key.join(', ')})`);
  }
}

/** Tables that are only appended to have no key while they are built. */
function keyedTables<Event, Row extends FoldedRow>({
  rows,
  derived,
}: Projection<Event, Row>): readonly Table[] {
  return [rows, ...derived.filter(({ writes }) => writes !== 'append')];
}
