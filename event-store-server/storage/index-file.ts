/**
 * The index of one segment, `<position>.index` beside the log file: a start reads a few bytes for each event, not the
 * events. A lost or damaged file does no harm, because the store reads the segment again. The store refuses a whole
 * file when any part of it is wrong.
 *
 *   header  0 "DOCKETIX" | 8 version u32 | 12 CRC-32 of the rest u32 | 16 base u64 | 24 through u64
 *           32 file bytes of a packed segment u64, else 0 | 40 CRC-32 of the first event u32 | 44 of the last u32
 *   body    deflated numbers and texts: `index-body.ts`
 *
 * In version 1, a file that was written at a start also held events of later segments. Version 2 stored names
 * unpacked and events row by row. The store refuses both versions and writes the file again.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { systemCode } from './storage-errors.ts';
import { bodyOf, readBody } from './index-body.ts';
import { offsetIn } from './packing.ts';
import { ENTRY_HEADER_BYTES, readU64, writeU64 } from './record.ts';
import { fileBytesOf, type Segment } from './segment-files.ts';
import type { SegmentIndex } from './segment-index.ts';

const MAGIC = Buffer.from('DOCKETIX');
const VERSION = 3;
const HEADER_BYTES = 48;
/** Most bytes of an inflated body. A full segment of the smallest events needs a tenth of it. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** The fastest level, because most of the body is ids, which even the slowest level makes hardly smaller. */
const DEFLATE = { level: 1 };

function fileOf(content: SegmentIndex, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  writeU64(header, content.base, 16);
  writeU64(header, content.through, 24);
  writeU64(header, content.packing?.fileBytes ?? 0, 32);
  header.writeUInt32LE(content.firstCrc, 40);
  header.writeUInt32LE(content.lastCrc, 44);
  const file = Buffer.concat([header, body]);
  file.writeUInt32LE(crc32(file.subarray(16)), 12);
  return file;
}

export type IndexFile =
  | { readonly kind: 'missing' }
  /** `through` is the position up to which the segment was durable when the file was written; null when unknown. */
  | { readonly kind: 'refused'; readonly why: string; readonly through: number | null }
  | { readonly kind: 'right'; readonly content: SegmentIndex; readonly through: number };

/** Reads the index file of a segment and compares it with the segment. */
export function readIndexFile(path: string, segment: Segment): IndexFile {
  const bytes = readIfThere(path);
  if (bytes === null) return { kind: 'missing' };
  const refused = (why: string, through: number | null = null): IndexFile => ({
    kind: 'refused',
    why,
    through,
  });
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC))
    return refused('it is no index file');
  if (bytes.readUInt32LE(8) !== VERSION) return refused(`it has format version ${bytes.readUInt32LE(8)}`);
  if (crc32(bytes.subarray(16)) !== bytes.readUInt32LE(12)) return refused('it is not what was written');
  if (readU64(bytes, 16) !== segment.base) return refused('it belongs to another segment');
  const packedBytes = readU64(bytes, 32);
  if (packedBytes !== (segment.packing?.fileBytes ?? 0)) return refused('the segment was packed since');
  const through = readU64(bytes, 24);
  // The caller finds out whether the log file lost bytes, or the index file belongs to another segment.
  if (through > segment.end) return refused('it goes further than the segment', through);
  try {
    const content = contentOf(bytes, segment, through);
    return isOfThisFile(content, segment)
      ? { kind: 'right', content, through }
      : refused('its events are not those of the segment', through);
  } catch (error) {
    if (
      error instanceof RangeError ||
      systemCode(error).startsWith('Z_') ||
      systemCode(error) === 'ERR_BUFFER_TOO_LARGE'
    )
      return refused(`it cannot be read: ${String(error)}`, through);
    throw error;
  }
}

function contentOf(file: Buffer, segment: Segment, through: number): SegmentIndex {
  const body = inflateRawSync(file.subarray(HEADER_BYTES), { maxOutputLength: MAX_BODY_BYTES });
  return {
    base: segment.base,
    through,
    ...readBody(body, segment, through - segment.base),
    firstCrc: file.readUInt32LE(40),
    lastCrc: file.readUInt32LE(44),
  };
}

/** True when the first and the last event of the file are at the places that the index names. */
function isOfThisFile({ places, packing, firstCrc, lastCrc }: SegmentIndex, segment: Segment): boolean {
  if (places.length === 0) return true;
  const handle = openSync(segment.path, 'r');
  try {
    const header = Buffer.alloc(ENTRY_HEADER_BYTES);
    const crcAt = (place: number): number => {
      const offset = packing === null ? place : offsetIn(packing, place);
      if (offset + header.length > fileBytesOf(segment)) return -1;
      readSync(handle, header, 0, header.length, offset);
      return header.readUInt32LE(4);
    };
    return crcAt(places[0] as number) === firstCrc && crcAt(places.at(-1) as number) === lastCrc;
  } finally {
    closeSync(handle);
  }
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

const temporary = (path: string): string => `${path}.new`;
const deflateSoon = promisify<Buffer, { level: number }, Buffer>(deflateRaw);

/** Writes an index file in the background while the store runs. */
export async function writeIndexFile(path: string, content: SegmentIndex): Promise<void> {
  const bytes = fileOf(content, await deflateSoon(bodyOf(content), DEFLATE));
  const file = await open(temporary(path), 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary(path), path);
}

/** Writes an index file synchronously, for shutdown. */
export function writeIndexFileNow(path: string, content: SegmentIndex): void {
  const bytes = fileOf(content, deflateRawSync(bodyOf(content), DEFLATE));
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
