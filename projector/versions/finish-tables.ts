import type { Queryable } from '../../read-store/queryable.ts';
import type { TableIndex } from '../../read-tables/tables.ts';
import type { RegisteredProjection } from '../registry.ts';

/**
 * Gives filled tables their other keys and indexes, and analyses them, one table after the other. Without statistics
 * Postgres plans badly for large tables until autovacuum runs.
 * @param isFull tells which tables; the others stay as they are
 * @throws ReadStoreUnavailable
 */
export async function finishTables(
  store: Queryable,
  tables: RegisteredProjection['tables'],
  schema: string,
  isFull: (table: TableIndex) => boolean,
): Promise<void> {
  for (const each of tables.index(schema)) {
    if (!isFull(each)) continue;
    if (each.statements !== '') await store.query(each.statements);
    await store.query(`analyze ${schema}.${each.table}`);
  }
}
