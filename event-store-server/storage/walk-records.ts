/** Visits the records of a segment's file, packed or not, one after the other. */
import { readRecord, type RecordHeader } from './record.ts';
import type { Segment } from './segment-files.ts';

/** @param at the offset of the record in the file */
export type RecordVisitor = (at: number, record: RecordHeader) => void;

/**
 * Reads the record at `at` in a segment's file. The positions of records rise, also in a packed file.
 * @param after the position of the previous record
 * @returns null when the record is damaged
 */
export function readSegmentRecord(
  segment: Segment,
  bytes: Buffer,
  at: number,
  after: number,
): RecordHeader | null {
  if (segment.packing === null) return readRecord(bytes, at, segment.base + at);
  const record = readRecord(bytes, at, null);
  return record !== null && record.position > after && record.position < segment.end ? record : null;
}

/** Walks a segment's records from offset `from`; returns the offset of the first bad record, or null. */
export function walkRecords(
  segment: Segment,
  bytes: Buffer,
  from: number,
  visit: RecordVisitor,
): number | null {
  let after = segment.base;
  for (let at = from; at < bytes.length;) {
    const record = readSegmentRecord(segment, bytes, at, after);
    if (record === null) return at;
    visit(at, record);
    after = record.position;
    at += record.bytes;
  }
  return null;
}
