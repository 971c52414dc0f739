import type { BlobStore } from '../../blob-store/blob-store.ts';
import { BlobStoreUnavailable } from '../../blob-store/blob-errors.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import { LogUnavailable } from '../../event-store/errors.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { runCleanup, type CleanupParts } from './cleanup.ts';
import { tallyCleanup } from './cleanup-report.ts';
import { keepingDecider, keepingPolicyOf } from './kept-job.ts';
import {
  marksUnder,
  RETENTION_LEASE_MS,
  type RetentionGrant,
  type RetentionLease,
} from './retention-lease.ts';
import type { RetentionMetrics } from './retention-metrics.ts';
import { runScan } from './scans.ts';

/**
 * The interval at which a processor tries to take the lease of retention. A removal after a download is delayed by at
 * most this time.
 */
const ASKED_EVERY_MS = 5_000;
/** The interval for the processor with the lease, if downloads remove no results. */
const LEADER_ASKED_EVERY_MS = RETENTION_LEASE_MS / 4;
/** No blob has a key with this prefix, so a list of these keys costs little. */
const PROBED_PREFIX = 'probed/';

export interface RetentionRole {
  /**
   * Takes or keeps the right to run retention. With the right it runs retention once a day. If the settings remove a
   * result after its first download, it also follows downloads. When the log or the blobs do not answer, it gives the
   * right back, and takes it again once both answer (ADR 0138).
   *
   * @throws LogUnavailable, ReadStoreUnavailable, BlobStoreUnavailable: the next call continues where this call
   * stopped
   */
  tend(): Promise<void>;
  /** Returns the pause until the next `tend`. */
  pauseMs(): number;
  /** Ends a running cleanup between two files, and gives the right back. */
  stop(): Promise<void>;
}

export function retentionRole(parts: {
  readonly log: EventLog;
  readonly lease: RetentionLease;
  readonly blobs: BlobStore;
  readonly decider: JobDecider;
  readonly settings: Pick<Settings, 'PDF_TTL_DAYS' | 'XML_TTL_DAYS' | 'DELETE_XML_ON_FIRST_DOWNLOAD'>;
  readonly orphanAgeMs: number;
  readonly clock: Clock;
  readonly logger: Log;
  readonly metrics: RetentionMetrics;
  readonly processorId: string;
  readonly workerId: string;
}): RetentionRole {
  const { log, lease, blobs, clock, logger, metrics, workerId, orphanAgeMs } = parts;
  const policy = keepingPolicyOf(parts.settings);
  const decider = keepingDecider(parts.decider, policy);
  const stopping = new AbortController();
  let tending: Promise<void> = Promise.resolve();
  let isCutOff = false;
  let leads = false;

  const cleanupParts = (grant: RetentionGrant): CleanupParts => ({
    log,
    blobs,
    clock,
    logger,
    policy,
    decider,
    orphanAgeMs,
    dryRun: false,
    actor: `processor:${parts.processorId}`,
    tally: tallyCleanup((file) => metrics.removed(file), { dryRun: false }),
    marks: marksUnder(lease, grant, stopping.signal),
    pause: async () => {
      stopping.signal.throwIfAborted();
      await lease.keep(grant.epoch, null, null);
    },
  });

  const fullRun = async (grant: RetentionGrant): Promise<void> => {
    try {
      const report = await runCleanup(cleanupParts(grant));
      await lease.ran(grant.epoch);
      metrics.partials.inc(report.partials ?? 0);
      metrics.notUnderstood.set(report.notUnderstood);
      metrics.runs.inc({ outcome: 'done' });
      metrics.lastRun.set(clock.now() / 1000);
      logger.info({ ...report, epoch: grant.epoch.toString() }, 'retention has run');
    } catch (error) {
      if (!stopping.signal.aborted) metrics.runs.inc({ outcome: 'failed' });
      throw error;
    }
  };

  // When Postgres does not answer, the lease expires by itself.
  const giveBack = (): Promise<void> =>
    lease.drop(workerId).catch((error: unknown) => logger.debug({ err: error }, 'retention not given back'));

  const tend = async (): Promise<void> => {
    if (isCutOff) await requireStores(log, blobs);
    isCutOff = false;
    leads = false;
    const grant = await lease.hold(workerId);
    if (grant === null) return;
    try {
      if (grant.isDue) await fullRun(grant);
      else if (policy.deleteResultOnDownload) await runScan(cleanupParts(grant), 'downloads');
      leads = true;
    } catch (error) {
      isCutOff = error instanceof LogUnavailable || error instanceof BlobStoreUnavailable;
      if (isCutOff) await giveBack();
      throw error;
    }
  };
  return {
    tend: () => {
      if (stopping.signal.aborted) return Promise.resolve();
      tending = tend().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
      return tending;
    },
    pauseMs: () => (leads && !policy.deleteResultOnDownload ? LEADER_ASKED_EVERY_MS : ASKED_EVERY_MS),
    stop: async () => {
      stopping.abort(new Error('The processor is stopping.'));
      await Promise.allSettled([tending]);
      await giveBack();
    },
  };
}

/**
 * Throws when a store does not answer.
 * @throws LogUnavailable, BlobStoreUnavailable
 */
async function requireStores(log: EventLog, blobs: BlobStore): Promise<void> {
  await log.head();
  for await (const listing of blobs.list(PROBED_PREFIX)) return void listing;
}
