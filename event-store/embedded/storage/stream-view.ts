/** What a reader may see of a stream: its published events within the limits of its metadata. */
import { readRecordedEvent } from '../wire/recorded-event.ts';
import type { EventReader } from './event-reader.ts';
import type { LogIndex } from './log-index.ts';
import {
  isMetadataStream,
  METADATA_LIMITS,
  metadataStreamOf,
  NO_LIMITS,
  readStreamLimits,
  type StreamLimits,
} from './stream-limits.ts';

export type StreamWindow =
  /** Never written, or soft-deleted. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'tombstoned' }
  /** Revisions `first` to `last` may be read; none when `first > last`. */
  | { readonly kind: 'open'; readonly stream: number; readonly first: number; readonly last: number };

export interface StreamView {
  readonly limitsOf: (name: Buffer) => StreamLimits;
  /** The content of the stream's newest metadata event, or null. */
  readonly metadataOf: (name: Buffer) => Buffer | null;
  readonly windowOf: (name: Buffer, nowMs: number) => StreamWindow;
}

/** Streams whose metadata is remembered; the oldest are forgotten and read again. */
const REMEMBERED_STREAMS = 10_000;

export function openStreamView(index: LogIndex, reader: EventReader): StreamView {
  // By the number of the metadata stream, with the ordinal they were read from.
  const remembered = new Map<number, { readonly ordinal: number; readonly limits: StreamLimits }>();

  const newestMetadata = (name: Buffer): { stream: number; ordinal: number } | null => {
    const stream = index.streams.find(metadataStreamOf(name));
    const events = stream < 0 ? 0 : index.eventsOf(stream);
    return events === 0 ? null : { stream, ordinal: index.ordinalOf(stream, events - 1) };
  };

  const contentAt = (ordinal: number): Buffer => readRecordedEvent(reader.event(ordinal)).content;

  const limitsOf = (name: Buffer): StreamLimits => {
    if (isMetadataStream(name)) return METADATA_LIMITS;
    const newest = newestMetadata(name);
    if (newest === null) return NO_LIMITS;
    const known = remembered.get(newest.stream);
    if (known?.ordinal === newest.ordinal) return known.limits;
    const limits = readStreamLimits(contentAt(newest.ordinal));
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= REMEMBERED_STREAMS) remembered.delete(oldest);
    remembered.set(newest.stream, { ordinal: newest.ordinal, limits });
    return limits;
  };

  /** First revision recorded at or after `sinceMs`: times never go back in the log, so halving finds it. */
  const firstSince = (stream: number, from: number, events: number, sinceMs: number): number => {
    let low = from;
    let high = events;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { createdMs } = readRecordedEvent(reader.event(index.ordinalOf(stream, middle)));
      if (createdMs < sinceMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    limitsOf,
    metadataOf: (name) => {
      const newest = newestMetadata(name);
      return newest === null ? null : contentAt(newest.ordinal);
    },
    windowOf: (name, nowMs) => {
      const stream = index.streams.find(name);
      if (stream < 0) return { kind: 'missing' };
      if (index.isTombstoned(stream)) return { kind: 'tombstoned' };
      const events = index.eventsOf(stream);
      const limits = limitsOf(name);
      if (events === 0 || limits.isSoftDeleted) return { kind: 'missing' };
      const byCount = Math.max(limits.truncateBefore, events - limits.maxCount, 0);
      const first =
        limits.maxAgeMs === Infinity ? byCount : firstSince(stream, byCount, events, nowMs - limits.maxAgeMs);
      return { kind: 'open', stream, first, last: events - 1 };
    },
  };
}
