/**
 * The index of one segment alone, with its own numbers for streams and types. It holds no fact about other segments,
 * so changes of other segments do not affect it.
 */
import { crc32 } from 'node:zlib';
import type { ClockSteps, TimeSpan } from './clock-steps.ts';
import type { EventReader } from './event-reader.ts';
import type { LogIndex } from './log-index.ts';
import type { Packing } from './packing.ts';
import type { Segment } from './segment-files.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';

export interface SegmentIndex {
  /** The position of the segment's first byte. */
  readonly base: number;
  /** The position up to which the index covers events. All bytes up to there were durable. */
  readonly through: number;
  readonly streams: readonly SegmentStream[];
  readonly types: readonly Buffer[];
  /** For each event: its position less `base`, and the places of its stream and type in the lists above. */
  readonly places: Uint32Array;
  readonly streamOf: Uint32Array;
  readonly typeOf: Uint32Array;
  /** The events that are tombstones, by their place in this segment. */
  readonly tombstones: ReadonlySet<number>;
  readonly times: TimeSpan;
  /**
   * CRC-32 of the first and of the last event; both show that the index belongs to this file. They are 0 without
   * events.
   */
  readonly firstCrc: number;
  readonly lastCrc: number;
  readonly packing: Packing | null;
}

export interface SegmentStream {
  readonly name: Buffer;
  /** The revision of the first event of the stream in this segment; null when the segment has only its tombstone. */
  readonly firstRevision: number | null;
}

export interface LoadedLog {
  readonly index: LogIndex;
  readonly clock: ClockSteps;
}

/** Gives each number of the log a number within the segment, in the order of first appearance. */
function openLocalNumbers() {
  const numbers = new Map<number, number>();
  const globals: number[] = [];
  return {
    globals,
    of: (global: number): number => {
      const known = numbers.get(global);
      if (known !== undefined) return known;
      numbers.set(global, globals.length);
      return globals.push(global) - 1;
    },
  };
}

/** The ordinals of a segment's events that are not gone. */
export function ordinalsOf(index: LogIndex, segment: Segment): number[] {
  const ordinals: number[] = [];
  const end = index.ordinalAt(segment.end);
  for (let ordinal = index.ordinalAt(segment.base); ordinal < end; ordinal += 1)
    if (!index.isGone(ordinal)) ordinals.push(ordinal);
  return ordinals;
}

/**
 * The places of the events at which times go back. A step at a removed event counts for the next event that still
 * exists.
 */
function stepsAmong(ordinals: readonly number[], steps: readonly number[]): number[] {
  const [first = Infinity] = ordinals;
  let next = steps.findIndex((step) => step > first);
  const places: number[] = [];
  if (next < 0) return places;
  ordinals.forEach((ordinal, place) => {
    if ((steps[next] ?? Infinity) > ordinal) return;
    places.push(place);
    while ((steps[next] ?? Infinity) <= ordinal) next += 1;
  });
  return places;
}

/** Collects the entries of the log's index for `segment`. */
export function collectSegment(
  { index, clock }: LoadedLog,
  segment: Segment,
  reader: EventReader,
): SegmentIndex {
  const ordinals = ordinalsOf(index, segment);
  const streams = openLocalNumbers();
  const types = openLocalNumbers();
  const firstRevisions: (number | null)[] = [];
  const tombstones = new Set<number>();
  const places = new Uint32Array(ordinals.length);
  const streamOf = new Uint32Array(ordinals.length);
  const typeOf = new Uint32Array(ordinals.length);
  ordinals.forEach((ordinal, place) => {
    const stream = streams.of(index.streamOf(ordinal));
    places[place] = index.positionOf(ordinal) - segment.base;
    streamOf[place] = stream;
    typeOf[place] = types.of(index.typeOf(ordinal));
    const isTombstone = index.isTombstone(ordinal);
    if (isTombstone) tombstones.add(place);
    if (stream === firstRevisions.length) firstRevisions.push(isTombstone ? null : index.revisionOf(ordinal));
  });
  const look = (ordinal: number | undefined): { crc: number; createdMs: number } => {
    if (ordinal === undefined) return { crc: 0, createdMs: 0 };
    const event = reader.event(ordinal);
    return { crc: crc32(event), createdMs: readRecordedEvent(event).createdMs };
  };
  const first = look(ordinals[0]);
  const last = look(ordinals.at(-1));
  return {
    base: segment.base,
    through: segment.end,
    streams: streams.globals.map((number, place) => ({
      name: index.streams.name(number),
      firstRevision: firstRevisions[place] as number | null,
    })),
    types: types.globals.map((number) => index.types.name(number)),
    places,
    streamOf,
    typeOf,
    tombstones,
    times: { firstMs: first.createdMs, lastMs: last.createdMs, steps: stepsAmong(ordinals, clock.steps()) },
    firstCrc: first.crc,
    lastCrc: last.crc,
    packing: segment.packing,
  };
}

/**
 * Adds a segment's events to the log's index, after the events of all earlier segments.
 * @returns false, and adds nothing, when a stream's first revision in the segment is below the revision that the log
 * expects next
 */
export function addSegment({ index, clock }: LoadedLog, content: SegmentIndex): boolean {
  const follows = content.streams.every(({ name, firstRevision }) => {
    const known = index.streams.find(name);
    return firstRevision === null || known < 0 || firstRevision >= index.eventsOf(known);
  });
  if (!follows) return false;
  const streams = content.streams.map(({ name }) => index.streams.intern(name));
  const types = content.types.map((name) => index.types.intern(name));
  content.streams.forEach(({ firstRevision }, place) => {
    const stream = streams[place] as number;
    if (firstRevision !== null && firstRevision > index.eventsOf(stream))
      index.forgetBefore(stream, firstRevision);
  });
  if (content.places.length > 0) clock.noteMany(index.count(), content.times);
  for (let event = 0; event < content.places.length; event += 1)
    index.add(
      streams[content.streamOf[event] as number] as number,
      types[content.typeOf[event] as number] as number,
      content.base + (content.places[event] as number),
      content.tombstones.has(event),
    );

  return true;
}
