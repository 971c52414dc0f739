import {
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
  type AppendResult,
} from '@eventstore/db-client';
import type { ClientGenerations, Generation } from './client-generations.ts';
import { AppendRefused, StreamMovedOn } from './errors.ts';
import type { Appended, EventToAppend, ExpectedRevision } from './event-log.ts';
import { NoAnswer, within } from './event-store-client.ts';
import { refuseMalformed } from './refuse-append.ts';

/** First pause before an append of unknown outcome is repeated; doubled each time. */
const REPEAT_AFTER_MS = 25;
const REPEAT_AFTER_MAX_MS = 500;
/** After so long without an answer the server is asked whether it is there at all. */
const DOUBT_AFTER_MS = 1_000;
/**
 * The client sends the deadline of a batch as an instant of its own wall clock, and the store compares it with its own:
 * on a machine whose clock is only seconds behind, every append would come too late for ever (D28). A year is further
 * off than any clock, and the most the client takes; the limits that hold are `within` here and the store's own.
 */
const DEADLINE_MS = 365 * 24 * 3_600_000;

interface Append {
  readonly generations: ClientGenerations;
  readonly timeoutMs: number;
  readonly stream: string;
  readonly events: readonly EventToAppend[];
  readonly expected: ExpectedRevision;
}

/**
 * Appends with the traps of batch appends closed: every try has a time limit of its own, and a try of unknown outcome
 * is repeated with the same event ids and the same expected revision, which the store answers as the first time. A
 * repetition while the first try is still in flight gets no answer from EventStoreDB until its write time-out of 2 s;
 * that too is an unknown outcome, and asked again it is right.
 *
 * @param append.timeoutMs longest time for all tries together
 * @throws StreamMovedOn, AppendRefused, LogUnavailable
 */
export async function appendExactly(append: Append): Promise<Appended> {
  const { generations, timeoutMs, stream } = append;
  refuseMalformed(stream, append.events);
  const doing = `appending to ${stream}`;
  // Monotonic: a wall clock that is set back meanwhile must not make this wait for as long.
  const deadline = performance.now() + timeoutMs;
  const proposed = append.events.map(({ id, type, data, metadata }) =>
    jsonEvent({
      id,
      type,
      data: data as Record<string, unknown>,
      metadata: metadata as Record<string, unknown>,
    }),
  );
  for (let pauseMs = REPEAT_AFTER_MS; ; pauseMs = Math.min(pauseMs * 2, REPEAT_AFTER_MAX_MS)) {
    const leftMs = Math.max(50, deadline - performance.now());
    const generation = await generations.current(leftMs, doing);
    try {
      // Half of the time is left for a second try.
      const tryMs = Math.max(50, Math.min(deadline - performance.now(), timeoutMs / 2));
      return written(stream, await tryOnce(append, generation, proposed, tryMs));
    } catch (error) {
      const final = finalAnswer(stream, error);
      if (final) throw final;
      const unavailable = generations.unavailable(doing, error);
      if (unavailable.fault?.final === true || performance.now() + pauseMs >= deadline) throw unavailable;
      if (!(error instanceof NoAnswer)) await generations.doubt(generation, error);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** One try; while it has no answer the server is asked whether it is there, and a client of a dead one is given up. */
async function tryOnce(
  { generations, timeoutMs, stream, expected: expectedRevision }: Append,
  generation: Generation,
  proposed: ReturnType<typeof jsonEvent>[],
  tryMs: number,
): Promise<AppendResult> {
  const options = { expectedRevision, deadline: DEADLINE_MS };
  const doubt = setTimeout(() => void generations.doubt(generation, new NoAnswer()), DOUBT_AFTER_MS);
  try {
    const result = await within(tryMs, generation.client.appendToStream(stream, proposed, options));
    generation.silentSinceMs = null;
    return result;
  } catch (error) {
    if (!(error instanceof NoAnswer)) generation.silentSinceMs = null;
    else {
      generation.silentSinceMs ??= performance.now();
      // The connection lives, and for as long as an append may take none is answered on it: the stream is dead.
      if (performance.now() - generation.silentSinceMs >= timeoutMs) generations.giveUp(generation, error);
    }
    throw error;
  } finally {
    clearTimeout(doubt);
  }
}

/** Only what was written counts as done, whatever the connection string says about failures. */
function written(stream: string, result: AppendResult): Appended {
  if (!result.success) throw new AppendRefused(stream, 'it is not where the append expected it');
  return { revision: result.nextExpectedRevision, position: result.position?.commit ?? 0n };
}

/** The error that ends the append, or null when its outcome is unknown and it may be repeated. */
function finalAnswer(stream: string, error: unknown): Error | null {
  if (error instanceof AppendRefused) return error;
  if (error instanceof WrongExpectedVersionError) {
    // EventStoreDB says -1 for a stream that does not exist.
    const { actualVersion } = error;
    const actual = typeof actualVersion === 'bigint' && actualVersion >= 0n ? actualVersion : null;
    return new StreamMovedOn(stream, actual, { cause: error });
  }
  if (error instanceof StreamDeletedError)
    return new AppendRefused(stream, 'the stream was deleted', { cause: error });
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
