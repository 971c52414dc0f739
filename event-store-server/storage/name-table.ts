/**
 * Names of streams or event types, numbered from 0 in the order of first appearance. One buffer holds the bytes of all
 * names, beside a hash table with open addressing. That takes about 12 bytes a name besides the name; a Map of strings
 * takes over a hundred.
 */
import { randomInt } from 'node:crypto';

export interface NameTable {
  readonly size: () => number;
  /** The number of a name, or -1. */
  readonly find: (name: Buffer) => number;
  /** The number of a name; a new name gets the next number. */
  readonly intern: (name: Buffer) => number;
  /** A view of the bytes of a name. */
  readonly name: (number: number) => Buffer;
  readonly startsWith: (number: number, prefix: Buffer) => boolean;
}

const FNV_PRIME = 0x01000193;
/** The table doubles when a larger share of its slots is taken. */
const MAX_FILL = 0.6;

function doubled<T extends Uint32Array | Buffer>(from: T, make: (length: number) => T, atLeast = 0): T {
  const grown = make(Math.max(from.length * 2, atLeast));
  grown.set(from);
  return grown;
}

export function openNameTable(): NameTable {
  // Each start has its own seed, so nobody can choose names that all fall into one slot.
  const seed = randomInt(1, 2 ** 31);
  let text = Buffer.allocUnsafeSlow(4096);
  // Name n lies in `text` from ends[n] to ends[n + 1].
  let ends = new Uint32Array(1024);
  let hashes = new Uint32Array(1024);
  // A slot holds the number of its name plus 1; 0 is free.
  let slots = new Uint32Array(2048);
  let size = 0;

  const hashOf = (name: Buffer): number => {
    let hash = seed;
    for (let index = 0; index < name.length; index += 1)
      hash = Math.imul(hash ^ (name[index] as number), FNV_PRIME);

    return (hash ^ (hash >>> 15)) >>> 0;
  };

  const view = (number: number): Buffer => text.subarray(ends[number], ends[number + 1]);

  const findHashed = (name: Buffer, hash: number): number => {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot] as number;
      if (found === 0) return -1;
      if (hashes[found - 1] === hash && view(found - 1).equals(name)) return found - 1;
    }
  };

  const place = (number: number, hash: number): void => {
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = number + 1;
  };

  const grow = (): void => {
    slots = new Uint32Array(slots.length * 2);
    for (let number = 0; number < size; number += 1) place(number, hashes[number] as number);
  };

  const add = (name: Buffer, hash: number): number => {
    const start = ends[size] as number;
    const end = start + name.length;
    if (end > text.length) text = doubled(text, (length) => Buffer.allocUnsafeSlow(length), end);
    if (size + 2 > ends.length) {
      ends = doubled(ends, (length) => new Uint32Array(length));
      hashes = doubled(hashes, (length) => new Uint32Array(length));
    }
    name.copy(text, start);
    ends[size + 1] = end;
    hashes[size] = hash;
    size += 1;
    if (size > slots.length * MAX_FILL) grow();
    else place(size - 1, hash);
    return size - 1;
  };

  return {
    size: () => size,
    find: (name) => findHashed(name, hashOf(name)),
    intern: (name) => {
      const hash = hashOf(name);
      const found = findHashed(name, hash);
      return found >= 0 ? found : add(name, hash);
    },
    name: view,
    startsWith: (number, prefix) => {
      const start = ends[number] as number;
      if ((ends[number + 1] as number) - start < prefix.length) return false;
      return text.compare(prefix, 0, prefix.length, start, start + prefix.length) === 0;
    },
  };
}
