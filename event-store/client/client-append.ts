import { jsonEvent } from '@eventstore/db-client';
import type { SendAppend } from '../calls/append.ts';
import { AppendRefused } from '../errors.ts';
import { within } from '../calls/no-answer.ts';
import type { ClientConnection } from './client-connection.ts';

/**
 * The client makes an instant of its wall clock out of a deadline, and gRPC counts down to it: a clock that is wrong or
 * set while an append is under way would end every append at once (D28). A year is further off than any clock, and the
 * most the client takes. The limits that hold are `within` here and the store's own; a call that nobody waits for ends
 * with its connection.
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
 * Appends of this process that have no answer yet. The client has no way to cancel one, and each holds its connection
 * and with it the process until gRPC's keepalive finds that the server is silent.
 */
export function unansweredAppends(): number {
  return unanswered;
}

/** One append through `@eventstore/db-client`. */
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
  // Only what was written counts as done, whatever the connection string says about failures.
  if (!result.success) throw new AppendRefused(stream, 'it is not where the append expected it');
  return { revision: result.nextExpectedRevision, position: result.position?.commit ?? 0n };
};
