/** Checks the files of a stopped store, changes nothing, and names every part that differs from what was written. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LogCorrupt } from './storage-errors.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import { readIndexFile, type IndexFile } from './index-file.ts';
import { lostIn, type LostEvent } from './lost-events.ts';
import { unknownPacking } from './packing.ts';
import { forEachEntry, RECORD_MAGIC, TOMBSTONE_FLAG, type RecordHeader } from './record.ts';
import { segmentPath, type Segment } from './segment-files.ts';
import { readSegmentHeader, SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { readSegmentRecord } from './walk-records.ts';

export interface Damage {
  readonly file: string;
  /** The range of damaged bytes in the file. Where bytes are missing, both ends are equal. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The events in the range, as far as the index file or the bytes name them. */
  readonly events: readonly LostEvent[];
}

export interface LogChecked {
  readonly segments: number;
  readonly packed: number;
  readonly bytes: number;
  /** The number of undamaged events. */
  readonly events: number;
  readonly damages: readonly Damage[];
  /** Revisions that are missing between existing revisions of the same stream. Empty when the check finds no damage. */
  readonly gaps: readonly { readonly stream: string; readonly from: number; readonly to: number }[];
  /** The end of an incomplete write; the next start cuts it off. */
  readonly cut: { readonly file: string; readonly byteOffset: number; readonly bytes: number } | null;
  /** Index files that are missing or refused; the next start writes them again. */
  readonly indexes: readonly { readonly file: string; readonly reason: string }[];
}

interface Findings {
  readonly damages: Damage[];
  readonly gaps: { stream: string; from: number; to: number }[];
  readonly indexes: { file: string; reason: string }[];
  readonly nextRevisions: Map<string, number>;
  cut: LogChecked['cut'];
  events: number;
  packed: number;
  bytes: number;
}

interface LoadedSegment {
  readonly segment: Segment;
  readonly bytes: Buffer;
  readonly isLast: boolean;
  readonly index: IndexFile;
}

/** Checks the log in a directory, which the caller has locked. */
export function checkLog(directory: string): LogChecked {
  const names = readdirSync(directory)
    .filter((name) => /^\d{16}\.log$/.test(name))
    .sort();
  const found: Findings = {
    damages: [],
    gaps: [],
    indexes: [],
    nextRevisions: new Map<string, number>(),
    cut: null,
    events: 0,
    packed: 0,
    bytes: 0,
  };
  let expectedBase = 0;
  names.forEach((name, place) => {
    const isLast = place === names.length - 1;
    const end = checkSegment(join(directory, name), { expectedBase, isLast }, found);
    if (end !== null) expectedBase = end;
  });
  const { damages, gaps, cut, indexes, events, packed, bytes } = found;
  return {
    segments: names.length,
    packed,
    bytes,
    events,
    damages,
    cut,
    indexes,
    gaps: damages.length === 0 ? [] : gaps,
  };
}

/**
 * Checks one segment.
 * @returns the position after it, or null when a start removes the file
 */
function checkSegment(
  path: string,
  { expectedBase, isLast }: { readonly expectedBase: number; readonly isLast: boolean },
  found: Findings,
): number | null {
  const bytes = readFileSync(path);
  const base = Number.parseInt(basename(path), 10);
  found.bytes += bytes.length;
  if (isLast && bytes.length < SEGMENT_HEADER_BYTES) {
    found.cut = { file: path, byteOffset: 0, bytes: bytes.length };
    return null;
  }
  if (base !== expectedBase)
    found.damages.push({
      file: path,
      from: 0,
      to: 0,
      events: [],
      reason: `the files before it end at position ${expectedBase}: the one in between is missing or cut`,
    });
  const segment = segmentOf(path, base, bytes, found);
  const indexPath = segmentPath(join(path, '..'), base, 'index');
  const index = readIndexFile(indexPath, segment);
  // The newest segment has an index only after an orderly stop.
  if (index.kind === 'refused') found.indexes.push({ file: indexPath, reason: index.why });
  else if (index.kind === 'missing' && !isLast)
    found.indexes.push({ file: indexPath, reason: 'it is missing' });
  if (index.kind !== 'missing' && index.through !== null && index.through > segment.end)
    found.damages.push({
      file: path,
      from: bytes.length,
      to: bytes.length,
      events: [],
      reason: `${index.through - segment.end} bytes at its end are missing`,
    });
  walk({ segment, bytes, isLast, index }, found);
  return segment.end;
}

function segmentOf(path: string, base: number, bytes: Buffer, found: Findings): Segment {
  try {
    const { end } = readSegmentHeader(path, base, bytes);
    if (end === null) return { path, base, end: base + bytes.length, packing: null };
    found.packed += 1;
    return { path, base, end, packing: unknownPacking(bytes.length) };
  } catch (error) {
    if (!(error instanceof LogCorrupt)) throw error;
    const to = Math.min(SEGMENT_HEADER_BYTES, bytes.length);
    found.damages.push({ file: path, from: 0, to, reason: 'its header is not what was written', events: [] });
    return { path, base, end: base + bytes.length, packing: null };
  }
}

function walk(loaded: LoadedSegment, found: Findings): void {
  const { segment, bytes } = loaded;
  let after = segment.base;
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length;) {
    const record = readSegmentRecord(segment, bytes, at, after);
    if (record === null) {
      const next = nextRecord(segment, bytes, at, after);
      noteBad(loaded, at, next, found);
      at = next?.at ?? bytes.length;
      continue;
    }
    forEachEntry(bytes, at, record, (_entryAt, event, flags) => {
      found.events += 1;
      if ((flags & TOMBSTONE_FLAG) === 0) noteRevision(event, segment, at, found);
    });
    after = record.position;
    at += record.bytes;
  }
}

interface FoundRecord {
  readonly at: number;
  readonly record: RecordHeader;
}

/** Finds the first undamaged record after a damaged record. */
function nextRecord(segment: Segment, bytes: Buffer, badAt: number, after: number): FoundRecord | null {
  for (let at = bytes.indexOf(RECORD_MAGIC, badAt + 1); at >= 0; at = bytes.indexOf(RECORD_MAGIC, at + 1)) {
    const record = readSegmentRecord(segment, bytes, at, after);
    if (record !== null) return { at, record };
  }
  return null;
}

/**
 * A bad record at the end of the newest file is an incomplete write, unless a later record shows that the bad record
 * was durable.
 */
function noteBad(loaded: LoadedSegment, at: number, next: FoundRecord | null, found: Findings): void {
  const { segment, bytes, isLast, index } = loaded;
  const durable = index.kind === 'missing' ? 0 : (index.through ?? 0);
  const wasDurable =
    segment.base + at < durable || (next !== null && next.record.durableBefore > segment.base + at);
  const to = next?.at ?? bytes.length;
  if (isLast && segment.packing === null && !wasDurable) {
    // A start cuts the file at the first bad record.
    found.cut ??= { file: segment.path, byteOffset: at, bytes: bytes.length - at };
    return;
  }
  found.damages.push({
    file: segment.path,
    from: at,
    to,
    reason: 'it is not what was written',
    events: lostIn({ segment, bytes, index }, at, to),
  });
}

function noteRevision(event: Buffer, segment: Segment, at: number, found: Findings): void {
  const { stream, revision } = readRecordedEvent(event);
  const name = stream.toString();
  const next = found.nextRevisions.get(name);
  found.nextRevisions.set(name, revision + 1);
  if (next === undefined || revision === next) return;
  if (revision > next) found.gaps.push({ stream: name, from: next, to: revision - 1 });
  else
    found.damages.push({
      file: segment.path,
      from: at,
      to: at,
      events: [],
      reason: `it has revision ${revision} of stream ${name} a second time`,
    });
}
