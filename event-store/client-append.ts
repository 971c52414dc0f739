import { jsonEvent, type EventStoreDBClient } from '@eventstore/db-client';
import type { SendAppend } from './append.ts';
import type { ClientGenerations } from './client-generations.ts';
import { AppendRefused } from './errors.ts';
import { within } from './no-answer.ts';

/**
 * The client sends the deadline of a batch as an instant of its own wall clock, and the store compares it with its own:
 * on a machine whose clock is only seconds behind, every append would come too late for ever (D28). A year is further
 * off than any clock, and the most the client takes; the limits that hold are `within` here and the store's own.
 */
const DEADLINE_MS = 365 * 24 * 3_600_000;

/** One append through `@eventstore/db-client`. */
export const sendByClient: SendAppend<EventStoreDBClient> = async (client, request, ms) => {
  const { stream, expected: expectedRevision } = request;
  const proposed = request.events.map(({ id, type, data, metadata }) =>
    jsonEvent({
      id,
      type,
      data: data as Record<string, unknown>,
      metadata: metadata as Record<string, unknown>,
    }),
  );
  const options = { expectedRevision, deadline: DEADLINE_MS };
  const result = await within(ms, client.appendToStream(stream, proposed, options));
  // Only what was written counts as done, whatever the connection string says about failures.
  if (!result.success) throw new AppendRefused(stream, 'it is not where the append expected it');
  return { revision: result.nextExpectedRevision, position: result.position?.commit ?? 0n };
};

/**
 * Bounds a stream by age; events older than that are no longer given.
 * @throws LogUnavailable
 */
export async function setMaxAge(
  generations: ClientGenerations,
  timeoutMs: number,
  stream: string,
  maxAgeSec: number,
): Promise<void> {
  const doing = `bounding ${stream}`;
  const generation = await generations.current(timeoutMs, doing);
  const answer = generation.client.setStreamMetadata(
    stream,
    { maxAge: maxAgeSec },
    { deadline: DEADLINE_MS },
  );
  try {
    await within(timeoutMs, answer);
  } catch (error) {
    void generations.doubt(generation, error);
    throw generations.unavailable(doing, error);
  }
}
