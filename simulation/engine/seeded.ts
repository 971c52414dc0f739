/** A source of random numbers. All randomness of a simulated world comes from such sources. */
export interface Seeded {
  /** Returns the next random number, uniform in [0, 1). */
  next(): number;
  /** A whole number from 0 to `below`, exclusive. */
  int(below: number): number;
  /** A number from `from` to `to`, exclusive. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
  hex(digits: number): string;
}

/** The generator mulberry32 with 32 bits of state. One seed gives the same numbers on every machine. */
export function seeded(seed: number): Seeded {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick: (list) => list[int(list.length)]!,
    hex: (digits) => {
      let text = '';
      while (text.length < digits)
        text += int(2 ** 32)
          .toString(16)
          .padStart(8, '0');
      return text.slice(0, digits);
    },
  };
}
