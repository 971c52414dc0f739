/**
 * The ordinals of each stream's events, by revision. Most streams have few events and some have very many, so the
 * lists share one pool of 4-byte cells. A full list moves to a place twice as large, and the next list of the old
 * size takes the free place. After scavenge removed the first events of a stream, its list begins at a later
 * revision.
 */
export interface OrdinalLists {
  /** The revision after the last one of list `list`; 0 for a list that never had an entry. */
  readonly end: (list: number) => number;
  /** The first revision that the list holds; `end` when it holds none. */
  readonly first: (list: number) => number;
  /** The ordinal at a revision, or -1 when the list does not hold it. */
  readonly at: (list: number, revision: number) => number;
  readonly push: (list: number, ordinal: number) => void;
  /**
   * Removes everything before `revision` from the list. When `revision` is past the end, the next `push` has that
   * revision.
   */
  readonly forgetBefore: (list: number, revision: number) => void;
}

const SMALLEST_CELLS = 4;

function grown(from: Uint32Array, atLeast: number): Uint32Array {
  const wider = new Uint32Array(Math.max(from.length * 2, atLeast));
  wider.set(from);
  return wider;
}

/** The number of cells that a list of this length occupies. */
const placeFor = (length: number): number =>
  length <= SMALLEST_CELLS ? SMALLEST_CELLS : 1 << (32 - Math.clz32(length - 1));

/** A list has room up to the next power of two, so a list whose length is a power of two is full. */
const isFull = (length: number): boolean => length >= SMALLEST_CELLS && (length & (length - 1)) === 0;

export function openOrdinalLists(): OrdinalLists {
  let cells: Uint32Array = new Uint32Array(1 << 16);
  let used = 0;
  let starts: Uint32Array = new Uint32Array(1024);
  let lengths: Uint32Array = new Uint32Array(1024);
  let firsts: Uint32Array = new Uint32Array(1024);
  const freePlaces = new Map<number, number[]>();

  const takePlace = (size: number): number => {
    const free = freePlaces.get(size)?.pop();
    if (free !== undefined) return free;
    if (used + size > cells.length) cells = grown(cells, used + size);
    used += size;
    return used - size;
  };

  const leavePlace = (start: number, size: number): void => {
    const places = freePlaces.get(size);
    if (places === undefined) freePlaces.set(size, [start]);
    else places.push(start);
  };

  const ensureList = (list: number): void => {
    if (list < starts.length) return;
    starts = grown(starts, list + 1);
    lengths = grown(lengths, list + 1);
    firsts = grown(firsts, list + 1);
  };

  /** Moves the last `kept` ordinals of a list to a place with room for `length`. */
  const move = (list: number, kept: number, length: number): void => {
    const before = lengths[list] as number;
    const start = starts[list] as number;
    const next = takePlace(placeFor(length));
    cells.copyWithin(next, start + before - kept, start + before);
    if (before > 0) leavePlace(start, placeFor(before));
    starts[list] = next;
  };

  const end = (list: number): number => (firsts[list] ?? 0) + (lengths[list] ?? 0);

  return {
    end,
    first: (list) => firsts[list] ?? 0,
    at: (list, revision) => {
      const place = revision - (firsts[list] ?? 0);
      return place >= 0 && place < (lengths[list] ?? 0)
        ? (cells[(starts[list] as number) + place] as number)
        : -1;
    },
    push: (list, ordinal) => {
      ensureList(list);
      const length = lengths[list] as number;
      if (length === 0 || isFull(length)) move(list, length, length + 1);
      cells[(starts[list] as number) + length] = ordinal;
      lengths[list] = length + 1;
    },
    forgetBefore: (list, revision) => {
      ensureList(list);
      if (revision <= (firsts[list] as number)) return;
      const length = lengths[list] as number;
      const kept = Math.max(0, end(list) - revision);
      if (kept > 0) move(list, kept, kept);
      else if (length > 0) leavePlace(starts[list] as number, placeFor(length));
      lengths[list] = kept;
      firsts[list] = revision;
    },
  };
}
