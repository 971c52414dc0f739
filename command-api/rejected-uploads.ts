import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamMovedOn } from '../event-store/errors.ts';
import type { EventLog, EventToAppend, ExpectedRevision } from '../event-store/event-log.ts';
import { sealed } from '../event-store/handle-command.ts';
import { isoNow, type Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import { retry } from '../runtime/retry.ts';
import type { ApiErrorCode } from '../schemas/errors/error-codes.ts';
import {
  REJECTED_EXAMPLES_MAX,
  type UploadRejected,
  type UploadsRejected,
} from '../schemas/events/service-events.ts';
import { REJECTED_UPLOADS_STREAM } from '../schemas/events/streams.ts';

/** The time for which refusals are kept. The value is the stream's $maxAge. */
export const REJECTED_UPLOADS_MAX_AGE_SEC = 30 * 24 * 3600;
/** At most one event in this time is appended, however many files are refused. */
const EVENT_EVERY_MS = 60_000;
/** Number of attempts to append one event, and the wait between two. */
const TRIES_MAX = 6;
const BACKOFF = { firstMs: 500, maxMs: 4_000 };

/** Refusals that are in no event yet. */
interface Gathered {
  readonly since: string;
  readonly correlationId: string;
  readonly counts: Map<ApiErrorCode, number>;
  readonly examples: UploadRejected[];
}

/**
 * Gathers refusals. The first refusal after a quiet minute is appended at once. The following refusals are appended
 * together a minute later.
 * @param options.everyMs least time between two events
 * @param options.onDropped called with the number of refusals that were lost because the log stayed away
 */
export function recordRejectedUploads(options: {
  log: EventLog;
  logger: Log;
  clock: Clock;
  onDropped: (count: number) => void;
  everyMs?: number;
}) {
  const { log, logger, clock, onDropped, everyMs = EVENT_EVERY_MS } = options;
  const write = rejectedUploadsWriter(log);
  let gathered: Gathered | null = null;
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writtenAtMs = -Infinity;
  const givingUp = new AbortController();

  const drain = async (): Promise<void> => {
    const batch = gathered;
    if (!batch) return;
    gathered = null;
    writtenAtMs = performance.now();
    const counts = [...batch.counts].map(([code, count]) => ({ code, count }));
    const data: UploadsRejected = { at: isoNow(clock), since: batch.since, counts, examples: batch.examples };
    // The ids are made once, so that the log recognises a repeated append.
    const events = sealed([{ type: 'UploadsRejected', data }], {
      commandId: randomUUID(),
      correlationId: batch.correlationId,
      actor: 'command-api',
    });
    try {
      await retry(() => write(events), { backoff: BACKOFF, triesMax: TRIES_MAX, signal: givingUp.signal });
    } catch (error) {
      const count = counts.reduce((sum, one) => sum + one.count, 0);
      onDropped(count);
      logger.warn({ err: error, count }, 'refused uploads could not be recorded');
    }
  };
  const drainNow = (): void => {
    timer = undefined;
    running = drain().finally(() => {
      running = null;
      if (gathered) schedule();
    });
  };
  const schedule = (): void => {
    if (timer || running) return;
    timer = setTimeout(drainNow, Math.max(0, writtenAtMs + everyMs - performance.now()));
    timer.unref();
  };

  return {
    record: (rejected: UploadRejected, correlationId: string) => {
      gathered ??= { since: rejected.at, correlationId, counts: new Map(), examples: [] };
      gathered.counts.set(rejected.code, (gathered.counts.get(rejected.code) ?? 0) + 1);
      if (gathered.examples.length < REJECTED_EXAMPLES_MAX) gathered.examples.push(rejected);
      schedule();
    },
    /** Appends the waiting refusals, for at most `graceMs`. */
    stop: async (graceMs: number) => {
      clearTimeout(timer);
      const last = (async () => {
        await running;
        await drain();
      })();
      await Promise.race([last, sleep(graceMs, undefined, { ref: false })]);
      givingUp.abort();
    },
  };
}

/** Records refused uploads after their answers, so that no answer waits for the log. */
export type RejectedUploads = ReturnType<typeof recordRejectedUploads>;

/** Appends to the stream of refusals. It sets the stream's age limit before the first event. */
function rejectedUploadsWriter(log: EventLog): (events: readonly EventToAppend[]) => Promise<void> {
  let isBounded = false;
  let expected: ExpectedRevision | null = null;
  return async (events) => {
    if (!isBounded) await log.setMaxAge(REJECTED_UPLOADS_STREAM, REJECTED_UPLOADS_MAX_AGE_SEC);
    isBounded = true;
    expected ??= (await log.readLast(REJECTED_UPLOADS_STREAM))?.revision ?? 'no_stream';
    for (;;)
      try {
        expected = (await log.append(REJECTED_UPLOADS_STREAM, events, expected)).revision;
        return;
      } catch (error) {
        if (!(error instanceof StreamMovedOn)) throw error;
        expected = error.actual ?? 'no_stream';
      }
  };
}
