/**
 * Tells where the events of a packed segment lie. Scavenge drops events and keeps the positions of the remaining
 * events, so the file consists of runs. Within a run, places and offsets rise by the same amounts. A place is a
 * position counted from the first position of the segment.
 */
export interface Packing {
  /** The length of the file. */
  readonly fileBytes: number;
  /** The place at which each run begins, in rising order. */
  readonly places: Uint32Array;
  /** The offset in the file at which each run begins. */
  readonly offsets: Uint32Array;
}

/** The packing of a file whose runs have not been read yet. Only the length is known. */
export const unknownPacking = (fileBytes: number): Packing => ({
  fileBytes,
  places: new Uint32Array(),
  offsets: new Uint32Array(),
});

/** The offset in the file of the event at `place`. */
export function offsetIn({ places, offsets }: Packing, place: number): number {
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((places[middle] as number) <= place) low = middle;
    else high = middle - 1;
  }
  return (offsets[low] as number) + place - (places[low] as number);
}

export interface PackingBuilder {
  /** Notes where the next event lies. Places and offsets rise. */
  readonly note: (place: number, offset: number) => void;
  readonly finish: (fileBytes: number) => Packing;
}

export function buildPacking(): PackingBuilder {
  const places: number[] = [];
  const offsets: number[] = [];
  let shift = -1;
  return {
    note: (place, offset) => {
      if (place - offset === shift) return;
      shift = place - offset;
      places.push(place);
      offsets.push(offset);
    },
    finish: (fileBytes) => ({
      fileBytes,
      places: Uint32Array.from(places),
      offsets: Uint32Array.from(offsets),
    }),
  };
}
