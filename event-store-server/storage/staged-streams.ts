/**
 * The streams as they will be after the staged group is written: the published state plus the additions of the group.
 * The state is discarded with the group.
 */
import type { StreamState } from './append-decision.ts';
import type { LogIndex } from './log-index.ts';
import type { RecentIds } from './recent-ids.ts';
import {
  describedStream,
  isMetadataStream,
  METADATA_LIMITS,
  metadataStreamOf,
  readStreamLimits,
  type StreamLimits,
} from './stream-limits.ts';
import type { StreamView } from './stream-view.ts';

export interface StagingGround {
  readonly index: LogIndex;
  readonly view: StreamView;
  readonly recentIds: RecentIds;
  /** The id of a published event. */
  readonly idOf: (ordinal: number) => string;
}

/** The state of one stream after the group. */
export interface StagedStream {
  lastRevision: number;
  isTombstoned: boolean;
  /** Number of the stream in the index, or -1. */
  readonly number: number;
  readonly publishedEvents: number;
  readonly ids: string[];
  readonly positions: number[];
  /** For a metadata stream: the content of its newest staged event. */
  newestContent: Buffer | null;
}

export interface StagedStreams {
  readonly of: (name: Buffer) => StagedStream;
  readonly stateOf: (name: Buffer) => StreamState;
  readonly metadataOf: (name: Buffer) => Buffer | null;
  /** The position of the event at `revision`, which is at most the last. Null when the stream's limits hide it. */
  readonly positionAt: (name: Buffer, revision: number) => number | null;
}

export function openStagedStreams({ index, view, recentIds, idOf }: StagingGround): StagedStreams {
  const streams = new Map<string, StagedStream>();
  const keyOf = (name: Buffer): string => name.toString('latin1');
  const stagedMetadata = (name: Buffer): Buffer | null =>
    streams.get(keyOf(metadataStreamOf(name)))?.newestContent ?? null;

  const of = (name: Buffer): StagedStream => {
    const key = keyOf(name);
    const known = streams.get(key);
    if (known !== undefined) return known;
    const number = index.streams.find(name);
    const publishedEvents = number < 0 ? 0 : index.eventsOf(number);
    const stream: StagedStream = {
      lastRevision: publishedEvents - 1,
      isTombstoned: number >= 0 && index.isTombstoned(number),
      number,
      publishedEvents,
      ids: [],
      positions: [],
      newestContent: null,
    };
    streams.set(key, stream);
    return stream;
  };

  const limitsOf = (name: Buffer): StreamLimits => {
    if (isMetadataStream(name)) return METADATA_LIMITS;
    const staged = stagedMetadata(name);
    return staged === null ? view.limitsOf(name) : readStreamLimits(staged);
  };

  const metadataOf = (name: Buffer): Buffer | null => stagedMetadata(name) ?? view.metadataOf(name);

  const revisionOf = (stream: StagedStream, id: string): number => {
    const staged = stream.ids.lastIndexOf(id);
    if (staged >= 0) return stream.publishedEvents + staged;
    const ordinal = recentIds.find(id);
    const isHere = ordinal >= 0 && stream.number >= 0 && index.streamOf(ordinal) === stream.number;
    return isHere ? index.revisionOf(ordinal) : -1;
  };

  return {
    of,
    metadataOf,
    stateOf: (name) => {
      const stream = of(name);
      const limits = limitsOf(name);
      const { number, publishedEvents } = stream;
      return {
        lastRevision: stream.lastRevision,
        // A metadata stream is tombstoned with the stream it describes.
        isTombstoned:
          stream.isTombstoned || (isMetadataStream(name) && of(describedStream(name)).isTombstoned),
        isSoftDeleted: limits.isSoftDeleted,
        hasMetadata: () => metadataOf(name) !== null,
        // Removed events have no id to compare, so no append counts as their repetition.
        idAt: (revision) => {
          if (revision >= publishedEvents) return stream.ids[revision - publishedEvents] as string;
          const ordinal = index.ordinalOf(number, revision);
          return index.isGone(ordinal) ? '' : idOf(ordinal);
        },
        revisionOf: (id) => revisionOf(stream, id),
      };
    },
    positionAt: (name, revision) => {
      const stream = of(name);
      const { isSoftDeleted, truncateBefore, maxCount } = limitsOf(name);
      if (isSoftDeleted || revision < Math.max(truncateBefore, stream.lastRevision + 1 - maxCount))
        return null;
      return revision < stream.publishedEvents
        ? index.positionOf(index.ordinalOf(stream.number, revision))
        : (stream.positions[revision - stream.publishedEvents] as number);
    },
  };
}
