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

/** The wait before an append of unknown outcome is repeated. */
const REPEAT_BACKOFF = { firstMs: 50, maxMs: 500 };
/** After so long without an answer the server is asked whether it is there at all. */
const DOUBT_AFTER_MS = 1_000;

/** One append as it is asked for. */
export interface AppendRequest {
  readonly stream: string;
  readonly events: readonly EventToAppend[];
  readonly expected: ExpectedRevision;
}

/**
 * Sends an append once over some transport.
 *
 * @throws NoAnswer after `ms`; StreamMovedOn, AppendRefused, or what the transport says
 */
export type SendAppend<Client> = (client: Client, request: AppendRequest, ms: number) => Promise<Appended>;

interface Append<Client> {
  readonly generations: Generations<Client>;
  readonly send: SendAppend<Client>;
  readonly timeoutMs: number;
  readonly request: AppendRequest;
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
export async function appendExactly<Client>(append: Append<Client>): Promise<Appended> {
  const { generations, timeoutMs, request } = append;
  const { stream } = request;
  const doing = `appending to ${stream}`;
  // A monotonic clock: a wall clock that is set back would make this wait longer.
  const deadline = performance.now() + timeoutMs;
  for (let failures = 1; ; failures += 1) {
    const pauseMs = backoffDelayMs(REPEAT_BACKOFF, failures, Math.random());
    const leftMs = Math.max(50, deadline - performance.now());
    const generation = await generations.current(leftMs, doing);
    try {
      // Half of the time is left for a second try.
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

/** Tries once. While there is no answer it asks whether the server is there, and replaces the client of a dead one. */
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
      // The connection works, but no append on it was answered for the whole time limit of an append: the stream of
      // appends is dead.
      if (performance.now() - generation.silentSinceMs >= timeoutMs) generations.giveUp(generation, error);
    }
    throw error;
  } finally {
    clearTimeout(doubt);
  }
}

/** The error that ends the append, or null when its outcome is unknown and it may be repeated. */
function finalAnswer(stream: string, error: unknown): Error | null {
  if (error instanceof AppendRefused || error instanceof StreamMovedOn) return error;
  if (error instanceof WrongExpectedVersionError) {
    // EventStoreDB says -1 for a stream that does not exist.
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
 * Refuses what must never reach the client: EventStoreDB answers an event id that is no UUID or an empty type twice,
 * which silences the client for good, and a stream called `$$` ends the server's process.
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
