import pg from 'pg';
import type { Log } from '../runtime/log.ts';
import { readStoreError } from './errors.ts';
import { inTransaction } from './transaction.ts';

/** An idle connection is given back after this. */
const IDLE_TIMEOUT_MS = 30_000;

/** A row as `pg` gives it: bigint as text, timestamptz as Date, jsonb parsed. */
export type Row = Record<string, unknown>;

/** What both the store and an open transaction can do. */
export interface Queryable {
  /** @throws ReadStoreUnavailable, or the error of the statement */
  query<Result extends object = Row>(text: string, values?: readonly unknown[]): Promise<Rows<Result>>;
}

export interface Rows<Result> {
  readonly rows: readonly Result[];
  readonly rowCount: number;
}

export interface ReadStore extends Queryable {
  readonly pool: pg.Pool;
  /** Holds the password, if there is one: never logged. */
  readonly url: string;
  /**
   * Commits when `work` resolves, rolls back when it throws.
   * @throws ReadStoreUnavailable; the outcome is unknown when it comes from the commit
   */
  transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Connections to Postgres, opened when they are needed: opening the store never waits for Postgres.
 *
 * @param options.timeoutMs longest wait for a connection, and for one statement
 */
export function openReadStore(options: {
  url: string;
  poolMax: number;
  timeoutMs: number;
  log: Log;
}): ReadStore {
  const { url, poolMax, timeoutMs, log } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
  });
  // Without a listener a connection that drops while idle would end the program.
  pool.on('error', (error) => log.warn({ err: error }, 'a connection to Postgres was lost'));
  return {
    pool,
    url,
    query: (text, values) => ask(pool, text, values),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

/** Runs one statement on a pool or a connection, with the errors of the read store. */
export async function ask<Result extends object>(
  on: Pick<pg.Pool | pg.PoolClient, 'query'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<Rows<Result>> {
  try {
    const { rows, rowCount } = await on.query<Result>(text, [...values]);
    return { rows, rowCount: rowCount ?? 0 };
  } catch (error) {
    throw readStoreError(error);
  }
}
