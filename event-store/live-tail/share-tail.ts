import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import { FOLLOWED_STREAM_PREFIXES, WATCHED_STREAM_PREFIX } from '../../schemas/events/streams.ts';
import type { AllFilter, EventLog, Following, FollowOptions } from '../event-log.ts';
import { openLiveTail, type LiveTailParts } from './live-tail.ts';
import { startTailReader } from './tail-reader.ts';

/** Prefixes of the streams that the shared tail follows. A follower of other streams gets its own subscription. */
const TAIL_STREAM_PREFIXES: readonly string[] = [...FOLLOWED_STREAM_PREFIXES, WATCHED_STREAM_PREFIX];

export type SharedTailOptions = Pick<LiveTailParts, 'limits' | 'createRing'>;

/**
 * Gives all followers of a process one subscription. It decodes each live event once, into a bounded ring. Each
 * follower reads from the ring at its own pace, from its own checkpoint (ADR 0153).
 */
export function shareTail(
  log: Pick<EventLog, 'follow' | 'head' | 'readAll'>,
  logger: Pick<Log, 'info' | 'warn'>,
  options: SharedTailOptions = {},
): (options: FollowOptions) => Following {
  const tail = openLiveTail({ log, streamPrefixes: TAIL_STREAM_PREFIXES, ...options });
  return (followOptions) => {
    if (!isServed(followOptions.filter)) return log.follow(followOptions);
    const outage = outageLog(logger, 'a follower of the event store failed');
    return startTailReader({ tail, log, options: followOptions, outage });
  };
}

function isServed(filter: AllFilter): boolean {
  return (
    'streamPrefixes' in filter &&
    filter.streamPrefixes.every((wanted) => TAIL_STREAM_PREFIXES.some((prefix) => wanted.startsWith(prefix)))
  );
}
