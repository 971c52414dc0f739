/**
 * Builds the index from the files of a directory, and checks them. A record at the very end of the log that may never
 * have been durable is cut off. Damage in durable bytes stops the start, and the error names its place.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { LogCorrupt } from './storage-errors.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import { readIndexFile } from './index-file.ts';
import { buildPacking } from './packing.ts';
import { forEachEntry, readRecord, RECORD_MAGIC, TOMBSTONE_FLAG } from './record.ts';
import { fileBytesOf, listSegments, segmentPath, type Segment } from './segment-files.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { addSegment, type LoadedLog } from './segment-index.ts';
import { walkRecords } from './walk-records.ts';

export interface RecoveredSegment {
  readonly segment: Segment;
  /** True when the index file covers the whole segment. */
  readonly isIndexed: boolean;
  /** Bytes of the segment's file that the index file covers and nobody has checked yet. */
  readonly uncheckedBytes: number;
}

/** An incomplete write that recovery cut off the end of the log. */
export interface CutEnd {
  readonly path: string;
  /** The offset at which the file now ends. */
  readonly byteOffset: number;
  readonly bytes: number;
}

export interface Recovered {
  readonly segments: readonly RecoveredSegment[];
  readonly cut: CutEnd | null;
}

/**
 * Reads a directory's log into `log`.
 * @throws LogCorrupt
 */
export function recover(directory: string, log: LoadedLog): Recovered {
  const segments = listSegments(directory);
  dropUnbegunSegment(segments);
  let cut: CutEnd | null = null;
  const recovered = segments.map((segment, place) => {
    const expectedBase = segments[place - 1]?.end ?? 0;
    if (segment.base !== expectedBase) throw doesNotFollow(segment, expectedBase);
    const indexed = loadIndexed(directory, segment, log);
    const fileBytes = fileBytesOf(segment);
    const isIndexed = indexed.bytes === fileBytes;
    if (!isIndexed) {
      const isLast = place === segments.length - 1;
      cut = indexRest(segment, { from: indexed.bytes, durable: indexed.durable, isLast }, log) ?? cut;
    }
    return { segment, isIndexed, uncheckedBytes: indexed.bytes };
  });
  return { segments: recovered, cut };
}

const doesNotFollow = (segment: Segment, expectedBase: number): LogCorrupt =>
  new LogCorrupt(
    segment.path,
    0,
    `the log before it ends at position ${expectedBase}, not where this file begins`,
  );

/** A crash during the creation of a segment can leave a file with half a header and no events. */
function dropUnbegunSegment(segments: Segment[]): void {
  const last = segments.at(-1);
  if (last === undefined || fileBytesOf(last) >= SEGMENT_HEADER_BYTES) return;
  unlinkSync(last.path);
  segments.pop();
}

/**
 * Adds the content of the segment's index file.
 * @returns two numbers of bytes of the segment's file: bytes that are indexed now, and bytes that certainly were
 * durable
 */
function loadIndexed(
  directory: string,
  segment: Segment,
  log: LoadedLog,
): { bytes: number; durable: number } {
  const file = readIndexFile(segmentPath(directory, segment.base, 'index'), segment);
  if (file.kind === 'missing' || file.through === null) return { bytes: 0, durable: 0 };
  const durable = segment.packing === null ? file.through - segment.base : segment.packing.fileBytes;
  if (file.through > segment.end)
    throw new LogCorrupt(segment.path, fileBytesOf(segment), 'the file ends before what was stored in it');

  if (file.kind === 'refused' || !addSegment(log, file.content)) return { bytes: 0, durable };
  if (segment.packing !== null) segment.packing = file.content.packing;
  return { bytes: durable, durable };
}

interface Rest {
  /** Number of bytes of the file that are already indexed. */
  readonly from: number;
  /** Number of bytes of the file that certainly were durable. */
  readonly durable: number;
  readonly isLast: boolean;
}

/**
 * Indexes the records of a segment that its index file does not cover.
 * @returns the incomplete write that recovery cut off, or null
 */
function indexRest(segment: Segment, { from, durable, isLast }: Rest, log: LoadedLog): CutEnd | null {
  const bytes = readFileSync(segment.path);
  const packing = segment.packing === null ? null : buildPacking();
  const badAt = walkRecords(segment, bytes, Math.max(from, SEGMENT_HEADER_BYTES), (at, record) => {
    forEachEntry(bytes, at, record, (entryAt, event, flags) => {
      const position = indexEvent(
        segment,
        entryAt,
        { event, isTombstone: (flags & TOMBSTONE_FLAG) !== 0 },
        log,
      );
      packing?.note(position - segment.base, entryAt);
    });
  });
  if (badAt === null) {
    if (packing !== null) segment.packing = packing.finish(bytes.length);
    if (isLast) syncFile(segment.path, null);
    return null;
  }
  if (!isLast || packing !== null || badAt < durable || wasDurable(segment, bytes, badAt))
    throw new LogCorrupt(segment.path, badAt, 'the record there is not what was written');

  syncFile(segment.path, badAt);
  segment.end = segment.base + badAt;
  return { path: segment.path, byteOffset: badAt, bytes: bytes.length - badAt };
}

/** Adds one event of the segment's file to the index and returns its position. */
function indexEvent(
  segment: Segment,
  entryAt: number,
  entry: { readonly event: Buffer; readonly isTombstone: boolean },
  { index, clock }: LoadedLog,
): number {
  const { stream: name, type, revision, position, createdMs } = readRecordedEvent(entry.event);
  const stream = index.streams.intern(name);
  const next = index.eventsOf(stream);
  if (!entry.isTombstone && revision < next) {
    const why = `an event there has revision ${revision} of stream ${name.toString()}, which has ${next} events before it`;
    throw new LogCorrupt(segment.path, entryAt, why);
  }
  // Scavenge removed the events between these revisions.
  if (!entry.isTombstone && revision > next) index.forgetBefore(stream, revision);
  clock.note(index.count(), createdMs);
  const place = segment.packing === null ? segment.base + entryAt : position;
  index.add(stream, index.types.intern(type), place, entry.isTombstone);
  return place;
}

/** True when a later undamaged record says that the bad record was durable. */
function wasDurable(segment: Segment, bytes: Buffer, badAt: number): boolean {
  let at = bytes.indexOf(RECORD_MAGIC, badAt + 1);
  while (at >= 0) {
    const record = readRecord(bytes, at, segment.base + at);
    if (record !== null && record.durableBefore > segment.base + badAt) return true;
    at = bytes.indexOf(RECORD_MAGIC, at + 1);
  }
  return false;
}

/** Cuts a file (unless `length` is null) and syncs it, because bytes that readers see must survive a crash. */
function syncFile(path: string, length: number | null): void {
  const handle = openSync(path, 'r+');
  try {
    if (length !== null) ftruncateSync(handle, length);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
