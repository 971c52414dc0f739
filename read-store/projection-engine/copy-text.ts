import type { ColumnValue, Values } from './table.ts';

/** A UTF-16 code unit becomes at most three bytes of UTF-8, and an escaped character two. */
const BYTES_A_UNIT_MAX = 3;
/** The longest text of a number of JavaScript, for example `-2.2250738585072014e-308`; also of `\N`, `true` and `false`. */
const BYTES_A_WORD_MAX = 25;
/** `Buffer` writes longer texts faster than a loop in JavaScript. */
const LOOP_UNITS_MAX = 80;

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BACKSLASH = 92;
const ZERO = 48;
const MINUS = 45;
const NEEDS_ESCAPE = /[\\\t\n\r]/;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The most bytes that `writeCopyLine` writes for a row. */
export function copyLineBytesMax(values: Values): number {
  let bytes = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    bytes += 1;
    if (typeof value === 'string') bytes += value.length * BYTES_A_UNIT_MAX;
    else if (typeof value === 'bigint' && !isSafe(value)) bytes += String(value).length;
    else bytes += BYTES_A_WORD_MAX;
  }
  return bytes;
}

/**
 * Writes a row in PostgreSQL's text format (PostgreSQL 18, COPY, "Text Format"), with its line end, into `target` at `at`.
 * @returns the offset after it
 */
export function writeCopyLine(target: Buffer, values: Values, at: number): number {
  let offset = at;
  for (let index = 0; index < values.length; index += 1) {
    offset = writeValue(target, values[index]!, offset);
    target[offset] = TAB;
    offset += 1;
  }
  target[offset - 1] = LINE_FEED;
  return offset;
}

function writeValue(target: Buffer, value: ColumnValue, at: number): number {
  if (typeof value === 'string') return writeText(target, value, at);
  if (value === null) {
    target[at] = BACKSLASH;
    target[at + 1] = 'N'.charCodeAt(0);
    return at + 2;
  }
  if (typeof value === 'bigint' ? isSafe(value) : Number.isSafeInteger(value))
    return writeInteger(target, Number(value), at);
  return writeText(target, String(value), at);
}

const isSafe = (value: bigint): boolean => Number.isSafeInteger(Number(value));

function writeInteger(target: Buffer, value: number, at: number): number {
  let from = at;
  let rest = value;
  if (value < 0) {
    target[from] = MINUS;
    from += 1;
    rest = -value;
  }
  let end = from + 1;
  for (let scale = 10; rest >= scale; scale *= 10) end += 1;
  for (let place = end - 1; place >= from; place -= 1) {
    const tens = Math.floor(rest / 10);
    target[place] = rest - tens * 10 + ZERO;
    rest = tens;
  }
  return end;
}

function writeText(target: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > LOOP_UNITS_MAX) return at + target.write(escaped(text), at);
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    // Everything else needs more than one byte or a backslash. The text is then written again from its beginning.
    if (unit > 127 || unit === BACKSLASH || (unit <= CARRIAGE_RETURN && isEscaped(unit)))
      return at + target.write(escaped(text), at);
    target[at + index] = unit;
  }
  return at + length;
}

const isEscaped = (unit: number): boolean => unit === TAB || unit === LINE_FEED || unit === CARRIAGE_RETURN;

function escaped(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(/[\\\t\n\r]/g, (each) => ESCAPED[each]!) : text;
}
