import type pg from 'pg';
import { copyIn } from './copy-in.ts';
import { ReadStoreUnavailable, readStoreError } from './read-store-errors.ts';
import { ask, type Queryable } from './queryable.ts';

export interface Transaction extends Queryable {
  /** See `copyIn`. */
  copyIn(statement: string, chunks: Iterable<Buffer>): Promise<void>;
}

/**
 * Runs `work` in one transaction on one connection. It closes a connection that failed or did not answer, because a
 * late answer would count for the next statement.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (within: Transaction) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw readStoreError(error);
  });
  let lost: Error | undefined;
  // A connection that drops between two statements reports its error to this listener. Without a listener, the error
  // would end the program.
  const onLost = (error: Error) => (lost = error);
  client.on('error', onLost);
  try {
    await ask(client, 'begin');
    const result = await work({
      query: (text, values) => ask(client, text, values),
      copyIn: (statement, chunks) => copyIn(client, statement, chunks),
    });
    await ask(client, 'commit');
    return result;
  } catch (error) {
    if (error instanceof ReadStoreUnavailable) lost ??= error;
    else await ask(client, 'rollback').catch((failed: unknown) => (lost = failed as Error));
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(lost);
  }
}
