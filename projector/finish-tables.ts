import type { Queryable } from '../read-store/queryable.ts';
import type { RegisteredProjection } from './registry.ts';

/**
 * Gives filled tables their other keys and indexes, and Postgres an idea of what is in them: without it, it guesses how
 * to read them until autovacuum comes by, and guesses wrong for large ones.
 *
 * @throws ReadStoreUnavailable
 */
export async function finishTables(
  store: Queryable,
  { tables }: RegisteredProjection,
  schema: string,
): Promise<void> {
  await store.query(tables.index(schema));
  await store.query(`analyze ${tables.names.map((table) => `${schema}.${table}`).join(', ')}`);
}
