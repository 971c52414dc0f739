/**
 * Writes and reads numbers and texts one after the other. Each number takes as few bytes as it needs (a varint of
 * protobuf).
 */
import { varintBytes, writeVarint } from '../../event-store/wire/protobuf.ts';

export interface VarintWriter {
  /**
   * Writes a number.
   * @param value an integer from 0 to 2^53
   */
  readonly number: (value: number) => void;
  readonly bytes: (text: Buffer) => void;
  /** Returns all bytes written so far. */
  readonly finish: () => Buffer;
}

const FIRST_BYTES = 64 * 1024;

export function openVarintWriter(): VarintWriter {
  let target = Buffer.allocUnsafe(FIRST_BYTES);
  let at = 0;
  const ensureRoom = (needed: number): void => {
    if (at + needed <= target.length) return;
    const grown = Buffer.allocUnsafe(Math.max(target.length * 2, at + needed));
    target.copy(grown, 0, 0, at);
    target = grown;
  };
  return {
    number: (value) => {
      ensureRoom(varintBytes(value));
      at = writeVarint(target, value, at);
    },
    bytes: (text) => {
      ensureRoom(text.length);
      at += text.copy(target, at);
    },
    finish: () => target.subarray(0, at),
  };
}

export interface VarintReader {
  /**
   * Reads a number.
   * @throws RangeError when no whole number is left
   */
  readonly number: () => number;
  /**
   * A view of the next `length` bytes.
   * @throws RangeError when fewer are left
   */
  readonly bytes: (length: number) => Buffer;
  readonly isAtEnd: () => boolean;
}

export function openVarintReader(source: Buffer): VarintReader {
  let at = 0;
  return {
    number: () => {
      let value = 0;
      let scale = 1;
      for (;;) {
        const byte = source[at];
        if (byte === undefined) throw new RangeError('a number runs past the end');
        at += 1;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
        scale *= 128;
      }
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number is larger than 2^53');
      return value;
    },
    bytes: (length) => {
      if (at + length > source.length) throw new RangeError('a text runs past the end');
      at += length;
      return source.subarray(at - length, at);
    },
    isAtEnd: () => at === source.length,
  };
}
