import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, EventToAppend, ExpectedRevision } from '../event-store/event-log.ts';
import { StreamMovedOn } from '../event-store/errors.ts';
import { sealed } from '../event-store/handle-command.ts';
import type { Log } from '../runtime/log.ts';
import type { UploadRejected } from '../schemas/service-events.ts';
import { REJECTED_UPLOADS_STREAM } from '../schemas/streams.ts';

/** How long refusals are kept; the stream's $maxAge. */
export const rejectedUploadsMaxAgeSec = 30 * 24 * 3600;
const waitingMax = 1_000;
const batchMax = 100;
const triesMax = 5;
const backoffMs = 200;

/** Puts refused uploads on the record, behind the answer: a refusal is never late because of it. */
export interface RejectedUploads {
  record(rejected: UploadRejected, correlationId: string): void;
  /** Writes what is waiting, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * @param onDropped called with how many could not be recorded: more waited than may, or the log stayed away
 */
export function recordRejectedUploads(options: {
  log: EventLog;
  logger: Log;
  onDropped: (count: number) => void;
}): RejectedUploads {
  const { log, logger, onDropped } = options;
  const waiting: { rejected: UploadRejected; correlationId: string }[] = [];
  let running: Promise<void> | null = null;
  let isBounded = false;
  let expected: ExpectedRevision | null = null;

  const write = async (events: readonly EventToAppend[]): Promise<void> => {
    if (!isBounded) await log.setMaxAge(REJECTED_UPLOADS_STREAM, rejectedUploadsMaxAgeSec);
    isBounded = true;
    expected ??= (await log.readLast(REJECTED_UPLOADS_STREAM))?.revision ?? 'no_stream';
    for (;;) {
      try {
        expected = (await log.append(REJECTED_UPLOADS_STREAM, events, expected)).revision;
        return;
      } catch (error) {
        if (!(error instanceof StreamMovedOn)) throw error;
        expected = error.actual ?? 'no_stream';
      }
    }
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      // The ids are made once, so that a repeated append is recognised.
      const events = batch.flatMap(({ rejected, correlationId }) =>
        sealed([{ type: 'UploadRejected', data: rejected }], {
          commandId: randomUUID(),
          correlationId,
          actor: `owner:${rejected.owner}`,
        }),
      );
      for (let tries = 1; ; tries += 1) {
        try {
          await write(events);
          break;
        } catch (error) {
          if (tries < triesMax) {
            await sleep(backoffMs * 2 ** tries, undefined, { ref: false });
            continue;
          }
          onDropped(batch.length);
          logger.warn({ err: error, count: batch.length }, 'refused uploads could not be recorded');
          break;
        }
      }
      waiting.splice(0, batch.length);
    }
    running = null;
  };

  return {
    record: (rejected, correlationId) => {
      if (waiting.length >= waitingMax) return onDropped(1);
      waiting.push({ rejected, correlationId });
      running ??= drain();
    },
    stop: async (graceMs) => {
      await Promise.race([running, sleep(graceMs, undefined, { ref: false })]);
    },
  };
}
