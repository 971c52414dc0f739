/**
 * Where every published event lies. An event's ordinal is its place in the whole log, counted from 0. Beyond the
 * streams' names an event costs 22 to 28 bytes of memory: position 8, stream 4, type 4, its cell in the stream's
 * list 4 to 8 (and what lists left behind). An event that scavenge took keeps its ordinal until the next start and is
 * "gone": nobody reads it any more.
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
  /** First ordinal whose position is at or after `position`; `count()` when there is none. */
  readonly ordinalAt: (position: number) => number;
  /** How many events a stream has had, without a tombstone and with those that scavenge removed. */
  readonly eventsOf: (stream: number) => number;
  /** The first revision of a stream that scavenge left. */
  readonly firstRevisionOf: (stream: number) => number;
  /** The ordinal of a stream's event, or -1 when it is gone. */
  readonly ordinalOf: (stream: number, revision: number) => number;
  /** The revision of the event at `ordinal` in its stream, or -1 when it is gone. */
  readonly revisionOf: (ordinal: number) => number;
  /** True when scavenge took the event at `ordinal`, and for -1. */
  readonly isGone: (ordinal: number) => boolean;
  /** A stream's events before `revision` are gone; past its last event, the next one has that revision. */
  readonly forgetBefore: (stream: number, revision: number) => void;
  readonly isTombstoned: (stream: number) => boolean;
  /** True when the event at `ordinal` is the one that marks a tombstone. */
  readonly isTombstone: (ordinal: number) => boolean;
  /** Adds the next event, its position after all others'. */
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

  /** First number from 0 to `end` (not included) for which `isAtOrAfter` holds, or `end`. */
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
    // Ordinals rise with revisions; before the first revision `at` is -1.
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
 * A column of the index: numbers that are appended, in blocks of 64 Ki, so that growing never copies what is there
 * and a million entries cost their own size and no more.
 */
interface Column {
  readonly length: () => number;
  readonly at: (index: number) => number;
  readonly push: (value: number) => void;
  /** @param index below `length()` */
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
