import type { Values } from './table.ts';

/** 4 MiB. With a million keys, one new key in 300 counts as known. */
const BITS = 2 ** 25;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Tells whether a row's key may have been asked about before. It never forgets a key. A new key may count as known, the more
 * often the more keys there are (a Bloom filter with two bits a key).
 */
export type IsKnownKey = (values: Values) => boolean;

/** Remembers keys in a fixed amount of memory. */
export function keyFilter(keyColumns: number): IsKnownKey {
  const bits = new Uint32Array(BITS / 32);
  /** Sets a bit; returns its value before. */
  const set = (bit: number): boolean => {
    const word = bit >>> 5;
    const mask = 1 << (bit & 31);
    const before = bits[word]!;
    bits[word] = before | mask;
    return (before & mask) !== 0;
  };
  return (values) => {
    const hash = hashOf(values, keyColumns);
    const first = set(hash % BITS);
    return set(mixed(hash) % BITS) && first;
  };
}

export const everyKeyIsKnown = (): IsKnownKey => () => true;

/** FNV-1a over the UTF-16 code units, with a separator after each column. */
function hashOf(values: Values, keyColumns: number): number {
  let hash = FNV_OFFSET;
  for (let column = 0; column < keyColumns; column += 1) {
    const text = String(values[column]);
    for (let index = 0; index < text.length; index += 1)
      hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
    hash = Math.imul(hash ^ 0xff, FNV_PRIME);
  }
  return mixed(hash);
}

/** The last step of MurmurHash3: each bit of the result depends on all bits. */
function mixed(hash: number): number {
  let value = hash;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
