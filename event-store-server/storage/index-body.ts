/**
 * The content of an index file: numbers and texts of one segment, one column after the other. Similar values lie
 * together, so deflate makes them small.
 *
 *   streams: their number, their names, their first revisions (0 for none, otherwise the revision plus 1)
 *   types: their number, each as length and bytes
 *   events: their number; the place of each, less the place of the previous event;
 *     the stream of each, as the number of streams seen so far less its own number (0: a new stream);
 *     the type of each, doubled, plus 1 for a tombstone
 *   times, then the runs of a packed segment
 */
import type { Packing } from './packing.ts';
import type { Segment } from './segment-files.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import type { SegmentIndex } from './segment-index.ts';
import { readNames, writeNames } from './stream-names.ts';
import { openVarintReader, openVarintWriter, type VarintReader } from './varint-stream.ts';

export type IndexBody = Omit<SegmentIndex, 'base' | 'through' | 'firstCrc' | 'lastCrc'>;

/**
 * Makes the body.
 * @param content the index of the segment, with the streams in the order of their first events
 */
export function bodyOf(content: IndexBody): Buffer {
  const writer = openVarintWriter();
  const { number, bytes, finish } = writer;
  const { streams, types, places, times, tombstones, packing } = content;
  number(streams.length);
  writeNames(
    writer,
    streams.map(({ name }) => name),
  );
  for (const { firstRevision } of streams) number(firstRevision === null ? 0 : firstRevision + 1);
  number(types.length);
  for (const name of types) {
    number(name.length);
    bytes(name);
  }
  number(places.length);
  let before = 0;
  for (const place of places) {
    number(place - before);
    before = place;
  }
  let begun = 0;
  for (const stream of content.streamOf) {
    number(begun - stream);
    if (stream === begun) begun += 1;
  }
  content.typeOf.forEach((type, event) => number(2 * type + (tombstones.has(event) ? 1 : 0)));
  number(times.firstMs);
  number(times.lastMs);
  number(times.steps.length);
  for (const place of times.steps) number(place);
  number(packing?.places.length ?? 0);
  packing?.places.forEach((place, run) => {
    number(place);
    number(packing.offsets[run] as number);
  });
  return finish();
}

/**
 * @param end the place after the segment's last byte. Every event lies before `end` and after the previous event.
 * @throws RangeError when it is no body, or not of this segment
 */
export function readBody(body: Buffer, segment: Segment, end: number): IndexBody {
  const numbers = openVarintReader(body);
  const { number, bytes } = numbers;
  const count = number();
  if (count > end) throw new RangeError('it has more streams than the segment has bytes');
  const names = readNames(numbers, count);
  const streams = names.map((name) => {
    const revision = number();
    return { name, firstRevision: revision === 0 ? null : revision - 1 };
  });
  const types = Array.from({ length: number() }, () => bytes(number()));
  const events = readEvents(numbers, [streams.length, types.length], end);
  const times = {
    firstMs: number(),
    lastMs: number(),
    steps: Array.from({ length: number() }, number),
  };
  const packing = readPacking(numbers, segment);
  if (!numbers.isAtEnd()) throw new RangeError('it goes on after its end');
  return { streams, types, ...events, times, packing };
}

function readEvents(
  { number }: VarintReader,
  [streams, types]: readonly [number, number],
  end: number,
): Pick<SegmentIndex, 'places' | 'streamOf' | 'typeOf' | 'tombstones'> {
  const count = number();
  if (count > end) throw new RangeError('it has more events than the segment has bytes');
  const places = new Uint32Array(count);
  let place = 0;
  for (let event = 0; event < count; event += 1) {
    const step = number();
    place += step;
    if (step === 0 || place < SEGMENT_HEADER_BYTES || place >= end)
      throw new RangeError('an event does not lie in the segment, or not after the one before');
    places[event] = place;
  }
  const streamOf = new Uint32Array(count);
  let begun = 0;
  for (let event = 0; event < count; event += 1) {
    const back = number();
    if (back > begun || begun - back >= streams) throw new RangeError('an event has no stream');
    streamOf[event] = begun - back;
    if (back === 0) begun += 1;
  }
  const typeOf = new Uint32Array(count);
  const tombstones = new Set<number>();
  for (let event = 0; event < count; event += 1) {
    const type = number();
    if (type >= 2 * types) throw new RangeError('an event has no type');
    typeOf[event] = Math.floor(type / 2);
    if (type % 2 === 1) tombstones.add(event);
  }
  return { places, streamOf, typeOf, tombstones };
}

function readPacking({ number }: VarintReader, segment: Segment): Packing | null {
  const runs = number();
  if (segment.packing === null) {
    if (runs > 0) throw new RangeError('the segment is not packed');
    return null;
  }
  const { fileBytes } = segment.packing;
  if (runs > fileBytes) throw new RangeError('it has more runs than the file has bytes');
  const packing = { fileBytes, places: new Uint32Array(runs), offsets: new Uint32Array(runs) };
  for (let run = 0; run < runs; run += 1) {
    packing.places[run] = number();
    packing.offsets[run] = number();
    if ((packing.offsets[run] as number) >= fileBytes) throw new RangeError('a run does not lie in the file');
  }
  return packing;
}
