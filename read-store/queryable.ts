import type pg from 'pg';
import { readStoreError } from './read-store-errors.ts';

/** A row as `pg` returns it: bigint as text, timestamptz as Date, jsonb parsed. */
export type Row = Record<string, unknown>;

/** The functions that both the store and an open transaction have. */
export interface Queryable {
  /** @throws ReadStoreUnavailable, or the error of the statement */
  query<Result extends object = Row>(text: string, values?: readonly unknown[]): Promise<Rows<Result>>;
}

export interface Rows<Result> {
  readonly rows: readonly Result[];
  readonly rowCount: number;
}

/**
 * Runs one statement on a pool or a connection, and throws the errors of the read store.
 * @param name the statement stays prepared on the connection under this name
 */
export async function ask<Result extends object>(
  on: Pick<pg.Pool | pg.PoolClient, 'query'>,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Rows<Result>> {
  try {
    const { rows, rowCount } = await on.query<Result>({ text, values: [...values], ...(name && { name }) });
    return { rows, rowCount: rowCount ?? 0 };
  } catch (error) {
    throw readStoreError(error);
  }
}
