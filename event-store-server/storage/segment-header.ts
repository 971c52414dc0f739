/**
 * The first 32 bytes of a segment file.
 *
 *   header  0 "DOCKETLG" | 8 version u32 | 12 CRC-32 of the rest u32 | 16 position u64 | 24 end u64
 *
 * Version 1 is a segment as it was first written: its end is 0, because the length of the file gives the end. Version 2
 * is a segment that scavenge packed: its file is shorter than the positions it covers, so the header holds the end.
 */
import { crc32 } from 'node:zlib';
import { LogCorrupt } from './storage-errors.ts';
import { readU64, writeU64 } from './record.ts';

export const SEGMENT_HEADER_BYTES = 32;

const MAGIC = Buffer.from('DOCKETLG');
const AS_WRITTEN = 1;
const PACKED = 2;

/** @param end the position after the last byte of a packed segment, null for a segment that scavenge did not pack */
export function segmentHeader(base: number, end: number | null): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(end === null ? AS_WRITTEN : PACKED, 8);
  writeU64(header, base, 16);
  writeU64(header, end ?? 0, 24);
  header.writeUInt32LE(crc32(header.subarray(16)), 12);
  return header;
}

/**
 * Reads the header of the segment that begins at `base`.
 * @param bytes the file, or its first bytes
 * @throws LogCorrupt when the header does not belong to that segment
 */
export function readSegmentHeader(
  path: string,
  base: number,
  bytes: Buffer,
): { readonly end: number | null } {
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  const isOurs = header.length === SEGMENT_HEADER_BYTES && header.subarray(0, 8).equals(MAGIC);
  if (!isOurs) throw new LogCorrupt(path, 0, 'its header is damaged');
  const version = header.readUInt32LE(8);
  if (version !== AS_WRITTEN && version !== PACKED)
    throw new LogCorrupt(
      path,
      8,
      `it has format version ${version}, this store reads ${AS_WRITTEN} and ${PACKED}`,
    );

  const end = version === PACKED ? readU64(header, 24) : null;
  if (header.equals(segmentHeader(base, end))) return { end };
  const saidBase = readU64(header, 16);
  const reason =
    saidBase === base ? 'its header is damaged' : `its header says it begins at position ${saidBase}`;
  throw new LogCorrupt(path, 0, reason);
}
