/** Makes the bytes of a group, exactly as the segment file will hold them. */
import {
  EVENT_OVERHEAD_BYTES,
  writeRecordedEvent,
  type EventParts,
} from '../../event-store/wire/recorded-event.ts';
import { ENTRY_HEADER_BYTES, RECORD_HEADER_BYTES, sealEntry, sealRecord, TOMBSTONE_FLAG } from './record.ts';

export interface GroupBytes {
  /** Adds one event to the open record and returns its position. */
  readonly addEvent: (event: Omit<EventParts, 'position'>) => number;
  /** Puts the events that `body` adds into one record, so that the log has all of them or none. */
  readonly addRecord: (body: () => void) => void;
  readonly length: () => number;
  /** The bytes of all records so far. */
  readonly bytes: () => Buffer;
}

/** @param startPosition the position of the group in the log; everything before it is durable */
export function openGroupBytes(startPosition: number, expectedBytes: number): GroupBytes {
  let bytes = Buffer.allocUnsafe(expectedBytes);
  let at = 0;
  let eventsInRecord = 0;

  const ensureRoom = (needed: number): void => {
    if (at + needed <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, at + needed));
    bytes.copy(grown, 0, 0, at);
    bytes = grown;
  };

  const variableBytes = ({
    stream,
    type,
    contentType,
    customMetadata,
    content,
  }: Omit<EventParts, 'position'>): number =>
    stream.length + type.length + contentType.length + customMetadata.length + content.length;

  return {
    addEvent: (event) => {
      const position = startPosition + at;
      ensureRoom(ENTRY_HEADER_BYTES + EVENT_OVERHEAD_BYTES + variableBytes(event));
      const end = writeRecordedEvent(bytes, { ...event, position }, at + ENTRY_HEADER_BYTES);
      sealEntry(bytes, at, end, event.revision === null ? TOMBSTONE_FLAG : 0);
      at = end;
      eventsInRecord += 1;
      return position;
    },
    addRecord: (body) => {
      const from = at;
      eventsInRecord = 0;
      ensureRoom(RECORD_HEADER_BYTES);
      at += RECORD_HEADER_BYTES;
      body();
      sealRecord(
        bytes,
        { from, to: at },
        { eventCount: eventsInRecord, position: startPosition + from, durableBefore: startPosition },
      );
    },
    length: () => at,
    bytes: () => bytes.subarray(0, at),
  };
}
