/** Names the events in damaged bytes. An undamaged index file names them; otherwise the readable bytes do. */
import { MalformedMessage } from '../../event-store/wire/protobuf.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import type { IndexFile } from './index-file.ts';
import { offsetIn } from './packing.ts';
import { ENTRY_HEADER_BYTES, entryEnd, readEntry, RECORD_HEADER_BYTES } from './record.ts';
import type { Segment } from './segment-files.ts';
import type { SegmentIndex } from './segment-index.ts';

export interface LostEvent {
  readonly stream: string;
  readonly type: string;
  /** Null for the event that marks a tombstone. */
  readonly revision: number | null;
  readonly position: number;
  /** True when the checksum of the event is right, so the damage lies outside the event. */
  readonly isWhole: boolean;
}

interface Damaged {
  readonly segment: Segment;
  readonly bytes: Buffer;
  readonly index: IndexFile;
}

/** Returns the events between two offsets of the file. */
export const lostIn = ({ segment, bytes, index }: Damaged, from: number, to: number): LostEvent[] =>
  index.kind === 'right' ? byIndex(index.content, bytes, from, to) : byBytes(segment, bytes, from, to);

function byIndex(content: SegmentIndex, bytes: Buffer, from: number, to: number): LostEvent[] {
  const lost: LostEvent[] = [];
  const revisions = content.streams.map(({ firstRevision }) => firstRevision ?? 0);
  content.places.forEach((place, event) => {
    const stream = content.streamOf[event] as number;
    const isTombstone = content.tombstones.has(event);
    const revision = isTombstone ? null : (revisions[stream] as number);
    if (!isTombstone) revisions[stream] = (revisions[stream] as number) + 1;
    const offset = content.packing === null ? place : offsetIn(content.packing, place);
    if (offset < from || offset >= to) return;
    lost.push({
      stream: (content.streams[stream]?.name ?? Buffer.alloc(0)).toString(),
      type: (content.types[content.typeOf[event] as number] ?? Buffer.alloc(0)).toString(),
      revision,
      position: content.base + place,
      isWhole: offset + ENTRY_HEADER_BYTES <= bytes.length && readEntry(bytes, offset) !== null,
    });
  });
  return lost;
}

/** Reads entries one after the other by their lengths, as long as the lengths lead to events. */
function byBytes(segment: Segment, bytes: Buffer, from: number, to: number): LostEvent[] {
  const lost: LostEvent[] = [];
  let at = from + RECORD_HEADER_BYTES;
  while (at + ENTRY_HEADER_BYTES < to) {
    const end = entryEnd(bytes, at);
    const event = end > to ? null : readable(bytes.subarray(at + ENTRY_HEADER_BYTES, end));
    if (event === null || event.stream.length === 0) break;
    lost.push({
      stream: event.stream.toString(),
      type: event.type.toString(),
      revision: event.revision > Number.MAX_SAFE_INTEGER ? null : event.revision,
      position: segment.packing === null ? segment.base + at : event.position,
      isWhole: readEntry(bytes, at) !== null,
    });
    at = end;
  }
  return lost;
}

function readable(event: Buffer): ReturnType<typeof readRecordedEvent> | null {
  try {
    return readRecordedEvent(event);
  } catch (error) {
    if (error instanceof MalformedMessage) return null;
    throw error;
  }
}
