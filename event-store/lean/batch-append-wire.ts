/**
 * Encodes `BatchAppendReq` and decodes `BatchAppendResp` (streams.proto), with the codec of the embedded store.
 *
 *   BatchAppendReq   1 correlation id, 2 options, 3 proposed message (repeated), 4 is final
 *   Options          1 stream, 2 revision, 3 no stream, 6 deadline (an instant)
 *   ProposedMessage  1 id, 2 metadata (map), 3 custom metadata, 4 data
 *   BatchAppendResp  1 correlation id, 2 error, 3 success
 */
import { AccessDeniedError, DeadlineExceededError, UnknownError } from '@eventstore/db-client';
import type { AppendRequest } from '../calls/append.ts';
import { bytesField, emptyField, forEachField, message, varintField } from '../wire/protobuf.ts';
import { readUuid } from '../wire/requests.ts';
import { AppendRefused, StreamMovedOn } from '../errors.ts';
import type { Appended, EventToAppend } from '../event-log.ts';

/** Most bytes of events in one message. The server accepts one append in several messages. */
const MESSAGE_BYTES = 3 * 1024 * 1024;
/**
 * The store compares the deadline of an append with its own clock. So the deadline must exceed the error of any clock
 * (D28). The real limits are the sender's own and the store's.
 */
const DEADLINE_SEC = 365 * 24 * 3_600;
/** The largest revision that is exact as a JavaScript number. EventStoreDB uses larger values for "no stream". */
const REVISION_MAX = Number.MAX_SAFE_INTEGER;

const CONTENT_TYPE_JSON = bytesField(
  2,
  message(bytesField(1, 'content-type'), bytesField(2, 'application/json')),
);
const FINAL = varintField(4, 1);

/** The encoded type field for each event type; there are few types. */
const typeFields = new Map<string, Buffer>();
const TYPE_FIELDS_MAX = 1_000;

function typeField(type: string): Buffer {
  const known = typeFields.get(type);
  if (known) return known;
  const made = bytesField(2, message(bytesField(1, 'type'), bytesField(2, type)));
  if (typeFields.size < TYPE_FIELDS_MAX) typeFields.set(type, made);
  return made;
}

function proposed({ id, type, data, metadata }: EventToAppend): Buffer {
  return bytesField(
    3,
    message(
      bytesField(1, bytesField(2, id)),
      typeField(type),
      CONTENT_TYPE_JSON,
      bytesField(3, JSON.stringify(metadata ?? {})),
      bytesField(4, JSON.stringify(data)),
    ),
  );
}

/** Encodes one append as messages, in order. It needs one message unless its events are large. */
export function encodeAppend(correlation: string, { stream, events, expected }: AppendRequest): Buffer[] {
  const id = bytesField(1, bytesField(2, correlation));
  const deadline = varintField(1, Math.floor(Date.now() / 1000) + DEADLINE_SEC);
  const options = bytesField(
    2,
    message(
      bytesField(1, bytesField(3, stream)),
      expected === 'no_stream' ? emptyField(3) : varintField(2, Number(expected)),
      bytesField(6, deadline),
    ),
  );
  const messages: Buffer[] = [];
  let parts = [id, options];
  let bytes = 0;
  for (const event of events) {
    const part = proposed(event);
    if (bytes > 0 && bytes + part.length > MESSAGE_BYTES) {
      messages.push(message(...parts));
      parts = [id];
      bytes = 0;
    }
    parts.push(part);
    bytes += part.length;
  }
  messages.push(message(...parts, FINAL));
  return messages;
}

/** The answer to an append. */
export interface AppendAnswer {
  readonly correlation: string;
  /** The result of the append, or a function that makes the error for its `stream`. */
  readonly outcome: Appended | ((stream: string) => Error);
}

/** @throws MalformedMessage */
export function decodeAnswer(bytes: Buffer): AppendAnswer {
  let correlation = '';
  let outcome: AppendAnswer['outcome'] | null = null;
  forEachField(bytes, 0, bytes.length, (field, _value, from, to) => {
    if (field === 1) correlation = readUuid(bytes, from, to);
    else if (field === 2) outcome = readStatus(bytes, from, to);
    else if (field === 3) outcome = readSuccess(bytes, from, to);
  });
  return { correlation, outcome: outcome ?? (() => unknownError('an answer without an outcome')) };
}

/** `Success`: 1 revision; 3 position (1 commit). */
function readSuccess(bytes: Buffer, start: number, end: number): Appended {
  let revision = 0;
  let position = 0;
  forEachField(bytes, start, end, (field, value, from, to) => {
    if (field === 1) revision = value;
    else if (field === 3)
      forEachField(bytes, from, to, (part, commit) => {
        if (part === 1) position = commit;
      });
  });
  return { revision: BigInt(revision), position: BigInt(position) };
}

/** `google.rpc.Status`: 2 message, 3 details (an `Any`: 1 type, 2 value). */
function readStatus(bytes: Buffer, start: number, end: number): (stream: string) => Error {
  let text = '';
  let type = '';
  let detail = bytes.subarray(0, 0);
  forEachField(bytes, start, end, (field, _value, from, to) => {
    if (field === 2) text = bytes.toString('utf8', from, to);
    else if (field === 3)
      forEachField(bytes, from, to, (part, _none, partFrom, partTo) => {
        if (part === 1) type = bytes.toString('utf8', partFrom, partTo);
        else if (part === 2) detail = bytes.subarray(partFrom, partTo);
      });
  });
  switch (type.slice(type.lastIndexOf('.') + 1)) {
    case 'WrongExpectedVersion':
      return (stream) => new StreamMovedOn(stream, currentRevision(detail));
    case 'StreamDeleted':
      return (stream) => new AppendRefused(stream, 'the stream was deleted');
    case 'MaximumAppendSizeExceeded':
      return (stream) => new AppendRefused(stream, 'the events are too large');
    case 'AccessDenied':
      return () => new AccessDeniedError();
    case 'Timeout':
      return () => new DeadlineExceededError();
    default:
      return () => unknownError(text);
  }
}

/**
 * Reads a `WrongExpectedVersion`: field 1 is the present revision. Null when the server sends field 2, because there is
 * no stream.
 */
function currentRevision(detail: Buffer): bigint | null {
  let current: bigint | null = null;
  forEachField(detail, 0, detail.length, (field, value) => {
    if (field === 1 && value <= REVISION_MAX) current = BigInt(value);
  });
  return current;
}

function unknownError(text: string): UnknownError {
  return new UnknownError(undefined, `Could not recognize ${text}`);
}
