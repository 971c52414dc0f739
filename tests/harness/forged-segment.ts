import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  forEachEntry,
  readRecord,
  sealEntry,
  ENTRY_HEADER_BYTES,
  RECORD_HEADER_BYTES,
} from '../../event-store-server/storage/record.ts';
import { crc32 } from 'node:zlib';

const SEGMENT_HEADER_BYTES = 32;

/**
 * Changes the files of a stopped embedded event store, as somebody with write access to the disk could. All checksums
 * are corrected, so that the store notices nothing.
 */
export async function forge(directory: string, change: (segment: Buffer) => Buffer | null): Promise<void> {
  const names = await readdir(directory);
  // The saved indexes are deleted, so the store makes them again from the segments.
  for (const name of names.filter((each) => each.endsWith('.index'))) await rm(join(directory, name));
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const path = join(directory, name);
    const changed = change(await readFile(path));
    if (changed) await writeFile(path, resealed(changed));
  }
}

/**
 * Replaces every occurrence of some bytes by other bytes of the same length. Returns null when there is no
 * occurrence.
 */
export function replaced(segment: Buffer, from: string, to: string): Buffer | null {
  if (from.length !== to.length) throw new Error('a forger must keep the length');
  let at = segment.indexOf(from);
  if (at < 0) return null;
  const changed = Buffer.from(segment);
  for (; at >= 0; at = changed.indexOf(from, at + 1)) changed.write(to, at, 'latin1');
  return changed;
}

/** Cuts off the last record. The log then ends one append earlier. */
export function withoutLastRecord(segment: Buffer): Buffer {
  const last = recordsOf(segment).at(-1);
  return last === undefined ? segment : segment.subarray(0, last.at);
}

function recordsOf(segment: Buffer): { at: number; bytes: number; eventCount: number }[] {
  const records: { at: number; bytes: number; eventCount: number }[] = [];
  for (let at = SEGMENT_HEADER_BYTES; at + RECORD_HEADER_BYTES <= segment.length;) {
    const bytes = RECORD_HEADER_BYTES + segment.readUInt32LE(at + 4);
    records.push({ at, bytes, eventCount: segment.readUInt32LE(at + 12) });
    at += bytes;
  }
  return records;
}

function resealed(segment: Buffer): Buffer {
  for (const { at, bytes, eventCount } of recordsOf(segment)) {
    const body = { bytes, eventCount, durableBefore: 0 };
    forEachEntry(segment, at, body, (entryAt, event, flags) =>
      sealEntry(segment, entryAt, entryAt + ENTRY_HEADER_BYTES + event.length, flags),
    );
    segment.writeUInt32LE(crc32(segment.subarray(at + 12, at + bytes)), at + 8);
    const position = segment.readUInt32LE(at + 16);
    if (readRecord(segment, at, position) === null) throw new Error('the forgery failed');
  }
  return segment;
}
