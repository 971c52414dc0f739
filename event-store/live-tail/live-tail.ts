import type { EventLog, Following } from '../event-log.ts';
import {
  createEventRing,
  RING_BYTES_MAX,
  RING_ITEMS_MAX,
  type EventRing,
  type RingLimits,
} from './event-ring.ts';

/**
 * One unbroken period of the subscription. Items of two sessions are never mixed, because the next session may follow
 * another log.
 */
export interface TailSession {
  /** The end of the log when the session began. Every later event comes through the ring. */
  readonly begin: bigint;
  readonly ring: EventRing;
  /** True once the server has said that this subscription is at the end of the log. */
  isLive: boolean;
  /** True once the subscription has ended; another session follows. */
  isOver: boolean;
}

/** The callbacks of a reader. Both return at once. */
export interface TailReader {
  /** Called after a new item, and after a new session. */
  readonly wake: () => void;
  /** Called when the subscription breaks; the tail subscribes again. */
  readonly interrupted: (cause: Error) => void;
  /** The number of the next item of this session that the reader takes; null while the reader reads from the log. */
  readonly next: (session: TailSession) => number | null;
}

export interface LiveTail {
  /** The current session; null between two sessions. */
  session(): TailSession | null;
  join(reader: TailReader): void;
  /**
   * Removes a reader. After the last reader, it also ends the subscription, and resolves when the subscription has
   * ended.
   */
  leave(reader: TailReader): Promise<void>;
}

export interface LiveTailParts {
  readonly log: Pick<EventLog, 'follow' | 'head'>;
  /** Prefixes of all streams that any reader wants. */
  readonly streamPrefixes: readonly string[];
  readonly limits?: TailLimits;
  /** Makes the ring of a session; a simulation passes another function. */
  readonly createRing?: typeof createEventRing;
}

export interface TailLimits extends RingLimits {
  /** Number of items that stay although every reader has taken them, for a reader that begins again. */
  readonly takenItemsMax: number;
}

/**
 * The tail drops items soon after their readers took them. V8 would copy an event that lives for seconds to its old
 * generation.
 */
const LIMITS: TailLimits = { itemsMax: RING_ITEMS_MAX, bytesMax: RING_BYTES_MAX, takenItemsMax: 256 };
/** The tail asks its readers for their next items after this many new items. */
const DROP_EVERY_ITEMS = 64;

/**
 * Serves the live end of the log to all readers of this process, with one subscription into one ring. It accepts all
 * items of the server at once, and waits for no reader.
 *
 * Each subscription begins a new session at the end that the log has then. Each reader must itself compare the log
 * with its checkpoint and read the events before that end (ADR 0153).
 */
export function openLiveTail(parts: LiveTailParts): LiveTail {
  const { log, streamPrefixes, limits = LIMITS, createRing = createEventRing } = parts;
  const readers = new Set<TailReader>();
  let session: TailSession | null = null;
  let added = 0;
  let running: { following?: Following } | null = null;

  const wakeAll = (): void => {
    for (const reader of readers) reader.wake();
  };
  const end = (): void => {
    if (session === null) return;
    session.isOver = true;
    session = null;
    wakeAll();
  };
  const begin = (head: bigint): void => {
    session = { begin: head, ring: createRing(head, limits), isLive: false, isOver: false };
    wakeAll();
  };
  const dropTaken = (own: TailSession): void => {
    let taken = Infinity;
    // A reader that still reads from the log needs the items that come meanwhile.
    for (const reader of readers) taken = Math.min(taken, reader.next(own) ?? 0);
    if (taken !== Infinity) own.ring.dropBefore(taken - limits.takenItemsMax);
  };
  const add: (...item: Parameters<EventRing['add']>) => void = (position, event, bytes) => {
    // A server may send an event twice (D29). The ring stays in order, so that each reader finds its place.
    if (session === null || position <= session.ring.newest()) return;
    session.ring.add(position, event, bytes);
    added += 1;
    if (added % Math.min(DROP_EVERY_ITEMS, limits.takenItemsMax) === 0) dropTaken(session);
    wakeAll();
  };
  const start = (): void => {
    const own: { following?: Following } = {};
    running = own;
    // Ignores items that an ended subscription still delivers.
    const isOurs = (): boolean => running === own;
    own.following = log.follow({
      filter: { streamPrefixes },
      after: async () => {
        if (isOurs()) end();
        const head = await log.head();
        if (isOurs()) begin(head);
        return head === 0n ? 'start' : head;
      },
      onEvent: (event, bytes = 0) => {
        if (isOurs()) add(event.position, event, bytes);
      },
      onCheckpoint: (position) => {
        if (isOurs()) add(position, null, 0);
      },
      onCaughtUp: () => {
        if (!isOurs() || session === null) return;
        session.isLive = true;
        wakeAll();
      },
      onInterrupted: (cause) => {
        if (!isOurs()) return;
        end();
        for (const reader of readers) reader.interrupted(cause);
      },
    });
  };

  return {
    session: () => session,
    join: (reader) => {
      readers.add(reader);
      if (running === null) start();
    },
    leave: async (reader) => {
      readers.delete(reader);
      if (readers.size > 0) return;
      const ending = running;
      running = null;
      end();
      await ending?.following?.stop();
    },
  };
}
