import type { RecordedEvent } from '../event-log.ts';

/** Bounds of a ring; whichever is reached first. A reader that is further behind than the ring reaches reads by itself. */
export const RING_ITEMS_MAX = 4_096;
export const RING_BYTES_MAX = 8 * 1024 * 1024;

export interface RingLimits {
  readonly itemsMax: number;
  readonly bytesMax: number;
}

/** An event, or a checkpoint: nothing that passes the filter lies between the item before and `position`. */
export interface RingItem {
  /** Number in the row of all items of this ring, from 0. */
  readonly sequence: number;
  readonly position: bigint;
  readonly event: RecordedEvent | null;
  /** Size of the event as the server sent it, 0 when it is not known. */
  readonly bytes: number;
}

export interface EventRing {
  add(position: bigint, event: RecordedEvent | null, bytes: number): void;
  /** The item of this number; `'gone'` when it has left the ring, null when it has not come yet. */
  at(sequence: number): RingItem | 'gone' | null;
  /** Number of the first item behind a position, which may be one that has not come yet. */
  firstAfter(position: bigint): number;
  /** The ring holds every item after this position. */
  reachesBackTo(): bigint;
  /** Position of the newest item, or where the ring began. */
  newest(): bigint;
}

/**
 * The newest events of the log, in order, for readers that each have their own place in it. It never waits for a reader:
 * what is beyond its bounds leaves it.
 *
 * @param begin everything after this position is added
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
