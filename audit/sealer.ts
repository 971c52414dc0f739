import { randomUUID, type KeyObject } from 'node:crypto';
import { BlobExists } from '../blob-store/blob-errors.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { releaseLease, takeLease } from '../read-store/projection-engine/lease.ts';
import type { ReadStore } from '../read-store/pool.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import { outageLog } from '../runtime/log/outage-log.ts';
import { Counter, Gauge, type Metrics } from '../runtime/metrics/metrics.ts';
import type { Service } from '../runtime/service.ts';
import { newestSealOf } from './read-seals.ts';
import { sealLog } from './seal-log.ts';
import { SEALED_STREAM_PREFIXES } from './stream-ends.ts';
import type { SealCopies } from './seal-store.ts';

/**
 * The interval at which a process checks two things: whether a seal is due, and whether the process holds the lease.
 */
const ASKED_EVERY_MS = 60_000;
/**
 * Length of the lease. It is longer than the sealing of a day's events. After this time another process replaces a dead
 * sealer.
 */
const LEASE_MS = 600_000;
const LEASE = { ledger: 'daily-seal', version: 1, schema: '', underConstruction: false };

export interface SealerParts {
  readonly log: Pick<EventLog, 'readAll' | 'readStream' | 'head'>;
  readonly store: ReadStore;
  readonly copies: readonly SealCopies[];
  readonly key: () => Promise<KeyObject>;
  /** Hours between two seals; 0 means never. */
  readonly everyHours: number;
  readonly clock: Clock;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly askedEveryMs?: number;
}

/**
 * Makes the daily seal in the process that takes the lease. The lease only prevents double work; the blob store
 * refuses a second seal of the same number. A failed seal is logged and retried.
 */
export function startSealer(parts: SealerParts): Service {
  const metrics = sealMetrics(parts.metrics);
  const holder = randomUUID();
  const stopping = new AbortController();
  const outage = outageLog(parts.logger, 'the log could not be sealed', { alert: 'seal-failed' });
  let tending: Promise<void> = Promise.resolve();

  const tend = async (): Promise<void> => {
    const epoch = await takeLease(parts.store, LEASE, holder, LEASE_MS);
    if (epoch === null) return;
    try {
      await sealIfDue(parts, stopping.signal, metrics);
    } finally {
      await releaseLease(parts.store, LEASE, epoch);
    }
  };
  let busy = false;
  const ask = (): void => {
    if (busy) return;
    busy = true;
    tending = tend()
      .then(() => outage.worked())
      .catch((error: unknown) => {
        if (stopping.signal.aborted || error instanceof BlobExists) return;
        metrics.failures.inc();
        outage.failed(error);
      })
      .finally(() => (busy = false));
  };
  const timer = parts.everyHours === 0 ? undefined : setInterval(ask, parts.askedEveryMs ?? ASKED_EVERY_MS);
  return {
    name: 'sealer',
    // No other service waits for a seal.
    readiness: () => ({ ready: true, waitingFor: [] }),
    stop: async () => {
      clearInterval(timer);
      stopping.abort(new Error('The sealer is stopping.'));
      await tending;
    },
  };
}

async function sealIfDue(
  parts: SealerParts,
  signal: AbortSignal,
  metrics: ReturnType<typeof sealMetrics>,
): Promise<void> {
  const { log, copies, clock, logger, everyHours } = parts;
  const newest = await newestSealOf(copies[0]!);
  const ageMs = newest ? clock.now() - Date.parse(newest.sealedAt) : Infinity;
  if (newest) metrics.lastSeal.set(Date.parse(newest.sealedAt) / 1000);
  if (ageMs < everyHours * 3_600_000 || (await isEmpty(log))) return;
  const seal = await sealLog({ log, copies, clock, signal, key: await parts.key() });
  metrics.lastSeal.set(Date.parse(seal.sealedAt) / 1000);
  logger.info(
    { number: seal.number, streams: seal.streams, events: seal.events, root: seal.root },
    'log sealed',
  );
}

/**
 * True when the log has no event of Docket. A server has its own events from its first start, and they need no seal.
 */
async function isEmpty(log: SealerParts['log']): Promise<boolean> {
  for await (const event of log.readAll('start', { streamPrefixes: SEALED_STREAM_PREFIXES }, 1))
    if (event) return false;
  return true;
}

function sealMetrics(registry: Metrics) {
  const registers = [registry];
  return {
    lastSeal: new Gauge({
      name: 'docket_seal_last_timestamp_seconds',
      help: 'When the newest seal was made',
      registers,
    }),
    failures: new Counter({
      name: 'docket_seal_failures_total',
      help: 'Seals that could not be made',
      registers,
    }),
  };
}
