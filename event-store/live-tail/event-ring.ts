import type { RecordedEvent } from '../event-log.ts';

/**
 * Most events in a ring. Another limit counts bytes. The ring obeys both limits. A reader that is further behind
 * reads from the log.
 */
export const RING_ITEMS_MAX = 4_096;
export const RING_BYTES_MAX = 8 * 1024 * 1024;

export interface RingLimits {
  readonly itemsMax: number;
  readonly bytesMax: number;
}

/**
 * An event, or a checkpoint. A checkpoint says that no event that passes the filter lies between the previous item
 * and `position`.
 */
export interface RingItem {
  /** The item's number in this ring, counted from 0. */
  readonly sequence: number;
  readonly position: bigint;
  readonly event: RecordedEvent | null;
  /** Size of the event as the server sent it, 0 for an unknown size. */
  readonly bytes: number;
}

export interface EventRing {
  add(position: bigint, event: RecordedEvent | null, bytes: number): void;
  /** The item with this number; `'gone'` when it has left the ring, null when it has not arrived yet. */
  at(sequence: number): RingItem | 'gone' | null;
  /** Items before this number leave the ring. */
  dropBefore(sequence: number): void;
  /** The number of the first item after a position. This item may not have arrived yet. */
  firstAfter(position: bigint): number;
  /** The position after which the ring holds every item. */
  reachesBackTo(): bigint;
  /** The position of the newest item. For an empty ring, the position at which the ring begins. */
  newest(): bigint;
}

/**
 * Holds the newest events of the log, in order, for readers at different places. The ring never waits for a reader: the
 * oldest items leave when a bound is reached.
 *
 * @param begin the ring gets every item after this position
 */
export function createEventRing(begin: bigint, { itemsMax, bytesMax }: RingLimits): EventRing {
  const slots = new Array<RingItem | undefined>(itemsMax);
  let first = 0;
  let next = 0;
  let bytesHeld = 0;
  let floor = begin;
  let newest = begin;

  const slot = (sequence: number): RingItem => slots[sequence % itemsMax]!;
  const dropOldest = (): void => {
    const oldest = slot(first);
    slots[first % itemsMax] = undefined;
    first += 1;
    bytesHeld -= oldest.bytes;
    floor = oldest.position;
  };

  return {
    add: (position, event, bytes) => {
      while (next > first && (next - first >= itemsMax || bytesHeld + bytes > bytesMax)) dropOldest();
      slots[next % itemsMax] = { sequence: next, position, event, bytes };
      next += 1;
      bytesHeld += bytes;
      newest = position;
    },
    at: (sequence) => {
      if (sequence >= next) return null;
      return sequence < first ? 'gone' : slot(sequence);
    },
    dropBefore: (sequence) => {
      while (first < next && first < sequence) dropOldest();
    },
    firstAfter: (position) => {
      let low = first;
      let high = next;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (slot(middle).position > position) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    reachesBackTo: () => floor,
    newest: () => newest,
  };
}
