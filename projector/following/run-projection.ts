import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_BEAT_MS, takeLease } from '../../read-store/projection-engine/lease.ts';
import type { FoldedRow } from '../../read-store/projection-engine/projection-definition.ts';
import { outageLog, type OutageLog } from '../../runtime/log/outage-log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { codeOf, isRetryable } from '../../schemas/errors/coded-error.ts';
import { runSession, type SessionOptions, type WaitingFor } from './projection-session.ts';

/** The wait before a failed projection restarts. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** A session that ran this long was healthy. After it, the next wait is the shortest again. */
const HEALTHY_AFTER_MS = 10_000;

export type ProjectionOptions<Event, Row extends FoldedRow> = Omit<
  SessionOptions<Event, Row>,
  'fencingEpoch' | 'stop' | 'onWaiting' | 'replaysHeld' | 'onReplayed'
> & {
  /** The name of the lease's holder. No other program has the same name. */
  readonly holder: string;
};

export interface RunningProjection {
  waitingFor(): WaitingFor;
  /** Writes the delivered events, and releases the lease. */
  stop(): Promise<void>;
}

/**
 * Keeps a projection running for ever. It waits until the lease is free, and then writes. After any error it
 * continues from the stored checkpoint. The program never has to restart.
 */
export function runProjection<Event, Row extends FoldedRow>(
  options: ProjectionOptions<Event, Row>,
  prepare: () => Promise<unknown>,
): RunningProjection {
  const stopping = new AbortController();
  const stop = stopping.signal;
  let waitingFor: WaitingFor = 'read store';
  const outage = outageLog(options.logger, `projection ${options.target.ledger} waits for a store`);
  const onWaiting = (reason: WaitingFor) => {
    waitingFor = reason;
    if (reason === null) outage.worked();
  };
  const pause = (ms: number) => sleep(ms, undefined, { signal: stop }).catch(() => undefined);
  let replaysHeld = true;
  const onReplayed = () => (replaysHeld = false);
  const runOnce = async () => {
    const fencingEpoch = await takeLease(options.store, options.target, options.holder);
    if (fencingEpoch === null) {
      onWaiting('projection lease');
      return void (await pause(LEASE_BEAT_MS));
    }
    onWaiting('event store');
    await runSession({ ...options, fencingEpoch, stop, onWaiting, replaysHeld, onReplayed });
  };
  const ended = (async () => {
    let prepared = false;
    for (let failures = 0; !stop.aborted;) {
      const startedAt = performance.now();
      try {
        if (!prepared) await prepare();
        prepared = true;
        await runOnce();
      } catch (error) {
        if (stop.aborted) return;
        if (performance.now() - startedAt > HEALTHY_AFTER_MS) failures = 0;
        onWaiting(waitingReason(error));
        failures += 1;
        const backoffMs = backoffDelayMs(BACKOFF, failures, Math.random());
        report(options, outage, error, backoffMs);
        await pause(backoffMs);
      }
    }
  })();
  return {
    waitingFor: () => waitingFor,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

function waitingReason(error: unknown): WaitingFor {
  switch (codeOf(error)) {
    case 'LOG_UNAVAILABLE':
      return 'event store';
    case 'CHECKPOINT_MOVED':
      return 'projection lease';
    case 'LOG_DIFFERS':
      return 'rebuild from the log';
    case 'ROWS_REFUSED':
      return 'catching up';
    default:
      return 'read store';
  }
}

function report<Event, Row extends FoldedRow>(
  { logger, metrics, target }: ProjectionOptions<Event, Row>,
  outage: OutageLog,
  error: unknown,
  backoffMs: number,
): void {
  const code = codeOf(error) ?? 'UNKNOWN';
  metrics.restarts.inc({ projection: target.ledger, code });
  if (['LOG_UNAVAILABLE', 'READ_STORE_UNAVAILABLE'].includes(code)) return outage.failed(error);
  const retryable = isRetryable(error);
  const line = { err: error, projection: target.ledger, backoffMs };
  if (retryable) logger.warn(line, 'the projection failed and restarts from its checkpoint');
  else logger.error(line, 'the projection cannot continue; it will be retried');
}
