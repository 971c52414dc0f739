import pg from 'pg';
import type { Log } from '../runtime/log/log.ts';
import { sha256Of } from '../schemas/sha256.ts';
import { codeOf } from '../schemas/errors/coded-error.ts';
import { readStoreProbe, type ReadStoreProbe } from './probe.ts';
import { ask, type Queryable } from './queryable.ts';
import { inTransaction, type Transaction } from './transaction.ts';

/** An idle connection is closed after this time, except for the first few. */
const IDLE_TIMEOUT_MS = 30_000;
/**
 * This many connections stay open. A connection that is opened twice a minute costs more time than the statements
 * that it runs.
 */
const KEPT_CONNECTIONS = 4;

export type { Queryable } from './queryable.ts';

export interface ReadStore extends Queryable {
  readonly pool: pg.Pool;
  /** The connection string. It may hold the password, so Docket never logs it. */
  readonly url: string;
  /** Host, port and database, which may be logged. */
  readonly address: string;
  readonly probe: ReadStoreProbe['probe'];
  /** Like `query`, but planned once for each connection. It is for a few statements that run often. */
  readonly prepared: Queryable['query'];
  /**
   * Commits when `work` resolves, rolls back when `work` throws.
   * @throws ReadStoreUnavailable; after a failed commit the outcome is unknown
   */
  transaction<Result>(work: (within: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Opens connections to Postgres when they are needed. Opening the store never waits for Postgres.
 * @param options.timeoutMs longest wait for a connection, and for one statement
 * @param options.applicationName the name of the connections in Postgres
 */
export function openReadStore(options: {
  url: string;
  poolMax: number;
  timeoutMs: number;
  log: Log;
  applicationName?: string;
}): ReadStore {
  const { url, poolMax, timeoutMs, log, applicationName } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    min: Math.min(KEPT_CONNECTIONS, poolMax),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    ...(applicationName !== undefined && { application_name: applicationName }),
  });
  // Without a listener, an idle connection that drops would end the program.
  pool.on('error', (error) => log.warn({ why: error.message }, 'a connection to Postgres was lost'));
  const probe = readStoreProbe(url);
  return {
    pool,
    url,
    address: addressOf(url),
    probe: probe.probe,
    query: (text, values) => ask(pool, text, values),
    prepared: preparedStatements(pool),
    transaction: (work) => inTransaction(pool, work),
    close: async () => {
      await Promise.all([pool.end(), probe.close()]);
    },
  };
}

/** The address as the driver reads it. For a Unix socket, the address is the folder of the socket. */
function addressOf(url: string): string {
  const { host, port, database = '' } = new pg.Client({ connectionString: url });
  return host.startsWith('/') ? `${host} (port ${port})/${database}` : `${host}:${port}/${database}`;
}

/**
 * SQLSTATEs for a prepared statement that the server lacks or already has, because a pooler has exchanged the
 * connections.
 */
const PREPARED_STATEMENT_LOST = new Set(['26000', '42P05']);

/**
 * Runs statements that are prepared once for each connection, because planning them costs as much as running them.
 * After the first failure, for example behind a pooler, it sends them unprepared. Use it only for a small, fixed
 * number of texts, because the connection keeps each text.
 */
function preparedStatements(pool: pg.Pool): Queryable['query'] {
  let prepares = true;
  const names = new Map<string, string>();
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `docket_${sha256Of(text).slice(0, 16)}`;
    names.set(text, name);
    return name;
  };
  return async (text, values) => {
    if (!prepares) return ask(pool, text, values);
    try {
      return await ask(pool, text, values, nameOf(text));
    } catch (error) {
      if (!PREPARED_STATEMENT_LOST.has(codeOf(error) ?? '')) throw error;
      prepares = false;
      return ask(pool, text, values);
    }
  };
}
