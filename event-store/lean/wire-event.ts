import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { RecordedEvent } from '../event-log.ts';

/** The offset of the next byte to read. One object serves a whole message, instead of one for each field. */
interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
/** .NET ticks are 100 ns. */
const TICKS_A_MS = 10_000;
const ZERO = '0'.charCodeAt(0);
const JSON_TYPE = 'application/json';
/** Integers below this are still exact as numbers after seven more bits. Larger integers are read as `bigint`. */
const EXACT_BELOW = 2 ** 46;

/** A message of the store that is not well-formed protobuf, or whose id has another form than the request asked for. */
export class WireMalformed extends CodedError {
  readonly code = 'WIRE_MALFORMED';

  constructor(reason: string) {
    super(`The event store sent a message that cannot be read: ${reason}.`);
  }
}

/**
 * Decodes an event from the bytes of a `ReadResp` (streams.proto), with the same result as the client. The client first
 * decodes each message into protobuf objects, which is four fifths of the cost of a read (ADR 0055).
 *
 *   ReadResp       1 event
 *   ReadEvent      1 event
 *   RecordedEvent  1 id, 2 stream_identifier, 3 stream_revision, 5 commit_position, 6 metadata (map),
 *                  7 custom_metadata, 8 data
 *
 * Returns null for a message without an event: a stream that is not found, or a link whose event is gone.
 * Older servers send no position when a stream is read; the position is then 0n.
 *
 * @throws WireMalformed
 */
export function eventOfMessage(bytes: Buffer): RecordedEvent | null {
  const cursor: Cursor = { bytes, at: 0 };
  const readEvent = lengthOfField(cursor, bytes.length, 1);
  if (readEvent < 0) return null;
  const recorded = lengthOfField(cursor, cursor.at + readEvent, 1);
  return recorded < 0 ? null : recordedOf(cursor, cursor.at + recorded);
}

/**
 * Decodes all events of a message, of which a server may join several (`JOINED_EVENTS_HEADER`), and adds them to `events`.
 * @throws WireMalformed
 */
export function addEvents(bytes: Buffer, events: RecordedEvent[]): void {
  const cursor: Cursor = { bytes, at: 0 };
  for (;;) {
    const readEvent = lengthOfField(cursor, bytes.length, 1);
    if (readEvent < 0) return;
    const end = cursor.at + readEvent;
    const recorded = lengthOfField(cursor, end, 1);
    if (recorded >= 0) events.push(recordedOf(cursor, cursor.at + recorded));
    cursor.at = end;
  }
}

/**
 * Moves the cursor to the content of a length-delimited field.
 * @returns its length, or -1 when the field is missing
 */
function lengthOfField(cursor: Cursor, end: number, wanted: number): number {
  while (cursor.at < end) {
    const tag = varint(cursor);
    if (tag === ((wanted << 3) | LENGTH_DELIMITED)) return contentLength(cursor, end);
    skip(cursor, tag & 7, end);
  }
  return -1;
}

function recordedOf(cursor: Cursor, end: number): RecordedEvent {
  const { bytes } = cursor;
  let id = '';
  let stream = '';
  let type = '<no-event-type-provided>';
  let isJson = false;
  let revision = 0n;
  let position = 0n;
  let createdMs = 0;
  let data: Buffer = bytes.subarray(0, 0);
  let metadata: Buffer = bytes.subarray(0, 0);
  while (cursor.at < end) {
    const tag = varint(cursor);
    const field = tag >> 3;
    if (field === 3 || field === 5) {
      if ((tag & 7) !== VARINT) throw new WireMalformed(`wire type ${tag & 7} of field ${field}`);
      if (field === 3) revision = bigVarint(cursor);
      else position = bigVarint(cursor);
      continue;
    }
    if ((tag & 7) !== LENGTH_DELIMITED) {
      skip(cursor, tag & 7, end);
      continue;
    }
    const length = contentLength(cursor, end);
    const from = cursor.at;
    const to = cursor.at + length;
    if (field === 1) id = textOfField(cursor, to, 2);
    else if (field === 2) stream = textOfField(cursor, to, 3);
    else if (field === 6) {
      // The three keys of the protocol have different lengths, so the length tells the key.
      const keyLength = lengthOfField(cursor, to, 1);
      cursor.at += keyLength;
      if (keyLength === 'type'.length) type = textOfField(cursor, to, 2);
      else if (keyLength === 'created'.length)
        createdMs = Math.floor(numberOfField(cursor, to, 2) / TICKS_A_MS);
      else if (keyLength === 'content-type'.length) isJson = textOfField(cursor, to, 2) === JSON_TYPE;
    } else if (field === 7) metadata = bytes.subarray(from, to);
    else if (field === 8) data = bytes.subarray(from, to);
    cursor.at = to;
  }
  if (id === '') throw new WireMalformed('an event has no id as text');
  return {
    id,
    type,
    stream,
    revision,
    position,
    created: new Date(createdMs),
    data: isJson ? parsed(data, (text) => text) : new Uint8Array(data),
    metadata: metadata.length === 0 ? undefined : parsed(metadata, () => new Uint8Array(metadata)),
  };
}

function parsed(bytes: Buffer, otherwise: (text: string) => unknown): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return otherwise(text);
  }
}

/** The text of a field of the message that ends at `end`; empty when the field is missing. */
function textOfField(cursor: Cursor, end: number, wanted: number): string {
  const start = cursor.at;
  const length = lengthOfField(cursor, end, wanted);
  if (length < 0) {
    cursor.at = start;
    return '';
  }
  const from = cursor.at;
  cursor.at += length;
  return cursor.bytes.toString('utf8', from, cursor.at);
}

/**
 * Reads the decimal digits of a field. Above 2^53 the number is rounded. In ticks the error is far less than a
 * millisecond.
 */
function numberOfField(cursor: Cursor, end: number, wanted: number): number {
  const to = Math.max(0, lengthOfField(cursor, end, wanted)) + cursor.at;
  let value = 0;
  for (; cursor.at < to; cursor.at += 1) value = value * 10 + cursor.bytes[cursor.at]! - ZERO;
  return value;
}

function contentLength(cursor: Cursor, end: number): number {
  const length = varint(cursor);
  if (cursor.at + length > end) throw new WireMalformed('a field runs past its message');
  return length;
}

function skip(cursor: Cursor, wireType: number, end: number): void {
  if (wireType === VARINT) bigVarint(cursor);
  else if (wireType === LENGTH_DELIMITED) {
    const length = contentLength(cursor, end);
    cursor.at += length;
  } else if (wireType === FIXED_64) cursor.at += 8;
  else if (wireType === FIXED_32) cursor.at += 4;
  else throw new WireMalformed(`wire type ${wireType}`);
  if (cursor.at > end) throw new WireMalformed('a field runs past its message');
}

/** Reads a tag or a length; no message of this protocol has one above 2^32. */
function varint(cursor: Cursor): number {
  const { bytes } = cursor;
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[cursor.at];
    cursor.at += 1;
    if (byte === undefined) throw new WireMalformed('it ends inside a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
    if (scale > EXACT_BELOW) throw new WireMalformed('a length is beyond any message');
  }
}

/** Reads a uint64 without rounding. */
function bigVarint(cursor: Cursor): bigint {
  const { bytes } = cursor;
  let low = 0;
  let scale = 1;
  for (let read = 0; read < 10; read += 1) {
    const byte = bytes[cursor.at];
    cursor.at += 1;
    if (byte === undefined) throw new WireMalformed('it ends inside a number');
    if (scale > EXACT_BELOW) return highVarint(cursor, BigInt(low), byte, 7n * BigInt(read));
    low += (byte & 0x7f) * scale;
    if (byte < 0x80) return BigInt(low);
    scale *= 128;
  }
  throw new WireMalformed('a number is longer than 64 bits');
}

function highVarint(cursor: Cursor, low: bigint, first: number, shift: bigint): bigint {
  let value: bigint = low;
  let byte: number | undefined = first;
  let at: bigint = shift;
  for (; at < 70n; at += 7n) {
    if (byte === undefined) throw new WireMalformed('it ends inside a number');
    value |= BigInt(byte & 0x7f) << at;
    if (byte < 0x80) return value;
    byte = cursor.bytes[cursor.at];
    cursor.at += 1;
  }
  throw new WireMalformed('a number is longer than 64 bits');
}
