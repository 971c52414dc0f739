import type pg from 'pg';
import type { Writable } from 'node:stream';
import { readStoreError } from './read-store-errors.ts';

/** The methods that a connection of `pg` offers to a custom query. The types of `pg` lack the methods for COPY. */
interface CopyConnection {
  readonly stream: Writable;
  query(text: string): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/**
 * Runs a `copy ... from stdin` with text in PostgreSQL's text format. `pg` does not support COPY itself, but lets a
 * custom query use its connection. The next chunk is requested when the connection has taken the previous chunk. No chunk
 * may be overwritten before the statement has ended.
 * @throws ReadStoreUnavailable, the error of the statement, or the errors of `chunks`
 */
export async function copyIn(
  client: pg.PoolClient,
  statement: string,
  chunks: Iterable<Buffer>,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      client.query(copying(statement, chunks, (error) => (error ? reject(error) : resolve())));
    });
  } catch (error) {
    throw readStoreError(error);
  }
}

/** Message type and length of `CopyData` (PostgreSQL 18, 54.7). */
const HEADER_BYTES = 5;
const COPY_DATA = 'd'.charCodeAt(0);

/** Sends `CopyData` without copying the chunk, which `sendCopyFromChunk` of `pg` copies twice. */
function sendChunk(stream: Writable, chunk: Buffer): void {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = COPY_DATA;
  header.writeInt32BE(chunk.length + HEADER_BYTES - 1, 1);
  stream.cork();
  stream.write(header);
  stream.write(chunk);
  stream.uncork();
}

/** A query for `pg`. It replaces `callback` to watch the time limit. */
function copying(statement: string, chunks: Iterable<Buffer>, callback: (error: Error | null) => void) {
  const rest = chunks[Symbol.iterator]();
  let isOver = false;
  let failure: Error | null = null;
  const send = (connection: CopyConnection): void => {
    try {
      while (!isOver) {
        const next = rest.next();
        if (next.done) return connection.endCopyFrom();
        sendChunk(connection.stream, next.value);
        if (connection.stream.writableNeedDrain)
          return void connection.stream.once('drain', () => send(connection));
      }
    } catch (error) {
      // The server then answers with an error, which ends the statement.
      failure = error instanceof Error ? error : new Error(String(error));
      connection.sendCopyFail('the rows could not be made');
    }
  };
  const query = {
    callback,
    submit: (connection: unknown) => (connection as CopyConnection).query(statement),
    handleCopyInResponse: send,
    handleCommandComplete: () => undefined,
    handleError: (error: Error) => {
      isOver = true;
      query.callback(failure ?? error);
    },
    handleReadyForQuery: () => {
      isOver = true;
      query.callback(null);
    },
  };
  return query;
}
