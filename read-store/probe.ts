import pg from 'pg';
import { ReadStoreUnavailable } from './read-store-errors.ts';
import { ask } from './queryable.ts';

/** Longest wait of a probe for the connection, and for the answer. */
const PROBE_TIMEOUT_MS = 5_000;
/** PostgreSQL 15. Docket is not tested with older versions. */
const VERSION_MIN = 150_000;

interface Answer {
  readonly version: number;
  readonly encoding: string;
  readonly role: string;
  readonly database: string;
  readonly is_read_only: boolean;
  readonly may_create: boolean;
}

const QUESTION = `
  select current_setting('server_version_num')::integer as version,
         pg_encoding_to_char(encoding) as encoding,
         current_user::text as role,
         datname::text as database,
         pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as is_read_only,
         has_database_privilege(datname, 'CREATE') as may_create
    from pg_database where datname = current_database()`;

/** Asks Postgres, on a separate connection, whether Docket can use it. */
export interface ReadStoreProbe {
  /**
   * Asks Postgres.
   * @param purpose `writing` also requires a server that accepts writes and a role that may make schemas
   * @throws ReadStoreUnavailable, `final` when waiting does not help
   */
  readonly probe: (purpose: 'reading' | 'writing') => Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes a probe with its own connection, because a busy pool must not look like an outage. The first probe opens it.
 */
export function readStoreProbe(url: string): ReadStoreProbe {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    query_timeout: PROBE_TIMEOUT_MS,
    idleTimeoutMillis: 0,
    keepAlive: true,
    application_name: 'docket probe',
  });
  // The next probe opens a new connection and reports the error.
  pool.on('error', () => undefined);
  let asking: ReturnType<typeof ask<Answer>> | null = null;
  return {
    probe: async (purpose) => {
      // Several services of a process may ask at the same time, and share one answer.
      asking ??= ask<Answer>(pool, QUESTION).finally(() => (asking = null));
      const { rows } = await asking;
      const fault = rows[0] && unsuitable(rows[0], purpose);
      if (fault) throw new ReadStoreUnavailable(fault.why, { final: fault.final });
    },
    close: () => pool.end(),
  };
}

function unsuitable(found: Answer, purpose: 'reading' | 'writing'): { why: string; final: boolean } | null {
  const { database, role, encoding, version } = found;
  if (version < VERSION_MIN)
    return {
      why: `it is PostgreSQL ${Math.floor(version / 10_000)}, and Docket needs ${VERSION_MIN / 10_000} or newer`,
      final: true,
    };
  if (encoding !== 'UTF8')
    return {
      why: `database ${database} is encoded in ${encoding}, which cannot hold every file name; create one with ENCODING 'UTF8'`,
      final: true,
    };
  if (purpose === 'reading') return null;
  if (found.is_read_only) return { why: 'it takes no writes: it is a standby or read-only', final: false };
  if (!found.may_create)
    return {
      why: `role ${role} may not create schemas in database ${database}; GRANT CREATE ON DATABASE ${database} TO ${role}`,
      final: true,
    };
  return null;
}
