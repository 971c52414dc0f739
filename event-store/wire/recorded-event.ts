/**
 * An event as `Streams.Read` sends it: a `ReadResp` with one `ReadEvent` (streams.proto). The log stores exactly these
 * bytes, so a read copies them and encodes nothing.
 *
 *   ReadResp       1 event
 *   ReadEvent      1 event, 2 link, 3 commit_position
 *   RecordedEvent  1 id, 2 stream_identifier, 3 stream_revision, 4 prepare_position, 5 commit_position,
 *                  6 metadata (map), 7 custom_metadata, 8 data
 */
import { fieldBytes, forEachField, varintBytes, writeFieldStart, writeVarint } from './protobuf.ts';

/** Length of a UUID in its text form. */
export const UUID_CHARS = 36;

/** The revision that EventStoreDB gives to the event of a tombstone: the largest int64, 9223372036854775807. */
const TOMBSTONE_VARINT = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);

/**
 * The last four decimal digits of a time in .NET ticks of 100 ns. They are zero, because times are whole
 * milliseconds.
 */
const TICKS_ZEROS = '0000';

export interface EventParts {
  /** The UUID of the event in lower case, 36 characters. */
  readonly id: string;
  readonly stream: Buffer;
  /** The revision of the event in its stream; null for the event that marks a tombstone. */
  readonly revision: number | null;
  readonly position: number;
  readonly type: Buffer;
  readonly contentType: Buffer;
  /** The time of recording, in milliseconds since 1970. */
  readonly createdMs: number;
  readonly customMetadata: Buffer;
  readonly content: Buffer;
}

const TYPE_KEY = Buffer.from('type');
const CREATED_KEY = Buffer.from('created');
const CONTENT_TYPE_KEY = Buffer.from('content-type');

/**
 * An upper bound of the bytes that an encoded event takes besides its stream name, type, content type, metadata and
 * content.
 */
export const EVENT_OVERHEAD_BYTES = 224;

const mapEntryBytes = (key: Buffer, value: Buffer): number =>
  fieldBytes(fieldBytes(key.length) + fieldBytes(value.length));

function writeBytes(target: Buffer, field: number, content: Buffer, at: number): number {
  const start = writeFieldStart(target, field, content.length, at);
  content.copy(target, start);
  return start + content.length;
}

function writeMapEntry(target: Buffer, key: Buffer, value: Buffer, at: number): number {
  const length = fieldBytes(key.length) + fieldBytes(value.length);
  return writeBytes(target, 2, value, writeBytes(target, 1, key, writeFieldStart(target, 6, length, at)));
}

function writeNumber(target: Buffer, field: number, value: number, at: number): number {
  target[at] = field << 3;
  return writeVarint(target, value, at + 1);
}

/** Encodes an event into `target` at `at` and returns the offset after it. */
export function writeRecordedEvent(target: Buffer, event: EventParts, at: number): number {
  const created = Buffer.from(`${event.createdMs}${TICKS_ZEROS}`, 'latin1');
  const positionBytes = 1 + varintBytes(event.position);
  const streamBytes = fieldBytes(event.stream.length);
  const recordedBytes =
    fieldBytes(fieldBytes(UUID_CHARS)) +
    fieldBytes(streamBytes) +
    1 +
    (event.revision === null ? TOMBSTONE_VARINT.length : varintBytes(event.revision)) +
    2 * positionBytes +
    mapEntryBytes(TYPE_KEY, event.type) +
    mapEntryBytes(CREATED_KEY, created) +
    mapEntryBytes(CONTENT_TYPE_KEY, event.contentType) +
    fieldBytes(event.customMetadata.length) +
    fieldBytes(event.content.length);

  let offset = writeFieldStart(target, 1, fieldBytes(recordedBytes) + positionBytes, at);
  offset = writeFieldStart(target, 1, recordedBytes, offset);
  offset = writeFieldStart(target, 1, fieldBytes(UUID_CHARS), offset);
  offset = writeFieldStart(target, 2, UUID_CHARS, offset);
  offset += target.write(event.id, offset, UUID_CHARS, 'latin1');
  offset = writeFieldStart(target, 2, streamBytes, offset);
  offset = writeBytes(target, 3, event.stream, offset);
  if (event.revision === null) {
    target[offset] = 3 << 3;
    offset += 1;
    offset += TOMBSTONE_VARINT.copy(target, offset);
  } else offset = writeNumber(target, 3, event.revision, offset);

  offset = writeNumber(target, 4, event.position, offset);
  offset = writeNumber(target, 5, event.position, offset);
  offset = writeMapEntry(target, TYPE_KEY, event.type, offset);
  offset = writeMapEntry(target, CREATED_KEY, created, offset);
  offset = writeMapEntry(target, CONTENT_TYPE_KEY, event.contentType, offset);
  offset = writeBytes(target, 7, event.customMetadata, offset);
  offset = writeBytes(target, 8, event.content, offset);
  return writeNumber(target, 3, event.position, offset);
}

/** The fields of an encoded event that the index, the stream limits and links need. */
export interface EncodedEvent {
  id: string;
  stream: Buffer;
  /** The revision of the event in its stream; above 2^53 for the event that marks a tombstone. */
  revision: number;
  /** The position of the event in the log. */
  position: number;
  type: Buffer;
  createdMs: number;
  content: Buffer;
  /** The bytes of the `RecordedEvent` alone. */
  recorded: Buffer;
}

/**
 * Decodes an event. The buffers are views of `bytes`.
 * @throws MalformedMessage
 */
export function readRecordedEvent(bytes: Buffer): EncodedEvent {
  const nothing = bytes.subarray(0, 0);
  const event: EncodedEvent = {
    id: '',
    stream: nothing,
    revision: 0,
    position: 0,
    type: nothing,
    createdMs: 0,
    content: nothing,
    recorded: nothing,
  };
  forEachField(bytes, 0, bytes.length, (_response, _v, from, to) => {
    forEachField(bytes, from, to, (field, _w, start, end) => {
      if (field === 1) event.recorded = bytes.subarray(start, end);
    });
  });
  const recorded = event.recorded;
  forEachField(recorded, 0, recorded.length, (field, value, from, to) => {
    if (field === 3) event.revision = value;
    else if (field === 5) event.position = value;
    else if (field === 1) event.id = recorded.toString('latin1', from + 2, to);
    else if (field === 2)
      forEachField(
        recorded,
        from,
        to,
        (_f, _v, start, end) => (event.stream = recorded.subarray(start, end)),
      );
    else if (field === 6) readMapEntry(recorded, from, to, event);
    else if (field === 8) event.content = recorded.subarray(from, to);
  });
  return event;
}

function readMapEntry(recorded: Buffer, from: number, to: number, event: EncodedEvent): void {
  let key = recorded;
  let value = recorded;
  forEachField(recorded, from, to, (field, _value, start, end) => {
    if (field === 1) key = recorded.subarray(start, end);
    else value = recorded.subarray(start, end);
  });
  if (key.equals(TYPE_KEY)) event.type = value;
  else if (key.equals(CREATED_KEY))
    event.createdMs = Number(value.toString('latin1').slice(0, -TICKS_ZEROS.length));
}
