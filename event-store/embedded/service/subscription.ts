/**
 * `Streams.Read` as a subscription: a confirmation, everything after the starting point, `CaughtUp`, then events
 * as they are published. It pulls from the log at its client's speed and is woken by commits; nothing is pushed,
 * so a client that does not read costs one message.
 */
import { randomUUID } from 'node:crypto';
import type { Log } from '../storage/open-log.ts';
import type { ReadRequest } from '../wire/read-request.ts';
import { CAUGHT_UP, checkpointReached, FELL_BEHIND, subscriptionConfirmed } from '../wire/responses.ts';
import { compileFilter } from './filter.ts';
import { refuseDeletedStream, refuseInvalid, type Refusal } from './refusal.ts';
import { resolveEvent } from './resolve-link.ts';
import type { Sender } from './send-stream.ts';
import { breathe, TURN_EVENTS } from './turns.ts';

/** A live subscription this many events behind the log is told that it fell behind. */
const BEHIND_EVENTS = 1024;

/** Positions from here on mean "the end": other clients send the largest uint64. */
const END_MARKER = 2 ** 63;

/** What a subscription goes through: steps of the log or of one stream. */
interface Course {
  /** The step to be considered next. */
  next: number;
  /** Steps that are published. */
  readonly end: () => number;
  readonly ordinalOf: (step: number) => number;
  readonly passes: (ordinal: number) => boolean;
  /** Considered events between checkpoints; Infinity without a filter. */
  readonly checkpointEvery: number;
  /** The stream has been tombstoned. */
  readonly isDeleted: () => boolean;
}

function courseOfAll(log: Log, { from, filter }: ReadRequest): Course | Refusal {
  const { index } = log;
  const isAtEnd = from.kind === 'end' || (from.kind === 'at' && from.at >= END_MARKER);
  if (from.kind === 'at' && !isAtEnd && from.at > log.head()) {
    return refuseInvalid(`Position ${from.at} lies beyond the end of the log, which is at ${log.head()}.`);
  }
  return {
    next:
      from.kind === 'start' ? 0 : isAtEnd ? index.count() : index.ordinalAt((from as { at: number }).at + 1),
    end: index.count,
    ordinalOf: (step) => step,
    passes: compileFilter(filter, index),
    checkpointEvery: filter?.checkpointEvery ?? Infinity,
    isDeleted: () => false,
  };
}

function courseOfStream(log: Log, stream: Buffer, { from }: ReadRequest): Course | Refusal {
  const { index, view } = log;
  const window = view.windowOf(stream, Date.now());
  if (window.kind === 'tombstoned') return refuseDeletedStream(stream);
  const first = window.kind === 'open' ? window.first : 0;
  let number = index.streams.find(stream);
  const end = (): number => {
    if (number < 0) number = index.streams.find(stream);
    return number < 0 ? 0 : index.eventsOf(number);
  };
  const isAtEnd = from.kind === 'end' || (from.kind === 'at' && from.at >= END_MARKER);
  const begin = from.kind === 'start' ? 0 : isAtEnd ? end() : (from as { at: number }).at + 1;
  return {
    next: window.kind === 'missing' ? Math.max(begin, end()) : Math.max(begin, first),
    end,
    ordinalOf: (revision) => index.ordinalOf(number, revision),
    passes: () => true,
    checkpointEvery: Infinity,
    isDeleted: () => end() >= 0 && number >= 0 && index.isTombstoned(number),
  };
}

/** Waits for the next publication, the end of the call or what `isThere` sees by itself. */
function openWaiting(log: Log, sender: Sender): (isThere: () => boolean) => Promise<void> {
  let wake: (() => void) | null = null;
  const stop = log.onPublished(() => wake?.());
  sender.onOver(() => {
    stop();
    wake?.();
  });
  return (isThere) =>
    new Promise((resolve) => {
      if (sender.isOver() || isThere()) {
        resolve();
        return;
      }
      wake = () => {
        wake = null;
        resolve();
      };
    });
}

/**
 * Serves a subscription until its client is gone.
 * @returns why it is refused, or null
 */
export async function serveSubscription(
  request: ReadRequest,
  sender: Sender,
  log: Log,
): Promise<Refusal | null> {
  const course =
    request.stream === null ? courseOfAll(log, request) : courseOfStream(log, request.stream, request);
  if ('code' in course) return course;
  sender.send(subscriptionConfirmed(randomUUID()));
  const reader = log.openReader();
  let sinceCheckpoint = 0;

  /** Goes on for one turn at most. */
  const goOn = async (): Promise<void> => {
    const until = Math.min(course.end(), course.next + TURN_EVENTS);
    while (course.next < until && !sender.isOver()) {
      const ordinal = course.ordinalOf(course.next);
      course.next += 1;
      sinceCheckpoint += 1;
      if (course.passes(ordinal)) {
        sender.send(request.resolvesLinks ? resolveEvent(log, reader, ordinal) : reader.event(ordinal));
      }
      if (sinceCheckpoint >= course.checkpointEvery) {
        sinceCheckpoint = 0;
        sender.send(checkpointReached(log.index.positionOf(ordinal)));
      }
      if (sender.isFull()) await sender.whenTaken();
    }
  };

  const published = openWaiting(log, sender);
  let isLive = false;
  while (!sender.isOver()) {
    if (course.isDeleted()) return refuseDeletedStream(request.stream as Buffer);
    if (course.next < course.end()) {
      if (isLive && course.end() - course.next > BEHIND_EVENTS) {
        isLive = false;
        sender.send(FELL_BEHIND);
      }
      await goOn();
      sender.flush();
      if (course.next < course.end()) await breathe();
      continue;
    }
    if (!isLive) {
      isLive = true;
      sinceCheckpoint = 0;
      if (course.checkpointEvery !== Infinity && log.head() > 0) sender.send(checkpointReached(log.head()));
      sender.send(CAUGHT_UP);
      sender.flush();
    }
    await published(() => course.next < course.end() || course.isDeleted());
  }
  return null;
}
