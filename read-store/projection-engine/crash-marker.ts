import { ReadStoreUnavailable } from '../errors.ts';
import type { Queryable } from '../queryable.ts';

/**
 * Tells whether Postgres crashed while tables were filled by commits that did not wait for the disk: recovery empties
 * every unlogged table, this one too. Connections do not tell, since a pool opens new ones.
 */
const markerOf = (schema: string): string => `${schema}.no_crash_since`;

export async function setCrashMarker(on: Queryable, schema: string): Promise<void> {
  await on.query(`drop table if exists ${markerOf(schema)}`);
  await on.query(`create unlogged table ${markerOf(schema)} as select true as so_far`);
}

/** @throws ReadStoreUnavailable when Postgres crashed since `setCrashMarker`: what was written may be lost */
export async function removeCrashMarker(within: Queryable, schema: string): Promise<void> {
  const { rowCount } = await within.query(`select from ${markerOf(schema)}`);
  if (rowCount !== 1) throw new ReadStoreUnavailable('it crashed while tables were built');
  await within.query(`drop table ${markerOf(schema)}`);
}
