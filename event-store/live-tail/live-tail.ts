import type { EventLog, Following } from '../event-log.ts';
import {
  createEventRing,
  RING_BYTES_MAX,
  RING_ITEMS_MAX,
  type EventRing,
  type RingLimits,
} from './event-ring.ts';

/** One unbroken stretch of the subscription. Nothing of it is mixed with the next one, which may be of another log. */
export interface TailSession {
  /** The end of the log when the session began; everything after it comes through the ring. */
  readonly begin: bigint;
  readonly ring: EventRing;
  /** The server has said that this subscription is at the end of the log. */
  isLive: boolean;
  /** The subscription has ended; another session takes its place. */
  isOver: boolean;
}

/** What a reader is told; both return at once. */
export interface TailReader {
  /** There is something new in the session, or another session. */
  readonly wake: () => void;
  /** The subscription broke, and is taken up again. */
  readonly interrupted: (cause: Error) => void;
}

export interface LiveTail {
  /** The session of now; null while there is none. */
  session(): TailSession | null;
  join(reader: TailReader): void;
  /** When the last reader leaves, the subscription ends; resolves when it has ended. */
  leave(reader: TailReader): Promise<void>;
}

export interface LiveTailParts {
  readonly log: Pick<EventLog, 'follow' | 'head'>;
  /** Streams of every reader. */
  readonly streamPrefixes: readonly string[];
  readonly limits?: RingLimits;
  /** The ring of a session, unless a simulation has another. */
  readonly createRing?: typeof createEventRing;
}

const LIMITS: RingLimits = { itemsMax: RING_ITEMS_MAX, bytesMax: RING_BYTES_MAX };

/**
 * The live end of the log for all readers of this process: one subscription into one ring. It takes what the server
 * sends at once and waits for no reader.
 *
 * Each time the subscription is taken up a session begins at the end of the log as it is then; what lies before it is
 * each reader's own business, who compares the log with what it has first (ADR 0153).
 */
export function openLiveTail(parts: LiveTailParts): LiveTail {
  const { log, streamPrefixes, limits = LIMITS, createRing = createEventRing } = parts;
  const readers = new Set<TailReader>();
  let session: TailSession | null = null;
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
  const add: (...item: Parameters<EventRing['add']>) => void = (position, event, bytes) => {
    // A server may bring an event a second time (D29); the ring is in order, so that each reader finds its place in it.
    if (session === null || position <= session.ring.newest()) return;
    session.ring.add(position, event, bytes);
    wakeAll();
  };
  const start = (): void => {
    const own: { following?: Following } = {};
    running = own;
    // What an ended subscription still brings belongs to nobody.
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
