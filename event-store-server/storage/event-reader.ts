/**
 * Reads events by ordinal. Reads are synchronous: the page cache returns bytes in about 2 µs, while the thread pool
 * would need 20 to 40. A reader of neighbouring events reads ahead, up to a bound.
 */
import { LogCorrupt } from './storage-errors.ts';
import type { LogIndex } from './log-index.ts';
import { ENTRY_HEADER_BYTES, entryEnd, readEntry } from './record.ts';
import { fileBytesOf, offsetOf, type Segment, type SegmentFiles } from './segment-files.ts';

/** Most bytes of one read, unless one event is larger. */
const MAX_READ_AHEAD_BYTES = 128 * 1024;
/** A read that begins this close behind the last one reads ahead. */
const NEAR_BYTES = 16 * 1024;
/** A read of this size contains most events of a packed segment whole. */
const USUAL_EVENT_BYTES = 2 * 1024;

export interface EventReader {
  /**
   * The event in the encoding of the wire. The bytes do not change while the caller keeps them.
   * @throws LogCorrupt when the bytes differ from what was written
   */
  readonly event: (ordinal: number) => Buffer;
}

export function openEventReader(files: SegmentFiles, index: LogIndex): EventReader {
  let chunk: Buffer = Buffer.alloc(0);
  let chunkFrom = 0;
  let chunkOf: Segment | null = null;
  let readAhead = 0;

  const isInChunk = (segment: Segment, from: number, to: number): boolean =>
    segment === chunkOf && from >= chunkFrom && to <= chunkFrom + chunk.length;

  const load = (segment: Segment, from: number, to: number): void => {
    const chunkEnd = chunkFrom + chunk.length;
    const isNear = segment === chunkOf && from >= chunkFrom && from <= chunkEnd + NEAR_BYTES;
    readAhead = isNear ? Math.min(Math.max(readAhead * 2, NEAR_BYTES), MAX_READ_AHEAD_BYTES) : 0;
    chunk = files.read(segment, from, Math.max(to - from, readAhead));
    chunkFrom = from;
    chunkOf = segment;
  };

  /**
   * Loads an event. The index holds only the beginning of an event. In an unpacked file, an event ends where the next
   * event begins. In a packed file, the next event may have been removed, so the reader first reads the event's own
   * length.
   */
  const bringIn = (ordinal: number, segment: Segment, from: number): void => {
    const fileBytes = fileBytesOf(segment);
    if (segment.packing === null) {
      const next = ordinal + 1 < index.count() ? index.positionOf(ordinal + 1) : segment.end;
      const to = next < segment.end ? offsetOf(segment, next) : fileBytes;
      if (!isInChunk(segment, from, to)) load(segment, from, to);
      return;
    }
    const headerTo = Math.min(from + ENTRY_HEADER_BYTES, fileBytes);
    if (!isInChunk(segment, from, headerTo))
      load(segment, from, Math.min(from + USUAL_EVENT_BYTES, fileBytes));
    const to = Math.min(entryEnd(chunk, from - chunkFrom) + chunkFrom, fileBytes);
    if (!isInChunk(segment, from, to)) load(segment, from, to);
  };

  return {
    event: (ordinal) => {
      const position = index.positionOf(ordinal);
      const segment = files.segmentOf(position);
      const from = offsetOf(segment, position);
      bringIn(ordinal, segment, from);
      const event = readEntry(chunk, from - chunkFrom);
      if (event === null) throw new LogCorrupt(segment.path, from, 'the event there is not what was written');
      return event;
    },
  };
}
