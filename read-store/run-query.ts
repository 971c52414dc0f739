import pg from 'pg';
import { CodedError } from '../schemas/errors/coded-error.ts';
import { readStoreError, ReadStoreUnavailable } from './read-store-errors.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** The client waits this much longer than the server's own limit. */
const SERVER_GRACE_MS = 5_000;

/** The kind of a column's values, as far as output needs it. */
export type ColumnKind = 'number' | 'boolean' | 'json' | 'text';

/** Rows with the text that Postgres writes for every value, or null. */
export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** True when there are more rows than requested. */
  readonly more: boolean;
}

/** Postgres refused the statement, or it took too long. The message is Postgres' own. */
export class QueryRefused extends CodedError {
  readonly code = 'QUERY_REFUSED';
}

/** The kind of a column by its type's oid in `pg_type`. */
const KIND_OF: Readonly<Record<number, ColumnKind>> = {
  16: 'boolean',
  20: 'number',
  21: 'number',
  23: 'number',
  700: 'number',
  701: 'number',
  1700: 'number',
  114: 'json',
  3802: 'json',
};

/**
 * Runs one `select` as the user of `url`, in a read-only transaction, with a limit of rows and of time. The statement
 * uses a cursor in the extended protocol, which accepts only a single query.
 * @param rowsMax 1 or more
 * @param timeoutMs longest time the server works on it
 * @throws QueryRefused, ReadStoreUnavailable
 */
export async function runQuery(options: {
  url: string;
  sql: string;
  rowsMax: number;
  timeoutMs: number;
}): Promise<QueryAnswer> {
  const { url, sql, rowsMax, timeoutMs } = options;
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: timeoutMs + SERVER_GRACE_MS,
    application_name: 'docket query',
    types: { getTypeParser: () => (value: string) => value },
  });
  // A connection that drops reports its error to this listener as well as to the statement.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin transaction isolation level repeatable read read only');
    await client.query(`set local statement_timeout = ${Math.ceil(timeoutMs)}`);
    await client.query(`set local client_connection_check_interval = '1s'`);
    await client.query(`set local timezone = 'UTC'`);
    const declare = { text: `declare asked no scroll cursor for ${sql}`, queryMode: 'extended' };
    await client.query(declare);
    const fetch = { text: `fetch forward ${rowsMax + 1} from asked`, rowMode: 'array' as const };
    const { fields, rows } = await client.query<(string | null)[]>(fetch);
    return {
      columns: fields.map(({ name, dataTypeID }) => ({ name, kind: KIND_OF[dataTypeID] ?? 'text' })),
      rows: rows.slice(0, rowsMax),
      more: rows.length > rowsMax,
    };
  } catch (error) {
    throw refusal(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function refusal(error: unknown): Error {
  const { code = '', message } = error as { code?: string; message: string };
  if (code === '57014') return new QueryRefused('The query took too long and was stopped.', { cause: error });
  const refused = new QueryRefused(`Postgres refuses it: ${message}.`, { cause: error });
  // Elsewhere in Docket these codes mean a replica, or tables that do not exist yet. In this file, the analyst's
  // statement causes them.
  if (code === '25006' || /^(42|3F)/.test(code)) return refused;
  const known = readStoreError(error);
  if (known instanceof ReadStoreUnavailable || code === '') return known;
  return refused;
}
