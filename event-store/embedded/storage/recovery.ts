/**
 * From the files of a directory to a checked index. Whatever is not durable for certain is cut off at the very
 * end of the log; whatever was durable and is not as it was written stops the start with its place.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { LogCorrupt } from '../errors.ts';
import { readRecordedEvent } from '../wire/recorded-event.ts';
import { loadIndex, markIndex, type IndexMark } from './index-file.ts';
import type { LogIndex } from './log-index.ts';
import { forEachEntry, readRecord, RECORD_MAGIC, TOMBSTONE_FLAG } from './record.ts';
import {
  checkSegmentHeader,
  listSegments,
  SEGMENT_HEADER_BYTES,
  segmentPath,
  type Segment,
} from './segment-files.ts';

export interface RecoveredSegment {
  readonly segment: Segment;
  /** Where the index stood when the segment began. */
  readonly start: IndexMark;
  /** The index file covers the whole segment. */
  readonly isIndexed: boolean;
  /** Up to here the bytes came from the index file and have not been checked. */
  readonly uncheckedTo: number;
}

export interface Recovered {
  readonly segments: readonly RecoveredSegment[];
  /** Bytes of a torn, never acknowledged write that were cut off. */
  readonly tornBytes: number;
}

/**
 * Reads a directory's log into `index`.
 * @throws LogCorrupt
 */
export function recover(directory: string, index: LogIndex): Recovered {
  const segments = listSegments(directory);
  dropUnbegunSegment(segments);
  const recovered: RecoveredSegment[] = [];
  let tornBytes = 0;
  segments.forEach((segment, place) => {
    const before = segments[place - 1];
    const expectedBase = before?.end ?? 0;
    if (segment.base !== expectedBase) {
      throw new LogCorrupt(
        segment.path,
        0,
        `the log before it ends at position ${expectedBase}, not where this file begins`,
      );
    }
    const isLast = place === segments.length - 1;
    const start = markIndex(index);
    const indexedTo = loadIndex(segmentPath(directory, segment.base, 'index'), segment.base, index);
    if (indexedTo !== null && indexedTo > segment.end) {
      throw new LogCorrupt(
        segment.path,
        segment.end - segment.base,
        'the file ends before what was stored in it',
      );
    }
    const uncheckedTo = indexedTo ?? segment.base;
    const isIndexed = indexedTo === segment.end;
    if (!isIndexed)
      tornBytes += indexRest(
        segment,
        Math.max(uncheckedTo, segment.base + SEGMENT_HEADER_BYTES),
        isLast,
        index,
      );
    recovered.push({ segment, start, isIndexed, uncheckedTo });
  });
  return { segments: recovered, tornBytes };
}

/** A crash while a new segment was made can leave a file without a whole header, and nothing in it. */
function dropUnbegunSegment(segments: Segment[]): void {
  const last = segments.at(-1);
  if (last === undefined || last.end - last.base >= SEGMENT_HEADER_BYTES) return;
  unlinkSync(last.path);
  segments.pop();
}

/** Indexes a segment's records from `from` on; returns the bytes of a torn end that it cut off. */
function indexRest(segment: Segment, from: number, isLast: boolean, index: LogIndex): number {
  const bytes = readFileSync(segment.path);
  checkSegmentHeader(segment, bytes);
  const badAt = checkRecords(segment, bytes, from - segment.base, (at, record) => {
    forEachEntry(bytes, at, record, (entryAt, event, flags) => {
      const { stream, type } = readRecordedEvent(event);
      const isTombstone = (flags & TOMBSTONE_FLAG) !== 0;
      index.add(index.streams.intern(stream), index.types.intern(type), segment.base + entryAt, isTombstone);
    });
  });
  if (badAt === null) {
    if (isLast) syncFile(segment.path, null);
    return 0;
  }
  if (!isLast || wasDurable(segment, bytes, badAt)) {
    throw new LogCorrupt(segment.path, badAt, 'the record there is not what was written');
  }
  syncFile(segment.path, badAt);
  const torn = bytes.length - badAt;
  segment.end -= torn;
  return torn;
}

type RecordVisitor = (at: number, record: NonNullable<ReturnType<typeof readRecord>>) => void;

/** Walks a segment's records from offset `from`; returns the offset of the first bad one, or null. */
export function checkRecords(
  segment: Segment,
  bytes: Buffer,
  from: number,
  visit: RecordVisitor,
): number | null {
  let at = from;
  while (at < bytes.length) {
    const record = readRecord(bytes, at, segment.base + at);
    if (record === null) return at;
    visit(at, record);
    at += record.bytes;
  }
  return null;
}

/** True when a whole record after the bad one was written when the bad one was durable already. */
function wasDurable(segment: Segment, bytes: Buffer, badAt: number): boolean {
  let at = bytes.indexOf(RECORD_MAGIC, badAt + 1);
  while (at >= 0) {
    const record = readRecord(bytes, at, segment.base + at);
    if (record !== null && record.durableBefore > segment.base + badAt) return true;
    at = bytes.indexOf(RECORD_MAGIC, at + 1);
  }
  return false;
}

/** Cuts a file (unless `length` is null) and makes it durable: what readers will see must not vanish later. */
function syncFile(path: string, length: number | null): void {
  const handle = openSync(path, 'r+');
  try {
    if (length !== null) ftruncateSync(handle, length);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
