/**
 * Serves `Streams.Read` as a subscription: a confirmation, every event after the starting point, `CaughtUp`, then
 * events as the log publishes them. The subscription reads the log at the speed of its client, and each commit wakes
 * it. So only one message is in memory for a client that does not read.
 */
import { randomUUID } from 'node:crypto';
import type { EventReader } from '../storage/event-reader.ts';
import type { Log } from '../storage/open-log.ts';
import type { ReadRequest } from '../../event-store/wire/read-request.ts';
import {
  CAUGHT_UP,
  checkpointReached,
  FELL_BEHIND,
  subscriptionConfirmed,
} from '../../event-store/wire/responses.ts';
import { consumerTooSlow, LIVE_BUFFER_EVENTS, SENT_BEFORE_END_EVENTS } from './likeness.ts';
import { refuseDeletedStream, type Refusal } from './refusal.ts';
import { resolveEvent } from './resolve-link.ts';
import type { Sender } from './send-stream.ts';
import { courseOf, type Course } from './subscription-course.ts';
import { yieldToOthers, TURN_EVENTS } from './turns.ts';

/** A live subscription that is this many events behind the log gets the message `FellBehind`. */
const BEHIND_EVENTS = 1024;

/** Waits for the next publication of events or the end of the call; returns at once when `isThere` is true. */
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

/** Sends the checkpoints of a filtered subscription: one after each `checkpointEvery` considered events. */
function openCheckpoints(course: Course, log: Log, sender: Sender, isLikeEventStoreDB: boolean) {
  let considered = 0;
  let windowStart: number | null = null;
  let lastMatch: number | null = null;

  /**
   * While a subscription catches up, EventStoreDB names the last match of a window, or the start of a window without
   * a match.
   */
  const sendWhileCatchingUp = (): void => {
    if (course.next >= course.end()) return;
    if (lastMatch !== null) sender.send(checkpointReached(lastMatch));
    else sender.send(checkpointReached(windowStart ?? 0, 0));
  };

  return {
    consider: (ordinal: number, isMatch: boolean, isLive: boolean): void => {
      if (course.checkpointEvery === Infinity) return;
      const position = log.index.positionOf(ordinal);
      considered += 1;
      windowStart ??= position;
      if (isMatch) lastMatch = position;
      if (considered < course.checkpointEvery) return;
      if (isLikeEventStoreDB && !isLive) sendWhileCatchingUp();
      else sender.send(checkpointReached(position));
      considered = 0;
      windowStart = null;
      lastMatch = null;
    },
    /** Sends the checkpoint of a subscription that has caught up. */
    goLive: (): void => {
      if (isLikeEventStoreDB || course.checkpointEvery === Infinity) return;
      considered = 0;
      if (log.head() > 0) sender.send(checkpointReached(log.head()));
    },
  };
}

type Phase = 'catching up' | 'transitioning to live' | 'live';

/** True when more than `most` of the published events that are not sent yet pass the filter. */
function areMoreThan(course: Course, most: number): boolean {
  let passing = 0;
  for (let step = course.next; step < course.end() && passing <= most; step += 1)
    if (course.passes(course.ordinalOf(step))) passing += 1;
  return passing > most;
}

interface Delivery {
  readonly request: ReadRequest;
  readonly course: Course;
  readonly log: Log;
  readonly sender: Sender;
  readonly reader: EventReader;
  readonly checkpoints: ReturnType<typeof openCheckpoints>;
}

/**
 * Sends published events, for one turn at most.
 * @param most the largest number of events to send
 */
async function deliver(delivery: Delivery, most: number, isLive: boolean): Promise<void> {
  const { request, course, log, sender, reader, checkpoints } = delivery;
  const until = Math.min(course.end(), course.next + TURN_EVENTS);
  let left = most;
  while (course.next < until && left > 0 && !sender.isOver()) {
    const ordinal = course.ordinalOf(course.next);
    course.next += 1;
    const isMatch = !log.index.isGone(ordinal) && course.passes(ordinal);
    if (isMatch) {
      left -= 1;
      sender.send(request.resolvesLinks ? resolveEvent(log, reader, ordinal) : reader.event(ordinal));
    }
    checkpoints.consider(ordinal, isMatch, isLive);
    if (sender.isFull()) await sender.whenTaken();
  }
}

/**
 * Serves a subscription until its client is gone.
 * @returns the reason when the subscription is refused or ended, otherwise null
 */
export async function serveSubscription(
  request: ReadRequest,
  sender: Sender,
  log: Log,
  isLikeEventStoreDB: boolean,
): Promise<Refusal | null> {
  const course = courseOf(log, request, isLikeEventStoreDB);
  if ('code' in course) return course;
  sender.send(subscriptionConfirmed(randomUUID()));
  const reader = log.openReader();
  const checkpoints = openCheckpoints(course, log, sender, isLikeEventStoreDB);
  const delivery = { request, course, log, sender, reader, checkpoints };
  const published = openWaiting(log, sender);
  // For the likeness to EventStoreDB: the subscription reads once more after it has caught up. From then on, the store
  // ends it when it is slow.
  let phase = 'catching up' as Phase;

  /**
   * Sends the published events that are not sent yet.
   * @returns the reason why the subscription ends, or null
   */
  const sendDue = async (): Promise<Refusal | null> => {
    if (isLikeEventStoreDB && phase !== 'catching up' && areMoreThan(course, LIVE_BUFFER_EVENTS)) {
      await deliver(delivery, SENT_BEFORE_END_EVENTS, phase === 'live');
      sender.flush();
      return consumerTooSlow(phase);
    }
    if (!isLikeEventStoreDB && phase === 'live' && course.end() - course.next > BEHIND_EVENTS) {
      phase = 'catching up';
      sender.send(FELL_BEHIND);
    }
    await deliver(delivery, Infinity, phase === 'live');
    sender.flush();
    if (course.next < course.end()) await yieldToOthers();
    return null;
  };

  while (!sender.isOver()) {
    const tombstone = course.tombstone();
    if (tombstone !== null && course.next >= course.end()) {
      sender.send(reader.event(tombstone));
      sender.flush();
      return refuseDeletedStream(request.stream as Buffer);
    }
    if (course.next < course.end()) {
      const end = await sendDue();
      if (end !== null) return end;
      continue;
    }
    if (isLikeEventStoreDB && phase === 'catching up') {
      phase = 'transitioning to live';
      await yieldToOthers();
      continue;
    }
    if (phase !== 'live' && !(isLikeEventStoreDB && course.isMissing())) {
      phase = 'live';
      checkpoints.goLive();
      sender.send(CAUGHT_UP);
    }
    sender.flush();
    await published(() => course.next < course.end() || course.tombstone() !== null);
  }
  return null;
}
