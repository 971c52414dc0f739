/**
 * Reads the requests of clients from their bytes (streams.proto, shared.proto). Buffers are views of the message, never
 * copies.
 */
import { forEachField, MalformedMessage } from './protobuf.ts';
import type { ExpectedState, ProposedEvent } from './proposed-event.ts';

export interface BatchOptions {
  readonly stream: Buffer;
  readonly expected: ExpectedState;
  /**
   * The field and value of the oneof "expected" as the client sent it, repeated in the answer. Null when the client
   * sent none.
   */
  readonly expectedRaw: { readonly field: number; readonly value: number } | null;
  /** Time in milliseconds since 1970; null when the request has no deadline. */
  readonly deadlineMs: number | null;
}

export interface BatchMessage {
  /** The correlation id as the client sent it (a whole UUID message), repeated in the answer. */
  readonly correlation: Buffer;
  readonly options: BatchOptions | null;
  readonly events: ProposedEvent[];
  readonly isFinal: boolean;
}

export interface StreamTarget {
  readonly stream: Buffer;
  readonly expected: ExpectedState;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

const sub = (bytes: Buffer, from: number, to: number): Buffer => bytes.subarray(from, to);

/** `StreamIdentifier { bytes stream_name = 3 }`. */
function readStreamName(bytes: Buffer, from: number, to: number): Buffer {
  let name: Buffer = NO_BYTES;
  forEachField(bytes, from, to, (field, _value, start, end) => {
    if (field === 3) name = sub(bytes, start, end);
  });
  return name;
}

/** Reads `UUID { structured = 1 { most = 1, least = 2 }, string = 2 }` as lower-case text; '' without either member. */
export function readUuid(bytes: Buffer, from: number, to: number): string {
  let text = '';
  forEachField(bytes, from, to, (field, _value, start, end) => {
    if (field === 2) text = bytes.toString('latin1', start, end).toLowerCase();
    else if (field === 1) text = structuredUuid(bytes, start, end);
  });
  return text;
}

function structuredUuid(bytes: Buffer, from: number, to: number): string {
  const halves = [0n, 0n];
  let at = from;
  while (at < to) {
    const field = (bytes[at] as number) >> 3;
    at += 1;
    let value = 0n;
    for (let shift = 0n; at < to; shift += 7n) {
      const byte = bytes[at] as number;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    halves[field === 1 ? 0 : 1] = BigInt.asUintN(64, value);
  }
  const hex = halves.map((half) => half.toString(16).padStart(16, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** `ProposedMessage { id = 1, metadata = 2 (map), custom_metadata = 3, data = 4 }`. */
function readProposedEvent(bytes: Buffer, from: number, to: number): ProposedEvent {
  let id = '';
  let type: Buffer = NO_BYTES;
  let contentType: Buffer = NO_BYTES;
  let customMetadata: Buffer = NO_BYTES;
  let content: Buffer = NO_BYTES;
  forEachField(bytes, from, to, (field, _value, start, end) => {
    if (field === 1) id = readUuid(bytes, start, end);
    else if (field === 3) customMetadata = sub(bytes, start, end);
    else if (field === 4) content = sub(bytes, start, end);
    else if (field === 2) {
      let key: Buffer = NO_BYTES;
      let value: Buffer = NO_BYTES;
      forEachField(bytes, start, end, (part, _v, partStart, partEnd) => {
        if (part === 1) key = sub(bytes, partStart, partEnd);
        else value = sub(bytes, partStart, partEnd);
      });
      // "type" has 4 characters and "content-type" 12; the store ignores every other key.
      if (key.length === 4) type = value;
      else if (key.length === 12) contentType = value;
    }
  });
  return { id, type, contentType, customMetadata, content };
}

/**
 * Converts the oneof "expected" (revision, no stream, any, stream exists) to the form that the store's decision uses.
 */
function expectedOf(kind: 'revision' | 'no-stream' | 'any' | 'exists', value: number): ExpectedState {
  return kind === 'revision' ? { kind, revision: value } : { kind };
}

/** `Timestamp { seconds = 1, nanos = 2 }` in milliseconds since 1970. */
function readTimestampMs(bytes: Buffer, from: number, to: number): number {
  let ms = 0;
  forEachField(bytes, from, to, (field, value) => {
    ms += field === 1 ? value * 1000 : value / 1e6;
  });
  return ms;
}

/**
 * `BatchAppendReq.Options`: 1 stream, 2 revision, 3 no stream, 4 any, 5 exists, 6 deadline (a time), 7 deadline
 * (a duration).
 */
function readBatchOptions(bytes: Buffer, from: number, to: number, nowMs: number): BatchOptions {
  let stream: Buffer = NO_BYTES;
  let expected: ExpectedState = { kind: 'any' };
  let expectedRaw: BatchOptions['expectedRaw'] = null;
  let deadlineMs: number | null = null;
  forEachField(bytes, from, to, (field, value, start, end) => {
    if (field === 1) stream = readStreamName(bytes, start, end);
    else if (field === 6) deadlineMs = readTimestampMs(bytes, start, end);
    else if (field === 7) deadlineMs = nowMs + readTimestampMs(bytes, start, end);
    else if (field >= 2 && field <= 5) {
      expected = expectedOf((['revision', 'no-stream', 'any', 'exists'] as const)[field - 2] ?? 'any', value);
      expectedRaw = { field, value };
    }
  });
  return { stream, expected, expectedRaw, deadlineMs };
}

/** `BatchAppendReq`: 1 correlation id, 2 options, 3 proposed messages, 4 is final. */
export function readBatchMessage(bytes: Buffer, nowMs: number): BatchMessage {
  let correlation: Buffer = NO_BYTES;
  let options: BatchOptions | null = null;
  const events: ProposedEvent[] = [];
  let isFinal = false;
  forEachField(bytes, 0, bytes.length, (field, value, from, to) => {
    if (field === 1) correlation = sub(bytes, from, to);
    else if (field === 2) options = readBatchOptions(bytes, from, to, nowMs);
    else if (field === 3) events.push(readProposedEvent(bytes, from, to));
    else if (field === 4) isFinal = value !== 0;
  });
  if (correlation.length === 0) throw new MalformedMessage('a batch append without a correlation id');
  return { correlation, options, events, isFinal };
}

/**
 * Reads the options of Append, Delete and Tombstone: 1 stream, 2 revision. All three also have 3 no stream, 4 any, 5
 * exists.
 */
function readTarget(bytes: Buffer, from: number, to: number): StreamTarget {
  const { stream, expected } = readBatchOptions(bytes, from, to, 0);
  return { stream, expected };
}

/** `AppendReq`: 1 options or 2 proposed message. */
export function readAppendMessage(bytes: Buffer): StreamTarget | ProposedEvent {
  let part: StreamTarget | ProposedEvent | null = null;
  forEachField(bytes, 0, bytes.length, (field, _value, from, to) => {
    if (field === 1) part = readTarget(bytes, from, to);
    else if (field === 2) part = readProposedEvent(bytes, from, to);
  });
  if (part === null) throw new MalformedMessage('an append without options and without an event');
  return part;
}

/** `DeleteReq` and `TombstoneReq`: 1 options. */
export function readDeletion(bytes: Buffer): StreamTarget {
  let target: StreamTarget | null = null;
  forEachField(bytes, 0, bytes.length, (field, _value, from, to) => {
    if (field === 1) target = readTarget(bytes, from, to);
  });
  if (target === null) throw new MalformedMessage('a deletion without options');
  return target;
}
