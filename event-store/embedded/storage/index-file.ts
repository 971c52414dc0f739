/**
 * The index snapshot of one segment, `<position>.index` beside the log file: what `log-index.ts` holds of the
 * segment's events, so that a start reads 12 bytes an event and the names, and not the events. The file can be
 * lost or damaged without harm: the segment is read again.
 *
 *   header  0 "DOCKETIX" | 8 version u32 | 12 CRC-32 of the rest u32 | 16 base u64 | 24 through u64
 *           32 first ordinal u64 | 40 events u32 | 44 streams before u32 | 48 new streams u32
 *           52 types before u32 | 56 new types u32 | 60 zero u32
 *   events  offset in the segment u32 each | stream number u32 each | type number u32 each, top bit: tombstone
 *   names   length u32 each (streams, then types) | their text
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { systemCode } from '../errors.ts';
import type { LogIndex } from './log-index.ts';
import type { NameTable } from './name-table.ts';
import { readU64, writeU64 } from './record.ts';

const MAGIC = Buffer.from('DOCKETIX');
const VERSION = 1;
const HEADER_BYTES = 64;
const TOMBSTONE_BIT = 0x80000000;

/** Where the index stood when a segment began. */
export interface IndexMark {
  readonly ordinal: number;
  readonly streams: number;
  readonly types: number;
}

export const markIndex = (index: LogIndex): IndexMark => ({
  ordinal: index.count(),
  streams: index.streams.size(),
  types: index.types.size(),
});

/** The file's bytes for the segment that began at `start` and has its last event before `end`. */
export function encodeIndex(
  index: LogIndex,
  base: number,
  through: number,
  start: IndexMark,
  end: IndexMark,
): Buffer {
  const names = [
    ...namesBetween(index.streams, start.streams, end.streams),
    ...namesBetween(index.types, start.types, end.types),
  ];
  const events = end.ordinal - start.ordinal;
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  writeU64(header, base, 16);
  writeU64(header, through, 24);
  writeU64(header, start.ordinal, 32);
  const counts = [events, start.streams, end.streams - start.streams, start.types, end.types - start.types];
  counts.forEach((count, place) => header.writeUInt32LE(count, 40 + 4 * place));
  const columns = new Uint32Array(3 * events + names.length);
  for (let event = 0; event < events; event += 1) {
    const ordinal = start.ordinal + event;
    columns[event] = index.positionOf(ordinal) - base;
    columns[events + event] = index.streamOf(ordinal);
    columns[2 * events + event] = index.typeOf(ordinal) + (index.isTombstone(ordinal) ? TOMBSTONE_BIT : 0);
  }
  names.forEach((name, place) => (columns[3 * events + place] = name.length));
  const bytes = Buffer.concat([header, Buffer.from(columns.buffer), ...names]);
  bytes.writeUInt32LE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

function namesBetween(table: NameTable, from: number, to: number): Buffer[] {
  const names: Buffer[] = [];
  for (let number = from; number < to; number += 1) names.push(table.name(number));
  return names;
}

/**
 * Adds a segment's events to the index from its file.
 * @returns the position up to which they are in the index, or null when the file is missing or cannot be used
 */
export function loadIndex(path: string, base: number, index: LogIndex): number | null {
  const bytes = readIfThere(path);
  if (bytes === null || !isWhole(bytes)) return null;
  const start = markIndex(index);
  const [events, streamsBefore, newStreams, typesBefore, newTypes] = [0, 1, 2, 3, 4].map((place) =>
    bytes.readUInt32LE(40 + 4 * place),
  ) as [number, number, number, number, number];
  const continues =
    readU64(bytes, 16) === base &&
    readU64(bytes, 32) === start.ordinal &&
    streamsBefore === start.streams &&
    typesBefore === start.types;
  if (!continues) return null;

  const cells = 3 * events + newStreams + newTypes;
  const columns = new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset + HEADER_BYTES, bytes.byteOffset + HEADER_BYTES + 4 * cells),
  );
  let at = HEADER_BYTES + 4 * cells;
  for (let place = 0; place < newStreams + newTypes; place += 1) {
    const end = at + (columns[3 * events + place] as number);
    (place < newStreams ? index.streams : index.types).intern(bytes.subarray(at, end));
    at = end;
  }
  for (let event = 0; event < events; event += 1) {
    const type = columns[2 * events + event] as number;
    const isTombstone = type >= TOMBSTONE_BIT;
    index.add(
      columns[events + event] as number,
      isTombstone ? type - TOMBSTONE_BIT : type,
      base + (columns[event] as number),
      isTombstone,
    );
  }
  return readU64(bytes, 24);
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

const isWhole = (bytes: Buffer): boolean =>
  bytes.length >= HEADER_BYTES &&
  bytes.subarray(0, 8).equals(MAGIC) &&
  bytes.readUInt32LE(8) === VERSION &&
  crc32(bytes.subarray(16)) === bytes.readUInt32LE(12);

const temporary = (path: string): string => `${path}.new`;

/** Puts an index file in place while the store runs. */
export async function writeIndexFile(path: string, bytes: Buffer): Promise<void> {
  const file = await open(temporary(path), 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary(path), path);
}

/** Puts an index file in place at once, at shutdown. */
export function writeIndexFileNow(path: string, bytes: Buffer): void {
  const handle = openSync(temporary(path), 'w');
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(handle, bytes, written);
    fsyncSync(handle);
  } catch (error) {
    unlinkSync(temporary(path));
    throw error;
  } finally {
    closeSync(handle);
  }
  renameSync(temporary(path), path);
}
