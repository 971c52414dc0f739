/**
 * The files of the log: `<position>.log`, named after the position at which they begin, without gaps. A position is a
 * byte offset in the sequence of all files, in the form before any scavenge. A segment that scavenge packed keeps the
 * positions of its events in a smaller file (`packing.ts`).
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
import { DiskFailed, DiskFull, isNoRoom } from './storage-errors.ts';
import { offsetIn, unknownPacking, type Packing } from './packing.ts';
import { readSegmentHeader, SEGMENT_HEADER_BYTES, segmentHeader } from './segment-header.ts';

const POSITION_DIGITS = 16;

export interface Segment {
  readonly path: string;
  /** The position of the file's first byte. */
  readonly base: number;
  /** The position after the last byte of the file. */
  end: number;
  /** Tells where the events lie in a file that scavenge packed; null for a file that was not packed. */
  packing: Packing | null;
}

/** The offset of a position in the segment's file. */
export const offsetOf = (segment: Segment, position: number): number =>
  segment.packing === null ? position - segment.base : offsetIn(segment.packing, position - segment.base);

/** The length of the segment's file. */
export const fileBytesOf = (segment: Segment): number =>
  segment.packing === null ? segment.end - segment.base : segment.packing.fileBytes;

/** The path of a segment's file, of its index file, or of the file that scavenge writes beside it. */
export const segmentPath = (directory: string, base: number, kind: 'log' | 'index' | 'packed'): string =>
  join(directory, `${base.toString().padStart(POSITION_DIGITS, '0')}.${kind}`);

/**
 * Lists the segment files of a directory in the order of their positions. A packed segment does not know yet where
 * its events lie.
 * @throws LogCorrupt when the header of a segment is damaged
 */
export function listSegments(directory: string): Segment[] {
  return readdirSync(directory)
    .filter((name) => /^\d{16}\.log$/.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const base = Number.parseInt(name, 10);
      const fileBytes = statSync(path).size;
      const packedEnd =
        fileBytes < SEGMENT_HEADER_BYTES ? null : readSegmentHeader(path, base, readHead(path)).end;
      return packedEnd === null
        ? { path, base, end: base + fileBytes, packing: null }
        : { path, base, end: packedEnd, packing: unknownPacking(fileBytes) };
    });
}

function readHead(path: string): Buffer {
  const handle = openSync(path, 'r');
  try {
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    return head.subarray(0, readSync(handle, head, 0, head.length, 0));
  } finally {
    closeSync(handle);
  }
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
    writeAll(handle, segmentHeader(base, null), 0);
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
  return { path, base, end: base + SEGMENT_HEADER_BYTES, packing: null };
}

function writeAll(handle: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(handle, bytes, written, bytes.length - written, at + written);
}

export interface SegmentFiles {
  readonly segments: () => readonly Segment[];
  /** The position after the last durable byte. */
  readonly end: () => number;
  /**
   * Writes at the end; the bytes are not durable yet. Cuts off the remains of a failed write.
   * @throws DiskFull, DiskFailed
   */
  readonly write: (bytes: Buffer) => void;
  /**
   * Makes the written bytes durable, and sets the end to the position after them. After a failure (DiskFailed) never
   * try again.
   */
  readonly sync: (written: number, done: (failure: DiskFailed | null) => void) => void;
  /**
   * Begins the next segment file at the end of the log.
   * @throws DiskFull, DiskFailed
   */
  readonly roll: () => void;
  /** Reads up to `length` durable bytes of a segment's file, from `offset` on. */
  readonly read: (segment: Segment, offset: number, length: number) => Buffer;
  /** The segment that holds `position`. */
  readonly segmentOf: (position: number) => Segment;
  /** Reads a closed segment from now on from the file that replaced the old file. */
  readonly replace: (before: Segment, after: Segment) => void;
  readonly close: () => void;
}

/**
 * Opens the segment files for reading and writing. When there is none, or the last one is packed, it makes a new
 * segment.
 * @param found the checked segments
 */
export function openSegmentFiles(
  directory: string,
  found: readonly Segment[],
  maxOpenFiles: number,
): SegmentFiles {
  const segments = [...found];
  const newest = segments.at(-1);
  if (newest === undefined || newest.packing !== null)
    segments.push(createSegment(directory, newest?.end ?? 0));
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
    read: (segment, offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(Math.min(length, fileBytesOf(segment) - offset));
      const read = readSync(readerOf(segment), bytes, 0, bytes.length, offset);
      return read === bytes.length ? bytes : bytes.subarray(0, read);
    },
    replace: (before, after) => {
      segments[segments.indexOf(before)] = after;
      const open = readers.get(before.base);
      if (open !== undefined) closeSync(open);
      readers.delete(before.base);
    },
    close: () => {
      closeSync(writer);
      for (const handle of readers.values()) closeSync(handle);
    },
  };
}
