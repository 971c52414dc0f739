import { setTimeout as sleep } from 'node:timers/promises';
import { jobDecider } from '../../conversion-job/decider.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { isoNow, type Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { Counter, type Metrics } from '../../runtime/metrics/metrics.ts';
import { retry } from '../../runtime/retry.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import { jobStream } from '../../schemas/events/streams.ts';

/** Number of attempts to append one event, and the wait between two. */
const TRIES_MAX = 5;
const BACKOFF = { firstMs: 500, maxMs: 4_000 };
/** Limit of the downloads whose events are being written. A further download is counted as lost at once. */
const WRITING_MAX = 5_000;

/** A completed transfer. */
export interface CompletedDownload {
  readonly owner: string;
  readonly jobId: string;
  readonly bytes: number;
  readonly requestId: string;
}

export function createDownloadLedger(options: {
  log: EventLog;
  policy: RetryPolicy;
  clock: Clock;
  logger: Log;
  metrics: Metrics;
}) {
  const { log, policy, clock, logger, metrics } = options;
  const decider = jobDecider(policy);
  const writing = new Set<Promise<void>>();
  const counter = new Counter({
    name: 'docket_downloads_total',
    help: 'Complete downloads, by whether their event could be written',
    labelNames: ['event'],
    registers: [metrics],
  });

  const write = async ({ owner, jobId, bytes, requestId }: CompletedDownload): Promise<void> => {
    const command = { type: 'RecordDownload' as const, at: isoNow(clock), bytes };
    const context = {
      commandId: commandIdOf('download', requestId, jobId),
      correlationId: requestId,
      actor: `owner:${owner}`,
    };
    try {
      const handled = await retry(() => handleCommand(log, decider, jobStream(jobId), command, context), {
        backoff: BACKOFF,
        triesMax: TRIES_MAX,
      });
      counter.inc({ event: handled.outcome === 'accepted' ? 'written' : 'refused' });
    } catch (error) {
      counter.inc({ event: 'lost' });
      logger.error({ err: error, jobId, requestId }, 'a complete download could not be recorded');
    }
  };
  return {
    record: (download: CompletedDownload) => {
      if (writing.size >= WRITING_MAX) {
        counter.inc({ event: 'lost' });
        logger.error({ jobId: download.jobId }, 'too many downloads wait to be recorded');
        return;
      }
      const task = write(download).finally(() => writing.delete(task));
      writing.add(task);
    },
    /** Resolves when no event is being written any more, at most after `graceMs`. */
    settle: async (graceMs: number) => {
      const grace = new AbortController();
      await Promise.race([
        Promise.all(writing),
        sleep(graceMs, undefined, { signal: grace.signal, ref: false }).catch(() => undefined),
      ]);
      grace.abort();
    },
  };
}

/** Appends `ResultDownloaded` after the transfer, so no client waits for the append. */
export type DownloadLedger = ReturnType<typeof createDownloadLedger>;
