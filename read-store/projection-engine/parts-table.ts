import type { Queryable } from '../queryable.ts';
import { onConflict } from './statement.ts';
import type { Table } from './table.ts';

/** Where the parts of the sums of an `add` table are gathered while it is filled. */
export const partsOf = (table: Table): Pick<Table, 'name' | 'columns'> => ({
  name: `${table.name}_parts`,
  columns: table.columns,
});

/** Makes an empty one. It is not logged: a crash of Postgres fails the build, which is then begun again. */
export async function createParts(on: Queryable, schema: string, table: Table): Promise<void> {
  const { name } = partsOf(table);
  await on.query(`create unlogged table ${schema}.${name} (like ${schema}.${table.name})`);
}

/**
 * Adds the sums to the table itself, and removes the parts.
 *
 * @param isEmpty true for a table without rows, which needs no key then
 */
export async function sumParts(
  within: Queryable,
  schema: string,
  table: Table,
  isEmpty: boolean,
): Promise<void> {
  const { name } = partsOf(table);
  const keys = table.columns.slice(0, table.keyColumns).map((column) => column.name);
  const sums = table.columns
    .slice(table.keyColumns)
    .map((column) => `sum(${column.name})::${column.type} as ${column.name}`);
  await within.query(
    `insert into ${schema}.${table.name} as present (${table.columns.map((column) => column.name).join(', ')})
     select ${[...keys, ...sums].join(', ')} from ${schema}.${name} group by ${keys.join(', ')}
     ${isEmpty ? '' : onConflict(table)}`,
  );
  await within.query(`drop table ${schema}.${name}`);
}
