import type pg from 'pg';
import { readStoreError } from './errors.ts';

/** What the connection of `pg` offers to a query of one's own; its types leave out COPY. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/**
 * Runs a `copy ... from stdin` with text that is complete already. `pg` itself refuses COPY, but lets a query of one's
 * own take part in the conversation; this one is as small as such a query can be, since there is nothing to stream.
 *
 * @param text lines of PostgreSQL's text format, a few MB at most: it is one message
 * @throws ReadStoreUnavailable, or the error of the statement
 */
export async function copyIn(client: pg.PoolClient, statement: string, text: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      client.query(copying(statement, text, (error) => (error ? reject(error) : resolve())));
    });
  } catch (error) {
    throw readStoreError(error);
  }
}

/** A query as `pg` drives it; it replaces `callback` to watch the time. */
function copying(statement: string, text: string, callback: (error: Error | null) => void) {
  const query = {
    callback,
    submit: (connection: unknown) => (connection as CopyConnection).query(statement),
    handleCopyInResponse: (connection: CopyConnection) => {
      connection.sendCopyFromChunk(Buffer.from(text));
      connection.endCopyFrom();
    },
    handleCommandComplete: () => undefined,
    handleError: (error: Error) => query.callback(error),
    handleReadyForQuery: () => query.callback(null),
  };
  return query;
}
