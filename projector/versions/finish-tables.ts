import type { Queryable } from '../../read-store/queryable.ts';
import type { RegisteredProjection } from '../registry.ts';

/**
 * Gives filled tables their other keys and indexes, and Postgres an idea of what is in them: without it, it guesses how
 * to read them until autovacuum comes by, and guesses wrong for large ones. Tables are seen to side by side, as far as
 * there are connections.
 *
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
