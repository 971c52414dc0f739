import type { Queryable } from '../../read-store/queryable.ts';
import type { RegisteredProjection } from '../registry.ts';

/**
 * Gives filled tables their other keys and indexes, and analyses them. Without statistics Postgres plans badly for
 * large tables until autovacuum runs. The tables are processed in parallel, as far as there are connections.
 * @throws ReadStoreUnavailable
 */
export async function finishTables(
  store: Queryable,
  { tables }: RegisteredProjection,
  schema: string,
): Promise<void> {
  await Promise.all(tables.index(schema).map((statements) => store.query(statements)));
  await Promise.all(tables.names.map((table) => store.query(`analyze ${schema}.${table}`)));
}
