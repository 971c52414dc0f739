/**
 * Where the events of a packed segment lie. Scavenge leaves events out and keeps the positions of the others, so the
 * file consists of runs: within one, place and offset go side by side. A place is a position counted from the
 * segment's first.
 */
export interface Packing {
  /** The length of the file. */
  readonly fileBytes: number;
  /** The places at which runs begin, rising. */
  readonly places: Uint32Array;
  /** The offsets in the file at which they begin. */
  readonly offsets: Uint32Array;
}

/** A packed file of which only the length is known yet. */
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
  /** The next event lies here; places and offsets rise. */
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
