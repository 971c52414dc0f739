import { linksOf } from '../../event-store/event-hash.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { differenceFrom } from '../../event-store/log-difference.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/events/streams.ts';
import { understandJobEventOnce } from '../../schemas/events/understand-job-event.ts';
import { startFeedWriter, type FeedWriterParts } from './feed-writer.ts';
import type { FedEvent } from '../work-list/fold-changes.ts';
import type { FeedGrant } from '../work-list/work-list.ts';

export interface Feed {
  /** True while the list has every event of the log. */
  isCaughtUp(): boolean;
  /** The time at which the subscription broke, in `performance.now()`; null while it works. */
  brokenSinceMs(): number | null;
  /** The last checkpoint written to the list. */
  written(): FeedGrant['position'];
  stop(): Promise<void>;
}

export interface FeedParts extends FeedWriterParts {
  readonly log: EventLog;
  /**
   * Called when the feed ends by itself, because it lost the right to feed, the log was replaced, or an error stopped
   * it.
   */
  readonly onLost: (cause: Error) => void;
}

/** The streams whose events feed the list. */
export const FED_STREAM_PREFIXES = [JOB_STREAM_PREFIX] as const;

/**
 * Feeds the work list from the log. When the log is quiet, it writes a job that enters the list at once; otherwise
 * together with a few other jobs. Changes that only move or remove a row wait a little longer. After each new
 * subscription it compares the log with the events read before.
 */
export function startFeed(parts: FeedParts): Feed {
  const { log, grant } = parts;
  let received: bigint | 'start' = grant.position;
  let caughtUp = false;
  let stopped = false;
  let isFirst = true;
  let brokenSinceMs: number | null = null;
  const end = (cause: Error): void => {
    if (stopped) return;
    stopped = true;
    writer.close();
    void following.stop();
    parts.onLost(cause);
  };
  // Before the list has caught up, an event may be old and its job finished. Such a job does not begin at once.
  const beginAtOnce: FeedParts['beginAtOnce'] = (item) => (caughtUp ? parts.beginAtOnce(item) : null);
  const writer = startFeedWriter({ ...parts, beginAtOnce }, end);
  const take = (event: RecordedEvent): void => {
    if (stopped) return;
    writer.add(fedEvent(event));
    received = event.position;
  };
  const following = log.follow({
    filter: { streamPrefixes: FED_STREAM_PREFIXES },
    after: async () => {
      // The first subscription needs no comparison, because the grant was compared just before. At every later
      // subscription, the log may have been replaced.
      if (!isFirst && received !== 'start') {
        const standing = { checkpoint: received, mark: writer.mark(), streamPrefixes: FED_STREAM_PREFIXES };
        const difference = await differenceFrom(log, standing);
        if (difference !== null) {
          end(difference);
          throw difference;
        }
      }
      isFirst = false;
      return received;
    },
    onEvent: (event) => {
      brokenSinceMs = null;
      const room = writer.room();
      return room === null ? take(event) : room.then(() => take(event));
    },
    onCheckpoint: (position) => {
      brokenSinceMs = null;
      if (received === 'start' || position > received) received = position;
      writer.pass(position);
    },
    onCaughtUp: () => {
      brokenSinceMs = null;
      caughtUp = true;
    },
    onInterrupted: () => {
      brokenSinceMs ??= performance.now();
      caughtUp = false;
    },
  });
  return {
    isCaughtUp: () => caughtUp && !stopped && writer.isEmpty(),
    brokenSinceMs: () => brokenSinceMs,
    written: writer.written,
    stop: async () => {
      stopped = true;
      writer.close();
      await following.stop();
      await writer.ended;
    },
  };
}

/** An event that cannot be understood never stops the feed: its job is held. */
function fedEvent(recorded: RecordedEvent): FedEvent {
  const hash = linksOf(recorded)?.hash ?? null;
  try {
    return { recorded, hash, event: understandJobEventOnce(recorded) };
  } catch (error) {
    return {
      recorded,
      hash,
      event: { notUnderstood: error instanceof Error ? error.message : String(error) },
    };
  }
}
