/**
 * Writes a segment again, without some of its events, to a file beside it. Records and events keep their positions. A
 * record that loses all events is left out. A record that loses some events gets a new header.
 */
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { LogCorrupt } from './storage-errors.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import { buildPacking, type Packing } from './packing.ts';
import {
  ENTRY_HEADER_BYTES,
  forEachEntry,
  RECORD_HEADER_BYTES,
  sealRecord,
  type RecordHeader,
} from './record.ts';
import type { Segment } from './segment-files.ts';
import { SEGMENT_HEADER_BYTES, segmentHeader } from './segment-header.ts';
import { readSegmentRecord } from './walk-records.ts';

/** The function writes this many bytes at once, then lets other work run. */
const SLICE_BYTES = 1024 * 1024;

interface KeptEntry {
  readonly bytes: Buffer;
  readonly position: number;
}

/** Tells which positions are dropped; the caller asks for them in rising order. */
function openDropped(dropped: readonly number[]): (position: number) => boolean {
  let next = 0;
  return (position) => {
    while (next < dropped.length && (dropped[next] as number) < position) next += 1;
    return dropped[next] === position;
  };
}

/** The entries of a record that are kept. */
function entriesThatStay(
  segment: Segment,
  { bytes, at, record }: { readonly bytes: Buffer; readonly at: number; readonly record: RecordHeader },
  isDropped: (position: number) => boolean,
): KeptEntry[] {
  const kept: KeptEntry[] = [];
  forEachEntry(bytes, at, record, (entryAt, event) => {
    const position = segment.packing === null ? segment.base + entryAt : readRecordedEvent(event).position;
    if (isDropped(position)) return;
    kept.push({ bytes: bytes.subarray(entryAt, entryAt + ENTRY_HEADER_BYTES + event.length), position });
  });
  return kept;
}

/** Builds a record of the kept entries. */
function recordOf(kept: readonly KeptEntry[], before: RecordHeader): Buffer {
  const body = kept.map((entry) => entry.bytes);
  const record = Buffer.concat([Buffer.alloc(RECORD_HEADER_BYTES), ...body]);
  const { position, durableBefore } = before;
  sealRecord(record, { from: 0, to: record.length }, { eventCount: kept.length, position, durableBefore });
  return record;
}

/**
 * Writes the segment without the events at `dropped` to `path`. The file is durable when the promise resolves.
 * @returns where the segment's events lie now, and the number of removed events
 * @throws LogCorrupt when a record is damaged, AbortError, or the system's error
 */
export async function packSegment(
  segment: Segment,
  dropped: readonly number[],
  path: string,
  signal: AbortSignal,
): Promise<{ readonly packing: Packing; readonly events: number }> {
  const source = await open(segment.path, 'r');
  const bytes = await source.readFile().finally(() => source.close());
  const isDropped = openDropped(dropped);
  const packing = buildPacking();
  const target = await open(path, 'w');
  try {
    let written = 0;
    let slice: Buffer[] = [segmentHeader(segment.base, segment.end)];
    let sliceBytes = SEGMENT_HEADER_BYTES;
    const flush = async (): Promise<void> => {
      await target.writeFile(Buffer.concat(slice));
      written += sliceBytes;
      slice = [];
      sliceBytes = 0;
    };
    let events = 0;
    let after = segment.base;
    let pause = SLICE_BYTES;
    for (let at = SEGMENT_HEADER_BYTES; at < bytes.length;) {
      const record = readSegmentRecord(segment, bytes, at, after);
      if (record === null) throw new LogCorrupt(segment.path, at, 'the record there is not what was written');
      const kept = entriesThatStay(segment, { bytes, at, record }, isDropped);
      let offset = written + sliceBytes + RECORD_HEADER_BYTES;
      for (const entry of kept) {
        packing.note(entry.position - segment.base, offset);
        offset += entry.bytes.length;
      }
      if (kept.length > 0) {
        const whole = kept.length === record.eventCount;
        const packed = whole ? bytes.subarray(at, at + record.bytes) : recordOf(kept, record);
        slice.push(packed);
        sliceBytes += packed.length;
      }
      events += record.eventCount - kept.length;
      after = record.position;
      at += record.bytes;
      if (sliceBytes >= SLICE_BYTES) await flush();
      if (at < pause) continue;
      pause = at + SLICE_BYTES;
      await setImmediate();
      signal.throwIfAborted();
    }
    await flush();
    await target.sync();
    return { packing: packing.finish(written), events };
  } finally {
    await target.close();
  }
}
