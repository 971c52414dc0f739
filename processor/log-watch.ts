import { setTimeout as sleep } from 'node:timers/promises';
import { LogUnavailable } from '../event-store/errors.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { differenceFrom } from '../event-store/log-difference.ts';
import type { Log } from '../runtime/log/log.ts';
import { nameOfEvent, type LogMark } from '../schemas/events/log-mark.ts';
import { WATCHED_STREAM_PREFIX } from '../schemas/events/streams.ts';
import { AttemptCut } from './attempts/attempt.ts';
import { FED_STREAM_PREFIXES } from './feeder/feed.ts';
import type { WorkList } from './work-list/work-list.ts';

const COMPARE_AGAIN_MS = 500;

export interface LogWatch {
  /**
   * True while it is certain that the work list was fed from this log. False from each break of the connection until
   * the next comparison.
   */
  isSure(): boolean;
  /**
   * The log for one attempt. Its appends wait until a comparison has shown that the log is the right one. After the
   * log was replaced they fail with `AttemptCut`, because the attempt and its fencing token belong to the old log.
   */
  forAttempt(): EventLog;
  stop(): Promise<void>;
}

export interface LogWatchParts {
  readonly log: EventLog;
  readonly list: Pick<WorkList, 'standing'>;
  /**
   * Called when the log is known to be the right one, at the start and after a break, so that claiming can continue.
   */
  readonly onSure: () => void;
  /** Called when the log was replaced. Every running attempt must then end. */
  readonly onOtherLog: () => void;
  readonly logger: Log;
}

/**
 * Compares the log with the work list and with this processor's own appends, at the start and after each break of the
 * connection. Revisions and fencing tokens of two logs can be equal; only the events distinguish the logs (ADR 0112).
 */
export function watchLog(parts: LogWatchParts): LogWatch {
  const { log, list, logger } = parts;
  let sure = false;
  let stopped = false;
  let generation = 0;
  let newest: LogMark | null = null;
  let comparing: Promise<void> | null = null;

  const remember = (mark: LogMark | null): void => {
    if (mark !== null && (newest === null || mark.position > newest.position)) newest = mark;
  };
  const compareOnce = async (): Promise<void> => {
    const own = newest;
    const streamPrefixes = FED_STREAM_PREFIXES;
    if (
      own !== null &&
      (await differenceFrom(log, { checkpoint: own.position, mark: own, streamPrefixes }))
    ) {
      generation += 1;
      newest = null;
      logger.error('the log was replaced: running attempts end without an outcome');
      parts.onOtherLog();
    }
    const { position, mark } = await list.standing();
    if (position !== 'start') {
      const difference = await differenceFrom(log, { checkpoint: position, mark, streamPrefixes });
      if (difference !== null) throw difference;
      remember(mark);
    }
    sure = true;
    parts.onSure();
  };
  const compare = (): Promise<void> =>
    (comparing ??= compareOnce().finally(() => {
      comparing = null;
    }));
  const doubt = (): void => {
    if (!sure) return;
    sure = false;
    void (async () => {
      while (!stopped && !sure) {
        await compare().catch((error: unknown) =>
          logger.debug({ err: error }, 'the log is not compared yet'),
        );
        if (!sure) await sleep(COMPARE_AGAIN_MS);
      }
    })();
  };
  const following = log.follow({
    filter: { streamPrefixes: [WATCHED_STREAM_PREFIX] },
    after: async () => {
      await compare();
      return log.head();
    },
    onEvent: () => undefined,
    onInterrupted: () => {
      // The log may be replaced while nobody follows it. So the next subscription begins with a comparison.
      sure = false;
    },
  });

  return {
    isSure: () => sure,
    forAttempt: () => {
      const born = generation;
      return {
        ...log,
        append: async (stream, events, expected) => {
          if (born !== generation) throw new AttemptCut('lease-lost');
          if (!sure) throw new LogUnavailable('comparing the log with the work list');
          try {
            const appended = await log.append(stream, events, expected);
            const last = events.at(-1);
            if (last && born === generation)
              remember({
                logId: newest?.logId ?? last.id,
                eventId: nameOfEvent(last),
                position: appended.position,
              });
            return appended;
          } catch (error) {
            if (error instanceof LogUnavailable) doubt();
            throw error;
          }
        },
      };
    },
    stop: async () => {
      stopped = true;
      await following.stop();
    },
  };
}
