import {
  AccessDeniedError,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
  type AppendResult,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import { isStuck, type ClientGenerations } from './client-generations.ts';
import { AppendRefused, LogUnavailable, StreamMovedOn } from './errors.ts';
import type { Appended, EventToAppend, ExpectedRevision } from './event-log.ts';

/** First pause before an append of unknown outcome is repeated; doubled each time. */
const REPEAT_AFTER_MS = 25;
const REPEAT_AFTER_MAX_MS = 500;
/** A silence shorter than this is not held against a client. */
const SILENT_MS_MIN = 400;
/**
 * The client sends the deadline of a batch as an instant of its own wall clock, and the store compares it with its own:
 * on a machine whose clock is only seconds behind, every append would come too late for ever (D28). A year is further
 * off than any clock, and the most the client takes; the limits that hold are `answeredWithin` here and the store's own.
 */
const DEADLINE_MS = 365 * 24 * 3_600_000;

/**
 * Appends with the traps of batch appends closed: every try has a time limit of its own, and a try of unknown outcome
 * is repeated with the same event ids and the same expected revision, which the store answers as the first time.
 *
 * @param timeoutMs longest time for all tries together
 * @throws StreamMovedOn, AppendRefused, LogUnavailable
 */
export async function appendExactly(
  generations: ClientGenerations,
  timeoutMs: number,
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
): Promise<Appended> {
  // Monotonic: a wall clock that is set back meanwhile must not make this wait for as long.
  const deadline = performance.now() + timeoutMs;
  const proposed = events.map(({ id, type, data, metadata }) =>
    jsonEvent({
      id,
      type,
      data: data as Record<string, unknown>,
      metadata: metadata as Record<string, unknown>,
    }),
  );
  for (let pauseMs = REPEAT_AFTER_MS; ; pauseMs = Math.min(pauseMs * 2, REPEAT_AFTER_MAX_MS)) {
    const generation = await generations.current();
    // Half of the time is left for a second try on a fresh connection.
    const tryMs = Math.max(50, Math.min(deadline - performance.now(), timeoutMs / 2));
    try {
      const result = await tryOnce(generation.client, stream, proposed, expected, tryMs);
      return { revision: result.nextExpectedRevision, position: result.position?.commit ?? 0n };
    } catch (error) {
      const final = finalAnswer(stream, error);
      if (final) throw final;
      // A try with hardly any time left says nothing about the client.
      const wasHeard = !(error instanceof NoAnswer) || tryMs >= SILENT_MS_MIN;
      if (wasHeard && isStuck(error))
        generations.giveUp(generation, `an append within ${tryMs} ms: ${String(error)}`);
      if (performance.now() + pauseMs >= deadline)
        throw new LogUnavailable(`appending to ${stream}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** The server said nothing in time; the client would wait for ever. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

async function tryOnce(
  client: EventStoreDBClient,
  stream: string,
  events: ReturnType<typeof jsonEvent>[],
  expectedRevision: ExpectedRevision,
  tryMs: number,
): Promise<AppendResult> {
  const options = { expectedRevision, deadline: DEADLINE_MS };
  return answeredWithin(tryMs, client.appendToStream(stream, events, options));
}

/** @throws NoAnswer when the client's promise does not settle in time */
async function answeredWithin<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer()), ms);
  });
  // The late answer of a try that was given up belongs to nobody.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error that ends the append, or null when its outcome is unknown and it may be repeated. */
function finalAnswer(stream: string, error: unknown): Error | null {
  if (error instanceof WrongExpectedVersionError) {
    const actual = typeof error.actualVersion === 'bigint' ? error.actualVersion : null;
    return new StreamMovedOn(stream, actual, { cause: error });
  }
  if (error instanceof StreamDeletedError)
    return new AppendRefused(stream, 'the stream was deleted', { cause: error });
  if (error instanceof AccessDeniedError)
    return new AppendRefused(stream, 'access is denied', { cause: error });
  if (error instanceof MaxAppendSizeExceededError) {
    return new AppendRefused(stream, 'the events are too large', { cause: error });
  }
  return null;
}

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
  const generation = await generations.current();
  const answer = generation.client.setStreamMetadata(
    stream,
    { maxAge: maxAgeSec },
    { deadline: DEADLINE_MS },
  );
  try {
    await answeredWithin(timeoutMs, answer);
  } catch (error) {
    if (isStuck(error)) generations.giveUp(generation, `metadata: ${String(error)}`);
    throw new LogUnavailable(`bounding ${stream}`, { cause: error });
  }
}
