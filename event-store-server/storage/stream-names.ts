/**
 * Names of streams in an index file. Most names end in a UUID, whose 122 random bits no compression makes smaller. So
 * the file packs these bits into 15 bytes and two bits. The rest of such a name becomes one number, which is nearly
 * always the same. It stores any other name unchanged.
 *
 *   number of prefixes, each as length and bytes
 *   for each name a number: 0 for a name stored unchanged, otherwise 1 + 64 * prefix + 4 * version + variant
 *   for each name stored unchanged: length and bytes
 *   for each packed name 15 bytes, then for each two bits, four of them in a byte
 *
 * Version and variant are the six bits of a UUID that are not random (RFC 9562, 4.1 and 4.2), with any value.
 */
import type { VarintReader, VarintWriter } from './varint-stream.ts';

const UUID_CHARS = 36;
const UUID_BYTES = 16;
const PACKED_BYTES = 15;
const DASH = 0x2d;
const DASHES = [8, 13, 18, 23];
/** The offset in the text of the first digit of each byte of a UUID. */
const DIGITS_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/** The bytes of a UUID whose bits are all random, in the order of packing. */
const RANDOM_BYTES = [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15];
const DIGITS = Buffer.from('0123456789abcdef');
/** The value of each character code as a lower-case hexadecimal digit; NOT_A_DIGIT for all other characters. */
const VALUES = new Uint8Array(256);
const NOT_A_DIGIT = 255;
VALUES.fill(NOT_A_DIGIT);
DIGITS.forEach((code, value) => (VALUES[code] = value));

/**
 * Reads the UUID at the end of `name` into `uuid`.
 * @returns false when the name ends in no UUID in the lower-case form of RFC 9562
 */
function takeUuid(name: Buffer, uuid: Uint8Array): boolean {
  const start = name.length - UUID_CHARS;
  if (start < 0) return false;
  for (const at of DASHES) if (name[start + at] !== DASH) return false;
  for (let byte = 0; byte < UUID_BYTES; byte += 1) {
    const at = start + (DIGITS_AT[byte] as number);
    const high = VALUES[name[at] as number] as number;
    const low = VALUES[name[at + 1] as number] as number;
    if (high === NOT_A_DIGIT || low === NOT_A_DIGIT) return false;
    uuid[byte] = (high << 4) | low;
  }
  return true;
}

export function writeNames({ number, bytes }: VarintWriter, names: readonly Buffer[]): void {
  const prefixes = new Map<string, number>();
  const literal: Buffer[] = [];
  const random = Buffer.alloc(PACKED_BYTES * names.length);
  const rests = Buffer.alloc(Math.ceil(names.length / 4));
  const uuid = new Uint8Array(UUID_BYTES);
  let packed = 0;
  const shapes = names.map((name) => {
    if (!takeUuid(name, uuid)) {
      literal.push(name);
      return 0;
    }
    const sixth = uuid[6] as number;
    const eighth = uuid[8] as number;
    const at = PACKED_BYTES * packed;
    RANDOM_BYTES.forEach((byte, place) => (random[at + place] = uuid[byte] as number));
    random[at + 14] = ((sixth & 0x0f) << 4) | ((eighth & 0x3f) >> 2);
    rests[packed >> 2] = (rests[packed >> 2] as number) | ((eighth & 3) << (2 * (packed & 3)));
    packed += 1;
    const prefix = name.toString('latin1', 0, name.length - UUID_CHARS);
    const known = prefixes.get(prefix) ?? prefixes.size;
    prefixes.set(prefix, known);
    return 1 + 64 * known + 4 * (sixth >> 4) + (eighth >> 6);
  });
  number(prefixes.size);
  for (const prefix of prefixes.keys()) {
    number(prefix.length);
    bytes(Buffer.from(prefix, 'latin1'));
  }
  shapes.forEach(number);
  for (const name of literal) {
    number(name.length);
    bytes(name);
  }
  bytes(random.subarray(0, PACKED_BYTES * packed));
  bytes(rests.subarray(0, Math.ceil(packed / 4)));
}

/** @throws RangeError when the bytes are not what `writeNames` writes for `count` names */
export function readNames({ number, bytes }: VarintReader, count: number): Buffer[] {
  const prefixes = Array.from({ length: number() }, () => bytes(number()));
  const shapes = Array.from({ length: count }, number);
  const literal = shapes.flatMap((shape) => (shape === 0 ? [bytes(number())] : []));
  const packedCount = count - literal.length;
  const random = bytes(PACKED_BYTES * packedCount);
  const rests = bytes(Math.ceil(packedCount / 4));
  const uuid = new Uint8Array(UUID_BYTES);
  let nextLiteral = 0;
  let packed = 0;
  return shapes.map((shape) => {
    if (shape === 0) {
      nextLiteral += 1;
      return literal[nextLiteral - 1] as Buffer;
    }
    const prefix = prefixes[Math.floor((shape - 1) / 64)];
    if (prefix === undefined) throw new RangeError('a name has no prefix');
    const at = PACKED_BYTES * packed;
    const fixed = (shape - 1) % 64;
    const mixed = random[at + 14] as number;
    const rest = ((rests[packed >> 2] as number) >> (2 * (packed & 3))) & 3;
    packed += 1;
    RANDOM_BYTES.forEach((byte, place) => (uuid[byte] = random[at + place] as number));
    uuid[6] = ((fixed >> 2) << 4) | (mixed >> 4);
    uuid[8] = ((fixed & 3) << 6) | ((mixed & 0x0f) << 2) | rest;
    return nameOf(prefix, uuid);
  });
}

function nameOf(prefix: Buffer, uuid: Uint8Array): Buffer {
  const name = Buffer.allocUnsafe(prefix.length + UUID_CHARS);
  prefix.copy(name);
  for (const at of DASHES) name[prefix.length + at] = DASH;
  for (let byte = 0; byte < UUID_BYTES; byte += 1) {
    const at = prefix.length + (DIGITS_AT[byte] as number);
    const value = uuid[byte] as number;
    name[at] = DIGITS[value >> 4] as number;
    name[at + 1] = DIGITS[value & 0x0f] as number;
  }
  return name;
}
