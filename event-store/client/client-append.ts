import { jsonEvent } from '@eventstore/db-client';
import type { SendAppend } from '../calls/append.ts';
import { AppendRefused } from '../errors.ts';
import { within } from '../calls/no-answer.ts';
import type { ClientConnection } from './client-connection.ts';

/**
 * The client turns a deadline into an instant of its wall clock, and gRPC counts down to it. If the clock is wrong,
 * or is set meanwhile, every append would end at once (D28). A year is more than the error of any clock, and is the
 * longest time that the client accepts. The real limits are `within` in this file and the limit of the store. A call
 * for which nobody waits any more ends together with its connection.
 */
const DEADLINE_MS = 365 * 24 * 3_600_000;

/** Appends of this process that have no answer yet. */
let unanswered = 0;

async function counted<Result>(append: Promise<Result>): Promise<Result> {
  unanswered += 1;
  try {
    return await append;
  } finally {
    unanswered -= 1;
  }
}

/**
 * Number of appends of this process without an answer yet. The client cannot cancel an append, so each append keeps
 * its connection and the process alive until gRPC's keepalive finds that the server is silent.
 */
export function unansweredAppends(): number {
  return unanswered;
}

/** Appends once through `@eventstore/db-client`. */
export const sendByClient: SendAppend<ClientConnection> = async ({ client, credentials }, request, ms) => {
  const { stream, expected: expectedRevision } = request;
  const proposed = request.events.map(({ id, type, data, metadata }) =>
    jsonEvent({
      id,
      type,
      data: data as Record<string, unknown>,
      metadata: metadata as Record<string, unknown>,
    }),
  );
  const options = { expectedRevision, deadline: DEADLINE_MS, ...(credentials && { credentials }) };
  const append = client.appendToStream(stream, proposed, options);
  const result = await within(ms, counted(append));
  // When the connection string says `throwOnAppendFailure=false`, the client throws nothing for a refused append.
  if (!result.success) throw new AppendRefused(stream, 'it is not where the append expected it');
  return { revision: result.nextExpectedRevision, position: result.position?.commit ?? 0n };
};
