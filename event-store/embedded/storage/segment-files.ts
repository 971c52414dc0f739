/**
 * The log's files: `<position>.log`, named by the position at which they begin, each with a header of 32 bytes,
 * one after the other without a gap. A position is a byte offset in all of them together.
 *
 *   header  0 "DOCKETLG" | 8 version u32 | 12 CRC-32 of the rest u32 | 16 position u64 | 24 zero u64
 */
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DiskFailed, DiskFull, isNoRoom, LogCorrupt } from '../errors.ts';
import { readU64, writeU64 } from './record.ts';

export const SEGMENT_HEADER_BYTES = 32;
const MAGIC = Buffer.from('DOCKETLG');
const VERSION = 1;
const POSITION_DIGITS = 16;

export interface Segment {
  readonly path: string;
  /** Position of the file's first byte. */
  readonly base: number;
  /** Position after its last byte. */
  end: number;
}

/** The path of a segment's file, or of its index file. */
export const segmentPath = (directory: string, base: number, kind: 'log' | 'index'): string =>
  join(directory, `${base.toString().padStart(POSITION_DIGITS, '0')}.${kind}`);

/** The segment files of a directory in the order of their positions. */
export function listSegments(directory: string): Segment[] {
  return readdirSync(directory)
    .filter((name) => /^\d{16}\.log$/.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const base = Number.parseInt(name, 10);
      return { path, base, end: base + statSync(path).size };
    });
}

function segmentHeader(base: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  writeU64(header, base, 16);
  header.writeUInt32LE(crc32(header.subarray(16)), 12);
  return header;
}

/** @throws LogCorrupt when `bytes` do not begin as the segment at `base` must */
export function checkSegmentHeader(segment: Segment, bytes: Buffer): void {
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  if (header.length === SEGMENT_HEADER_BYTES && header.equals(segmentHeader(segment.base))) return;
  const versioned = header.length === SEGMENT_HEADER_BYTES && header.subarray(0, 8).equals(MAGIC);
  if (versioned && header.readUInt32LE(8) !== VERSION) {
    throw new LogCorrupt(
      segment.path,
      8,
      `it has format version ${header.readUInt32LE(8)}, this store reads ${VERSION}`,
    );
  }
  const base = versioned ? readU64(header, 16) : segment.base;
  const reason =
    base === segment.base ? 'its header is damaged' : `its header says it begins at position ${base}`;
  throw new LogCorrupt(segment.path, 0, reason);
}

/** Makes a change of the directory itself (a new or a renamed file) durable. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function createSegment(directory: string, base: number): Segment {
  const path = segmentPath(directory, base, 'log');
  let handle: number | null = null;
  try {
    handle = openSync(path, 'w');
    writeAll(handle, segmentHeader(base), 0);
    fsyncSync(handle);
    syncDirectory(directory);
  } catch (cause) {
    if (isNoRoom(cause)) {
      unlinkSync(path);
      throw new DiskFull({ cause });
    }
    throw new DiskFailed(`making ${path}`, { cause });
  } finally {
    if (handle !== null) closeSync(handle);
  }
  return { path, base, end: base + SEGMENT_HEADER_BYTES };
}

function writeAll(handle: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(handle, bytes, written, bytes.length - written, at + written);
  }
}

export interface SegmentFiles {
  readonly segments: () => readonly Segment[];
  /** Position after the last byte that is durable. */
  readonly end: () => number;
  /**
   * Writes at the end, not yet durable. What a failed write left behind is cut off again.
   * @throws DiskFull, DiskFailed
   */
  readonly write: (bytes: Buffer) => void;
  /** Makes what was written durable and moves the end behind it. A failure is a DiskFailed: never try again. */
  readonly sync: (written: number, done: (failure: DiskFailed | null) => void) => void;
  /** Begins the next segment file at the end. @throws DiskFull, DiskFailed */
  readonly roll: () => void;
  /** The bytes from `position` on, `length` of them or up to the end of their segment. */
  readonly read: (position: number, length: number) => Buffer;
  /** The segment that holds `position`. */
  readonly segmentOf: (position: number) => Segment;
  readonly close: () => void;
}

/** @param found the checked segments; a first one is made when there is none */
export function openSegmentFiles(
  directory: string,
  found: readonly Segment[],
  maxOpenFiles: number,
): SegmentFiles {
  const segments = [...found];
  if (segments.length === 0) segments.push(createSegment(directory, 0));
  let active = segments[segments.length - 1] as Segment;
  let writer = openSync(active.path, 'r+');
  const readers = new Map<number, number>();

  const segmentOf = (position: number): Segment => {
    if (position >= active.base) return active;
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((segments[middle] as Segment).base <= position) low = middle;
      else high = middle - 1;
    }
    return segments[low] as Segment;
  };

  const readerOf = (segment: Segment): number => {
    if (segment === active) return writer;
    const open = readers.get(segment.base);
    if (open !== undefined) return open;
    const [oldest] = readers;
    if (oldest !== undefined && readers.size >= maxOpenFiles) {
      closeSync(oldest[1]);
      readers.delete(oldest[0]);
    }
    const handle = openSync(segment.path, 'r');
    readers.set(segment.base, handle);
    return handle;
  };

  return {
    segments: () => segments,
    end: () => active.end,
    segmentOf,
    write: (bytes) => {
      try {
        writeAll(writer, bytes, active.end - active.base);
      } catch (cause) {
        if (!isNoRoom(cause)) throw new DiskFailed('writing an append', { cause });
        try {
          ftruncateSync(writer, active.end - active.base);
        } catch (second) {
          throw new DiskFailed('cutting off a write for which there was no room', { cause: second });
        }
        throw new DiskFull({ cause });
      }
    },
    sync: (written, done) => {
      fdatasync(writer, (cause) => {
        if (cause !== null) {
          done(new DiskFailed('making an append durable', { cause }));
          return;
        }
        active.end += written;
        done(null);
      });
    },
    roll: () => {
      const next = createSegment(directory, active.end);
      closeSync(writer);
      writer = openSync(next.path, 'r+');
      segments.push(next);
      active = next;
    },
    read: (position, length) => {
      const segment = segmentOf(position);
      const bytes = Buffer.allocUnsafeSlow(Math.min(length, segment.end - position));
      const read = readSync(readerOf(segment), bytes, 0, bytes.length, position - segment.base);
      return read === bytes.length ? bytes : bytes.subarray(0, read);
    },
    close: () => {
      closeSync(writer);
      for (const handle of readers.values()) closeSync(handle);
    },
  };
}
