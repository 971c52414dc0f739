import { linksOf } from '../../event-store/event-hash.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { differenceFrom } from '../../event-store/log-difference.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/streams.ts';
import { understandJobEventOnce } from '../../schemas/understand-job-event-once.ts';
import { startFeedWriter, type FeedWriterParts } from './feed-writer.ts';
import type { FedEvent } from '../work-list/fold-changes.ts';
import type { FeedGrant } from '../work-list/work-list.ts';

export interface Feed {
  /** True while the list is as good as the log. */
  isCaughtUp(): boolean;
  /** Since when the log has brought nothing because the subscription broke, of `performance.now()`; null while it stands. */
  brokenSinceMs(): number | null;
  /** The checkpoint that the list was told last. */
  written(): FeedGrant['position'];
  stop(): Promise<void>;
}

export interface FeedParts extends FeedWriterParts {
  readonly log: EventLog;
  /** The feed has ended by itself: the right to feed is gone, the log is another one, or it cannot go on. */
  readonly onLost: (cause: Error) => void;
}

/** Streams that the list is fed from. */
export const FED_STREAM_PREFIXES = [JOB_STREAM_PREFIX] as const;

/**
 * Feeds the work list from the log. A job that enters the list is written at once when the log is quiet and with a few
 * others when it is busy; what only moves or leaves a row waits a little longer. Whenever the subscription is taken up
 * again the log is compared with what was read of it.
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
  // What is read of the past may be over by now.
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
      // The grant was compared just before; its log may be another one at every later subscription.
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

/** Whatever is wrong with an event, the feed goes on: its job is held. */
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
