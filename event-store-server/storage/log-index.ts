/**
 * Holds the place of every published event. The ordinal of an event is its place in the whole log, counted from 0.
 * Besides the streams' names, an event takes 22 to 28 bytes of memory. The position takes 8, the stream 4, the type
 * 4, and the event's cell in the stream's list 4 to 8. An event that scavenge removed keeps its ordinal until the
 * next start; it is "gone", and no reader gets it.
 */
import { openNameTable, type NameTable } from './name-table.ts';
import { openOrdinalLists } from './ordinal-lists.ts';

export interface LogIndex {
  readonly streams: NameTable;
  readonly types: NameTable;
  readonly count: () => number;
  readonly positionOf: (ordinal: number) => number;
  readonly streamOf: (ordinal: number) => number;
  readonly typeOf: (ordinal: number) => number;
  /** The first ordinal whose position is at or after `position`; `count()` when there is none. */
  readonly ordinalAt: (position: number) => number;
  /** The number of events a stream has ever had: events that scavenge removed count, a tombstone does not. */
  readonly eventsOf: (stream: number) => number;
  /** The first revision of a stream that scavenge has not removed. */
  readonly firstRevisionOf: (stream: number) => number;
  /** The ordinal of the event at `revision`, or -1 for an event that is gone. */
  readonly ordinalOf: (stream: number, revision: number) => number;
  /** The revision of the event at `ordinal` in its stream, or -1 for an event that is gone. */
  readonly revisionOf: (ordinal: number) => number;
  /** True when scavenge removed the event at `ordinal`, and for -1. */
  readonly isGone: (ordinal: number) => boolean;
  /**
   * Marks the events of a stream before `revision` as gone. When `revision` is past the last event, the next event
   * gets this revision.
   */
  readonly forgetBefore: (stream: number, revision: number) => void;
  readonly isTombstoned: (stream: number) => boolean;
  /** True when the event at `ordinal` marks a tombstone. */
  readonly isTombstone: (ordinal: number) => boolean;
  /** Adds the next event, whose position is after all others. */
  readonly add: (stream: number, type: number, position: number, isTombstone: boolean) => void;
}

const TOMBSTONE_BIT = 0x80000000;
const GONE_BIT = 0x40000000;
const TYPE_BITS = 0x3fffffff;

export function openLogIndex(): LogIndex {
  const streams = openNameTable();
  const types = openNameTable();
  const positions = wideColumn();
  const streamNumbers = narrowColumn();
  const typeNumbers = narrowColumn();
  const lists = openOrdinalLists();
  const tombstoned = new Set<number>();

  /** The first number from 0 to `end` (exclusive) for which `isAtOrAfter` holds, or `end`. */
  const firstAt = (end: number, isAtOrAfter: (place: number) => boolean): number => {
    let low = 0;
    let high = end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isAtOrAfter(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  return {
    streams,
    types,
    count: positions.length,
    positionOf: positions.at,
    streamOf: streamNumbers.at,
    typeOf: (ordinal) => typeNumbers.at(ordinal) & TYPE_BITS,
    ordinalAt: (position) => firstAt(positions.length(), (ordinal) => positions.at(ordinal) >= position),
    eventsOf: lists.end,
    firstRevisionOf: lists.first,
    ordinalOf: lists.at,
    // Ordinals rise with revisions. Before the first revision `at` returns -1.
    revisionOf: (ordinal) => {
      const stream = streamNumbers.at(ordinal);
      const revision = firstAt(lists.end(stream), (each) => lists.at(stream, each) >= ordinal);
      return lists.at(stream, revision) === ordinal ? revision : -1;
    },
    isGone: (ordinal) => ordinal < 0 || (typeNumbers.at(ordinal) & GONE_BIT) !== 0,
    forgetBefore: (stream, revision) => {
      const end = Math.min(revision, lists.end(stream));
      for (let each = lists.first(stream); each < end; each += 1) {
        const ordinal = lists.at(stream, each);
        typeNumbers.set(ordinal, typeNumbers.at(ordinal) + GONE_BIT);
      }
      lists.forgetBefore(stream, revision);
    },
    isTombstoned: (stream) => tombstoned.has(stream),
    isTombstone: (ordinal) => typeNumbers.at(ordinal) >= TOMBSTONE_BIT,
    add: (stream, type, position, isTombstone) => {
      if (isTombstone) tombstoned.add(stream);
      else lists.push(stream, positions.length());
      positions.push(position);
      streamNumbers.push(stream);
      typeNumbers.push(isTombstone ? type + TOMBSTONE_BIT : type);
    },
  };
}

/**
 * A column of the index: a list of numbers in blocks of 64 Ki. Growth copies nothing, and a million entries cost little
 * more than their own size.
 */
interface Column {
  readonly length: () => number;
  readonly at: (index: number) => number;
  readonly push: (value: number) => void;
  /**
   * Sets an entry.
   * @param index a number below `length()`
   */
  readonly set: (index: number, value: number) => void;
}

type Block = Float64Array | Uint32Array;

const BLOCK_BITS = 16;
const BLOCK_SIZE = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_SIZE - 1;

function column(makeBlock: () => Block): Column {
  const blocks: Block[] = [];
  let length = 0;
  return {
    length: () => length,
    at: (index) => (blocks[index >>> BLOCK_BITS] as Block)[index & BLOCK_MASK] as number,
    push: (value) => {
      const within = length & BLOCK_MASK;
      if (within === 0) blocks.push(makeBlock());
      (blocks[length >>> BLOCK_BITS] as Block)[within] = value;
      length += 1;
    },
    set: (index, value) => {
      (blocks[index >>> BLOCK_BITS] as Block)[index & BLOCK_MASK] = value;
    },
  };
}

/** Integers to 2^53, 8 bytes each. */
const wideColumn = (): Column => column(() => new Float64Array(BLOCK_SIZE));

/** Unsigned integers below 2^32, 4 bytes each. */
const narrowColumn = (): Column => column(() => new Uint32Array(BLOCK_SIZE));
