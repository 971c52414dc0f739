/**
 * How an append lies in a segment file: one record holds all of its events, so a crash leaves all or none. Integers are
 * little-endian.
 *
 *   record  0 magic u32 | 4 body bytes u32 | 8 CRC-32 u32 | 12 events u32 | 16 position u64 | 24 durable u64 | body
 *   entry   0 event bytes u32 | 4 CRC-32 of them u32 | 8 flags u32 | the event in the encoding of the wire
 *
 * The record's CRC covers bytes 12 to its end. "Position" is the record's place in the log, so bytes that were written
 * elsewhere do not count as a record. "Durable" is the position up to which the log was synced when the record was
 * written. Everything below a later record's "durable" was once safely stored, so a bad record there is damage. A bad
 * record at or above it counts as the incomplete end of the newest write.
 */
import { crc32 } from 'node:zlib';

export const RECORD_HEADER_BYTES = 32;
export const ENTRY_HEADER_BYTES = 12;

const MAGIC = 0x7c0dce7a;
/** The magic in the byte order of the file, for a search of the next record after a bad record. */
export const RECORD_MAGIC = Buffer.from([0x7a, 0xce, 0x0d, 0x7c]);

/** Marks the event of a tombstone. */
export const TOMBSTONE_FLAG = 1;

const TWO_TO_32 = 2 ** 32;

export function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % TWO_TO_32, at);
  target.writeUInt32LE(Math.floor(value / TWO_TO_32), at + 4);
}

export const readU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * TWO_TO_32;

/** Seals the record that fills `target` from `from` to `to`: writes its header around the finished body. */
export function sealRecord(
  target: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  { eventCount, position, durableBefore }: Omit<RecordHeader, 'bytes'>,
): void {
  target.writeUInt32LE(MAGIC, from);
  target.writeUInt32LE(to - from - RECORD_HEADER_BYTES, from + 4);
  target.writeUInt32LE(eventCount, from + 12);
  writeU64(target, position, from + 16);
  writeU64(target, durableBefore, from + 24);
  target.writeUInt32LE(crc32(target.subarray(from + 12, to)), from + 8);
}

/** Writes the entry header of the encoded event between `at + ENTRY_HEADER_BYTES` and `to`. */
export function sealEntry(target: Buffer, at: number, to: number, flags: number): void {
  const start = at + ENTRY_HEADER_BYTES;
  target.writeUInt32LE(to - start, at);
  target.writeUInt32LE(crc32(target.subarray(start, to)), at + 4);
  target.writeUInt32LE(flags, at + 8);
}

export interface RecordHeader {
  /** Header and body. */
  readonly bytes: number;
  readonly eventCount: number;
  readonly position: number;
  readonly durableBefore: number;
}

/**
 * Reads the record at `at`.
 * @param position the position of `at` in the log, or null in a packed segment, where records keep their old positions
 * @returns null when no whole, undamaged record lies there
 */
export function readRecord(bytes: Buffer, at: number, position: number | null): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.length) return null;
  if (bytes.readUInt32LE(at) !== MAGIC) return null;
  const end = at + RECORD_HEADER_BYTES + bytes.readUInt32LE(at + 4);
  if (end > bytes.length) return null;
  const ownPosition = readU64(bytes, at + 16);
  if (position !== null && ownPosition !== position) return null;
  if (crc32(bytes.subarray(at + 12, end)) !== bytes.readUInt32LE(at + 8)) return null;
  return {
    bytes: end - at,
    eventCount: bytes.readUInt32LE(at + 12),
    position: ownPosition,
    durableBefore: readU64(bytes, at + 24),
  };
}

/** Calls `visit` for each entry of a record that `readRecord` found good. */
export function forEachEntry(
  bytes: Buffer,
  at: number,
  record: Pick<RecordHeader, 'eventCount'>,
  visit: (entryAt: number, event: Buffer, flags: number) => void,
): void {
  let offset = at + RECORD_HEADER_BYTES;
  for (let index = 0; index < record.eventCount; index += 1) {
    const start = offset + ENTRY_HEADER_BYTES;
    const end = start + bytes.readUInt32LE(offset);
    visit(offset, bytes.subarray(start, end), bytes.readUInt32LE(offset + 8));
    offset = end;
  }
}

/** The end of the entry at `at`, by its own length. The header of the entry lies whole in `bytes`. */
export const entryEnd = (bytes: Buffer, at: number): number =>
  at + ENTRY_HEADER_BYTES + bytes.readUInt32LE(at);

/** The event of the entry at `at`, or null when its bytes are damaged. */
export function readEntry(bytes: Buffer, at: number): Buffer | null {
  const start = at + ENTRY_HEADER_BYTES;
  if (start > bytes.length) return null;
  const end = start + bytes.readUInt32LE(at);
  if (end > bytes.length) return null;
  const event = bytes.subarray(start, end);
  return crc32(event) === bytes.readUInt32LE(at + 4) ? event : null;
}
