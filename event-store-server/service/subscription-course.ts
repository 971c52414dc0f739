/** The course of a subscription: the numbered steps of the whole log, or of one stream. */
import type { Log } from '../storage/open-log.ts';
import type { ReadRequest } from '../../event-store/wire/read-request.ts';
import { compileFilter } from './filter.ts';
import { positionFault } from './likeness.ts';
import { EMPTY_STREAM_NAME, refuseDeletedStream, refuseInvalid, type Refusal } from './refusal.ts';

export interface Course {
  /** The next step to consider. */
  next: number;
  /** The number of published steps. */
  readonly end: () => number;
  readonly ordinalOf: (step: number) => number;
  readonly passes: (ordinal: number) => boolean;
  /** Number of considered events between two checkpoints; Infinity without a filter. */
  readonly checkpointEvery: number;
  /** True while the stream does not exist. A subscription like EventStoreDB's then waits before it sends `CaughtUp`. */
  readonly isMissing: () => boolean;
  /** The ordinal of the event that tombstoned the stream while the subscription was open, or null. */
  readonly tombstone: () => number | null;
}

/** A position that is not below this value means "the end", because other clients send the largest uint64. */
const END_MARKER = 2 ** 63;

const isAtEnd = ({ from }: ReadRequest): boolean =>
  from.kind === 'end' || (from.kind === 'at' && from.at >= END_MARKER);

function courseOfAll(log: Log, request: ReadRequest, isLikeEventStoreDB: boolean): Course | Refusal {
  const { index } = log;
  const { from, filter } = request;
  const startsAtEnd = isAtEnd(request);
  const fault = isLikeEventStoreDB && !startsAtEnd ? positionFault(log, from, 'subscription') : null;
  if (fault !== null) return fault;
  if (from.kind === 'at' && !startsAtEnd && !isLikeEventStoreDB && from.at > log.head())
    return refuseInvalid(`Position ${from.at} lies beyond the end of the log, which is at ${log.head()}.`);

  const after = from.kind === 'at' && !startsAtEnd ? index.ordinalAt(from.at + 1) : 0;
  return {
    next: startsAtEnd ? index.count() : after,
    end: index.count,
    ordinalOf: (step) => step,
    passes: compileFilter(filter, index),
    checkpointEvery: filter?.checkpointEvery ?? Infinity,
    isMissing: () => false,
    tombstone: () => null,
  };
}

/** Looks for the tombstone of a stream among the events published since the last look. */
function openTombstoneWatch({ index }: Log, streamNumber: () => number): () => number | null {
  let looked = index.count();
  let found: number | null = null;
  return () => {
    const stream = streamNumber();
    const published = index.count();
    if (stream >= 0 && index.isTombstoned(stream))
      for (let ordinal = looked; ordinal < published && found === null; ordinal += 1)
        if (index.isTombstone(ordinal) && index.streamOf(ordinal) === stream) found = ordinal;

    looked = published;
    return found;
  };
}

function courseOfStream(log: Log, stream: Buffer, request: ReadRequest): Course | Refusal {
  const { index, view } = log;
  const { from } = request;
  if (stream.length === 0) return refuseInvalid(EMPTY_STREAM_NAME);
  const startsAtEnd = isAtEnd(request);
  const window = view.windowOf(stream, Date.now());
  // A subscription from the end of a tombstoned stream is no error in EventStoreDB: it waits without end.
  if (window.kind === 'tombstoned' && !startsAtEnd) return refuseDeletedStream(stream);
  const first = window.kind === 'open' ? window.first : 0;
  let number = index.streams.find(stream);
  const streamNumber = (): number => {
    if (number < 0) number = index.streams.find(stream);
    return number;
  };
  const end = (): number => (streamNumber() < 0 ? 0 : index.eventsOf(number));
  const after = from.kind === 'at' && !startsAtEnd ? from.at + 1 : 0;
  const begin = startsAtEnd ? end() : after;
  return {
    next: window.kind === 'missing' ? Math.max(begin, end()) : Math.max(begin, first),
    end,
    ordinalOf: (revision) => index.ordinalOf(number, revision),
    passes: () => true,
    checkpointEvery: Infinity,
    isMissing: () => !startsAtEnd && view.windowOf(stream, Date.now()).kind === 'missing',
    tombstone: openTombstoneWatch(log, streamNumber),
  };
}

/** Returns the course for a request, or the refusal. */
export const courseOf = (log: Log, request: ReadRequest, isLikeEventStoreDB: boolean): Course | Refusal =>
  request.stream === null
    ? courseOfAll(log, request, isLikeEventStoreDB)
    : courseOfStream(log, request.stream, request);
