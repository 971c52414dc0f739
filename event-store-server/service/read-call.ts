/** Serves `Streams.Read` without a subscription: a stream or `$all`, in either direction, to its end. */
import type { Log } from '../storage/open-log.ts';
import type { ReadRequest } from '../../event-store/wire/read-request.ts';
import { streamNotFound } from '../../event-store/wire/responses.ts';
import { compileFilter } from './filter.ts';
import { positionFault } from './likeness.ts';
import {
  EMPTY_STREAM_NAME,
  refuseDeletedStream,
  refuseInvalid,
  refuseRead,
  type Refusal,
} from './refusal.ts';
import { resolveEvent } from './resolve-link.ts';
import type { Sender } from './send-stream.ts';
import { yieldToOthers, TURN_EVENTS } from './turns.ts';

/** The ordinals of the events that a read visits, in the order of the read. */
type Ordinals = Iterable<number>;

function* countUp(from: number, to: number, at: (index: number) => number): Ordinals {
  for (let index = from; index <= to; index += 1) yield at(index);
}

function* countDown(from: number, to: number, at: (index: number) => number): Ordinals {
  for (let index = from; index >= to; index -= 1) yield at(index);
}

/** Ordinals of `$all`: forwards from a position on, or backwards from the event before it. */
function ordinalsOfAll(log: Log, { from, isBackwards, filter }: ReadRequest): Ordinals {
  const { index } = log;
  const first = from.kind === 'start' ? 0 : from.kind === 'end' ? index.count() : index.ordinalAt(from.at);
  const itself = (ordinal: number): number => ordinal;
  const all = isBackwards ? countDown(first - 1, 0, itself) : countUp(first, index.count() - 1, itself);
  return filter === null ? all : passing(all, log, filter);
}

function* passing(ordinals: Ordinals, log: Log, filter: NonNullable<ReadRequest['filter']>): Ordinals {
  const passes = compileFilter(filter, log.index);
  for (const ordinal of ordinals) if (passes(ordinal)) yield ordinal;
}

/**
 * Ordinals of a stream, in either direction, from a revision on and including the revision. Null: the stream does not
 * exist.
 */
function ordinalsOfStream(
  log: Log,
  stream: Buffer,
  { from, isBackwards }: ReadRequest,
): Ordinals | Refusal | null {
  const window = log.view.windowOf(stream, Date.now());
  if (window.kind === 'missing') return null;
  if (window.kind === 'tombstoned') return refuseDeletedStream(stream);
  const { first, last } = window;
  const at = (revision: number): number => log.index.ordinalOf(window.stream, revision);
  const begin = from.kind === 'start' ? first : from.kind === 'end' ? last : from.at;
  if (isBackwards) return countDown(Math.min(begin, last), first, at);
  return countUp(Math.max(begin, first), last, at);
}

/** The reason why EventStoreDB refuses a read as invalid; null for a valid read. */
function readFault(request: ReadRequest, log: Log, isLikeEventStoreDB: boolean): Refusal | null {
  const { stream, from, isBackwards, maxCount } = request;
  if (stream === null) return isLikeEventStoreDB ? positionFault(log, from, 'read') : null;
  if (stream.length === 0) return refuseInvalid(EMPTY_STREAM_NAME);
  return maxCount === 0 || (from.kind === 'end' && !isBackwards) ? refuseRead('ReadStreamResult') : null;
}

/**
 * Sends the requested events. Resolves when they are sent or the client is gone.
 * @returns the reason why the read is refused, or null
 */
export async function serveRead(
  request: ReadRequest,
  sender: Sender,
  log: Log,
  isLikeEventStoreDB: boolean,
): Promise<Refusal | null> {
  const fault = readFault(request, log, isLikeEventStoreDB);
  if (fault !== null) return fault;
  if (isLikeEventStoreDB && request.maxCount === 0) {
    // EventStoreDB never answers a read of `$all` that asks for no events.
    await new Promise<void>((resolve) => sender.onOver(resolve));
    return null;
  }
  const ordinals =
    request.stream === null ? ordinalsOfAll(log, request) : ordinalsOfStream(log, request.stream, request);
  if (ordinals === null) {
    sender.send(streamNotFound(request.stream as Buffer));
    sender.flush();
    return null;
  }
  if (!(Symbol.iterator in ordinals)) return ordinals;
  const reader = log.openReader();
  let left = request.maxCount;
  let turn = TURN_EVENTS;
  for (const ordinal of ordinals) {
    if (left <= 0 || sender.isOver()) break;
    if (log.index.isGone(ordinal)) continue;
    left -= 1;
    const event = request.resolvesLinks ? resolveEvent(log, reader, ordinal) : reader.event(ordinal);
    sender.send(event);
    if (sender.isFull()) await sender.whenTaken();
    turn -= 1;
    if (turn > 0) continue;
    turn = TURN_EVENTS;
    await yieldToOthers();
  }
  sender.flush();
  return null;
}
