/**
 * For each stream the ordinals of its events, by revision. Most streams have few events and some have very
 * many, so the lists live in one pool of 4-byte cells: a list that is full moves to a place twice as large, and
 * the place it leaves is used again by the next list of that size.
 */
export interface OrdinalLists {
  /** Events in list `list`; 0 for one never added to. */
  readonly length: (list: number) => number;
  /** @param index below `length(list)` */
  readonly at: (list: number, index: number) => number;
  readonly push: (list: number, ordinal: number) => void;
}

const SMALLEST_CELLS = 4;

function grown(from: Uint32Array, atLeast: number): Uint32Array {
  const wider = new Uint32Array(Math.max(from.length * 2, atLeast));
  wider.set(from);
  return wider;
}

export function openOrdinalLists(): OrdinalLists {
  let cells: Uint32Array = new Uint32Array(1 << 16);
  let used = 0;
  let starts: Uint32Array = new Uint32Array(1024);
  let lengths: Uint32Array = new Uint32Array(1024);
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

  /** A list has room for the next power of two of its length, so a length that is one means it is full. */
  const isFull = (length: number): boolean => length >= SMALLEST_CELLS && (length & (length - 1)) === 0;

  const makeRoom = (list: number, length: number): void => {
    if (length === 0) {
      starts[list] = takePlace(SMALLEST_CELLS);
    } else if (isFull(length)) {
      const start = starts[list] as number;
      const next = takePlace(length * 2);
      cells.copyWithin(next, start, start + length);
      leavePlace(start, length);
      starts[list] = next;
    }
  };

  return {
    length: (list) => lengths[list] ?? 0,
    at: (list, index) => cells[(starts[list] as number) + index] as number,
    push: (list, ordinal) => {
      if (list >= starts.length) {
        starts = grown(starts, list + 1);
        lengths = grown(lengths, list + 1);
      }
      const length = lengths[list] as number;
      makeRoom(list, length);
      cells[(starts[list] as number) + length] = ordinal;
      lengths[list] = length + 1;
    },
  };
}
