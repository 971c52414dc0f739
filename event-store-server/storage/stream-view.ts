/** Gives the part of a stream that a reader may see: its published events, within the limits of its metadata. */
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import type { ClockSteps } from './clock-steps.ts';
import type { EventReader } from './event-reader.ts';
import type { LogIndex } from './log-index.ts';
import {
  describedStream,
  isMetadataStream,
  METADATA_LIMITS,
  metadataStreamOf,
  NO_LIMITS,
  readStreamLimits,
  type StreamLimits,
} from './stream-limits.ts';

export type StreamWindow =
  /** The stream was never written, or is soft-deleted. */
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

/**
 * Streams whose limits stay in memory. When there are more, the oldest entry is dropped, and is read again when it is
 * needed.
 */
const REMEMBERED_STREAMS = 10_000;

export function openStreamView(index: LogIndex, clock: ClockSteps, reader: EventReader): StreamView {
  // The key is the number of the metadata stream. `ordinal` is the ordinal of the event with the limits.
  const remembered = new Map<number, { readonly ordinal: number; readonly limits: StreamLimits }>();

  const newestMetadata = (name: Buffer): { stream: number; ordinal: number } | null => {
    const stream = index.streams.find(metadataStreamOf(name));
    const ordinal = stream < 0 ? -1 : index.ordinalOf(stream, index.eventsOf(stream) - 1);
    return ordinal < 0 ? null : { stream, ordinal };
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

  const createdAt = (stream: number, revision: number): number =>
    readRecordedEvent(reader.event(index.ordinalOf(stream, revision))).createdMs;

  /**
   * The first revision from `from` on for which `holds` is true, or `end`. `holds` is true for all later revisions as
   * well.
   */
  const firstWhere = (from: number, end: number, holds: (revision: number) => boolean): number => {
    let low = from;
    let high = end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  /**
   * The revision after the last event recorded before `sinceMs`. A binary search covers the events between two steps
   * back of the clock, beginning with the newest events. All events before an expired event count as expired too,
   * even if a wrong clock gave them a later time.
   */
  const firstSince = (stream: number, from: number, events: number, sinceMs: number): number => {
    let end = events;
    const steps = clock.steps();
    for (let step = steps.length - 1; step >= -1 && end > from; step -= 1) {
      const ordinal = steps[step] ?? 0;
      const begin = firstWhere(from, end, (revision) => index.ordinalOf(stream, revision) >= ordinal);
      const first = firstWhere(begin, end, (revision) => createdAt(stream, revision) >= sinceMs);
      if (first > begin) return first;
      end = begin;
    }
    return from;
  };

  return {
    limitsOf,
    metadataOf: (name) => {
      const newest = newestMetadata(name);
      return newest === null ? null : contentAt(newest.ordinal);
    },
    windowOf: (name, nowMs) => {
      const described = isMetadataStream(name) ? index.streams.find(describedStream(name)) : -1;
      // A metadata stream is tombstoned with the stream it describes.
      if (described >= 0 && index.isTombstoned(described)) return { kind: 'tombstoned' };
      const stream = index.streams.find(name);
      if (stream < 0) return { kind: 'missing' };
      if (index.isTombstoned(stream)) return { kind: 'tombstoned' };
      const events = index.eventsOf(stream);
      const limits = limitsOf(name);
      if (events === 0 || limits.isSoftDeleted) return { kind: 'missing' };
      const left = index.firstRevisionOf(stream);
      const byCount = Math.max(limits.truncateBefore, events - limits.maxCount, left);
      const first =
        limits.maxAgeMs === Infinity ? byCount : firstSince(stream, byCount, events, nowMs - limits.maxAgeMs);
      return { kind: 'open', stream, first, last: events - 1 };
    },
  };
}
