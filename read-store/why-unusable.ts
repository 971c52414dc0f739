import pg from 'pg';
import { ReadStoreUnavailable, readStoreError } from './errors.ts';

/**
 * Whether a Postgres can hold the read tables: it lets this user in, takes writes, and lets the user make schemas.
 *
 * @returns null when it can; otherwise why not, and whether waiting cannot help
 */
export async function whyUnusable(
  url: string,
  timeoutMs: number,
): Promise<{ readonly why: string; readonly final: boolean } | null> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // A connection that drops is told by the call that waits for it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ reads: string; creates: boolean; made: boolean }>(
      `select current_setting('transaction_read_only') as reads,
              has_database_privilege(current_database(), 'create') as creates,
              to_regnamespace('docket') is not null as made`,
    );
    const [found] = rows;
    if (found?.reads === 'on')
      return {
        why: 'it takes no writes: a replica, or PGOPTIONS or the role make it read-only',
        final: true,
      };
    return found?.creates || found?.made
      ? null
      : { why: 'its user may not create schemas in this database', final: true };
  } catch (thrown) {
    const error = readStoreError(thrown);
    const { cause } = error;
    const isPassing = error instanceof ReadStoreUnavailable;
    return { why: isPassing && cause instanceof Error ? cause.message : error.message, final: !isPassing };
  } finally {
    // A server that never answered is not waited for.
    await Promise.race([client.end(), new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
  }
}
