import {
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { NIL, validate } from 'uuid';
import { AppendRefused, StreamMovedOn } from '../errors.ts';
import type { Appended, EventToAppend, ExpectedRevision } from '../event-log.ts';
import type { Generation, Generations } from './generations.ts';
import { NoAnswer } from './no-answer.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

/** The wait before a repeated append after an unknown outcome. */
const REPEAT_BACKOFF = { firstMs: 50, maxMs: 500 };
/** After this time without an answer the append checks whether the server still answers. */
const DOUBT_AFTER_MS = 1_000;

/** One append that a caller asks for. */
export interface AppendRequest {
  readonly stream: string;
  readonly events: readonly EventToAppend[];
  readonly expected: ExpectedRevision;
}

/**
 * Sends an append once over one transport.
 *
 * @throws NoAnswer after `ms`; StreamMovedOn, AppendRefused, or the error of the transport
 */
export type SendAppend<Client> = (client: Client, request: AppendRequest, ms: number) => Promise<Appended>;

interface Append<Client> {
  readonly generations: Generations<Client>;
  readonly send: SendAppend<Client>;
  readonly timeoutMs: number;
  readonly request: AppendRequest;
}

/**
 * Appends exactly once in spite of unknown outcomes. Every try has its own time limit. After an unknown outcome the
 * append retries with the same event ids and expected revision, and the store returns the first result again. While
 * the first try is in flight, EventStoreDB answers a repetition only at its write timeout of 2 s. Such an answer also
 * leaves the outcome unknown, and a further try gets the right answer.
 *
 * @param append.timeoutMs longest time for all tries together
 * @throws StreamMovedOn, AppendRefused, LogUnavailable
 */
export async function appendExactly<Client>(append: Append<Client>): Promise<Appended> {
  const { generations, timeoutMs, request } = append;
  const { stream } = request;
  const doing = `appending to ${stream}`;
  // A monotonic clock, because setting back a wall clock would lengthen this wait.
  const deadline = performance.now() + timeoutMs;
  for (let failures = 1; ; failures += 1) {
    const pauseMs = backoffDelayMs(REPEAT_BACKOFF, failures, Math.random());
    const leftMs = Math.max(50, deadline - performance.now());
    const generation = await generations.current(leftMs, doing);
    try {
      // One try takes at most half of the time, so that a second try is possible.
      const tryMs = Math.max(50, Math.min(deadline - performance.now(), timeoutMs / 2));
      return await tryOnce(append, generation, tryMs);
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

/**
 * Tries once. After a while without an answer, checks whether the server still answers, and replaces the client if not.
 */
async function tryOnce<Client>(
  { generations, send, timeoutMs, request }: Append<Client>,
  generation: Generation<Client>,
  tryMs: number,
): Promise<Appended> {
  const doubt = setTimeout(() => void generations.doubt(generation, new NoAnswer()), DOUBT_AFTER_MS);
  try {
    const appended = await send(generation.client, request, tryMs);
    generation.silentSinceMs = null;
    return appended;
  } catch (error) {
    if (!(error instanceof NoAnswer)) generation.silentSinceMs = null;
    else {
      generation.silentSinceMs ??= performance.now();
      // The connection works, but for the whole time limit of an append the server answered no append. So the stream
      // of appends no longer works.
      if (performance.now() - generation.silentSinceMs >= timeoutMs) generations.giveUp(generation, error);
    }
    throw error;
  } finally {
    clearTimeout(doubt);
  }
}

/** The error that ends the append. Null when the outcome is unknown and the append may be repeated. */
function finalAnswer(stream: string, error: unknown): Error | null {
  if (error instanceof AppendRefused || error instanceof StreamMovedOn) return error;
  if (error instanceof WrongExpectedVersionError) {
    // EventStoreDB reports -1 for a stream that does not exist.
    const { actualVersion } = error;
    const actual = typeof actualVersion === 'bigint' && actualVersion >= 0n ? actualVersion : null;
    return new StreamMovedOn(stream, actual, { cause: error });
  }
  if (error instanceof StreamDeletedError)
    return new AppendRefused(stream, 'the stream was deleted', { cause: error });
  if (error instanceof MaxAppendSizeExceededError)
    return new AppendRefused(stream, 'the events are too large', { cause: error });

  return null;
}

/**
 * Refuses appends that must never reach the client. EventStoreDB sends two answers to an empty type, or to an event
 * id that is no UUID. After that the client never answers again. A second append to the stream `$$` ends the server's
 * process.
 *
 * @throws AppendRefused
 */
export function refuseMalformed(stream: string, events: readonly EventToAppend[]): void {
  if (stream === '' || stream.startsWith('$'))
    throw new AppendRefused(stream === '' ? 'a stream without a name' : stream, 'it is no stream of Docket');
  if (events.length === 0) throw new AppendRefused(stream, 'there is no event to append');
  for (const { id, type } of events) {
    if (!validate(id) || id === NIL)
      throw new AppendRefused(stream, `"${id}" is no UUID that an event may have`);
    if (type === '') throw new AppendRefused(stream, `event ${id} has no type`);
  }
}
