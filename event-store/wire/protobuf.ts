import { CodedError } from '../../schemas/errors/coded-error.ts';

/**
 * The part of protobuf's encoding that the event store needs (protobuf.dev, "Encoding"): varints and length-delimited
 * fields. It skips fields of other wire types.
 *
 * Integers are JavaScript numbers: exact up to 2^53, and rounded above that. A client sends larger values only as
 * "end" markers and as counts near 2^64. The store compares them and never stores them.
 */

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A request that is not well-formed protobuf. */
export class MalformedMessage extends CodedError {
  readonly code = 'MALFORMED_MESSAGE';

  constructor(reason: string) {
    super(`The message is not well-formed protobuf: ${reason}.`);
  }
}

/**
 * The content of a field: a varint's `value` (and `from === to`), or the byte range `[from, to)` of a
 * length-delimited field.
 */
export type FieldVisitor = (field: number, value: number, from: number, to: number) => void;

/**
 * Calls `visit` for each field between `from` and `to`, in order.
 * @throws MalformedMessage when the bytes end inside a field
 */
export function forEachField(bytes: Buffer, from: number, to: number, visit: FieldVisitor): void {
  let at = from;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length += 1) {
      if (at >= to) throw new MalformedMessage('a varint runs past its end');
      const byte = bytes[at] as number;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new MalformedMessage('a varint is longer than 10 bytes');
  };
  while (at < to) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT: {
        const value = varint();
        visit(field, value, at, at);
        break;
      }
      case LENGTH_DELIMITED: {
        const end = varint() + at;
        if (end > to) throw new MalformedMessage('a field runs past its message');
        const start = at;
        at = end;
        visit(field, 0, start, end);
        break;
      }
      case FIXED_64:
        at += 8;
        break;
      case FIXED_32:
        at += 4;
        break;
      default:
        throw new MalformedMessage(`wire type ${tag % 8}`);
    }
  }
  if (at !== to) throw new MalformedMessage('a field runs past its message');
}

/** Bytes of the varint of `value`, 1 to 8 (values up to 2^53). */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** Writes a varint and returns the offset after it. */
export function writeVarint(target: Buffer, value: number, at: number): number {
  let rest = value;
  let offset = at;
  while (rest >= 0x80000000) {
    target[offset] = (rest % 128) | 0x80;
    offset += 1;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    target[offset] = (rest & 0x7f) | 0x80;
    offset += 1;
    rest >>>= 7;
  }
  target[offset] = rest;
  return offset + 1;
}

/** Bytes of a length-delimited field with content of `length` bytes and a number below 16. */
export const fieldBytes = (length: number): number => 1 + varintBytes(length) + length;

/**
 * Writes the tag and the length of a length-delimited field (number below 16).
 * @returns the offset of its content
 */
export function writeFieldStart(target: Buffer, field: number, length: number, at: number): number {
  target[at] = (field << 3) | LENGTH_DELIMITED;
  return writeVarint(target, length, at + 1);
}

/** Joins parts made by `varintField` and `bytesField` into a message. */
export const message = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts);

/** A varint field. Its number is below 16. */
export function varintField(field: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(1 + varintBytes(value));
  bytes[0] = field << 3;
  writeVarint(bytes, value, 1);
  return bytes;
}

/** A length-delimited field: a string, bytes or an embedded message. Its number is below 16. */
export function bytesField(field: number, content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const target = Buffer.allocUnsafe(fieldBytes(bytes.length));
  bytes.copy(target, writeFieldStart(target, field, bytes.length, 0));
  return target;
}

/** An embedded `Empty`, with which the protocol selects a member of a oneof. */
export const emptyField = (field: number): Buffer => Buffer.from([(field << 3) | LENGTH_DELIMITED, 0]);
