import { setTimeout as sleep } from 'node:timers/promises';
import { LogUnavailable } from '../event-store/errors.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { differenceFrom } from '../event-store/log-difference.ts';
import type { Log } from '../runtime/log.ts';
import { nameOfEvent, type LogMark } from '../schemas/log-mark.ts';
import { WATCHED_STREAM_PREFIX } from '../schemas/streams.ts';
import { AttemptCut } from './attempts/attempt.ts';
import { FED_STREAM_PREFIXES } from './feeder/feed.ts';
import type { WorkList } from './work-list/work-list.ts';

const COMPARE_AGAIN_MS = 500;

export interface LogWatch {
  /** Whether the log is known to be the one that the work list was fed from; false from each break until it is compared. */
  isSure(): boolean;
  /**
   * The log for one attempt. Its appends wait until the log is known to be the right one. They end with `AttemptCut`
   * once the log was replaced: what the attempt knows, its fencing token too, is of the log before.
   */
  forAttempt(): EventLog;
  stop(): Promise<void>;
}

export interface LogWatchParts {
  readonly log: EventLog;
  readonly list: Pick<WorkList, 'standing'>;
  /** The log is the right one (again): there may be work. */
  readonly onSure: () => void;
  /** The log is another one than before: every attempt under way has to end. */
  readonly onOtherLog: () => void;
  readonly logger: Log;
}

/**
 * Compares the log with the work list and with what this processor appended itself, at the start and after each break of
 * the connection. Revisions and fencing tokens of another history can be equal; only the events tell (ADR 0112).
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
      logger.error('the log is another one than before: attempts under way end without an outcome');
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
      // The next subscription compares before it begins.
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
          if (!sure) throw new LogUnavailable('it is compared with the work list');
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
