import { jobDecider, type JobDecider } from '../conversion-job/decider.ts';
import { processorMetrics } from '../processor/attempts/processor-metrics.ts';
import { createLog } from '../runtime/log/log.ts';
import { createMetrics } from '../runtime/metrics/metrics.ts';
import type { Composition } from './composition.ts';
import type { World } from './engine/world.ts';
import type { BlobServer } from './ports/blob-server.ts';
import type { GatewayServer } from './ports/gateway.ts';
import type { LogServer } from './ports/log-server.ts';
import type { RetentionServer } from './ports/retention-lease.ts';
import type { TableServer } from './ports/table-server.ts';
import type { WorkListServer } from './ports/work-list-server.ts';

/** The parts of one simulated installation: the world, and the servers that its processes reach over the network. */
export interface Installation {
  readonly world: World;
  readonly composition: Composition;
  readonly decider: JobDecider;
  readonly log: LogServer;
  readonly blobs: BlobServer;
  readonly workList: WorkListServer;
  readonly retention: RetentionServer;
  readonly tables: TableServer;
  readonly gateway: GatewayServer;
  /** Number of downloads per job of which the server sent the last byte. */
  readonly downloads: Map<string, number>;
}

/**
 * The settings of a simulated installation. They are the product's settings with shorter times, so that leases end
 * many times in a run.
 */
export const SETTINGS = {
  WORKER_CONCURRENCY: 2,
  GATEWAY_TIMEOUT_MS: 1_500,
  WORKER_TIMEOUT_MS: 3_000,
  WORKER_LEASE_TTL_SEC: 5,
  JOB_TIMEOUT_SEC: 20,
  RETRY_MAX_ATTEMPTS: 3,
  RETRY_BACKOFF_MS: 200,
  RETRY_BACKOFF_MAX_MS: 2_000,
  PROCESSOR_BEAT_MS: 1_000,
  PROCESSOR_SILENT_MS: 3_000,
  BREAKER_OPEN_MODE: 'queue',
  BREAKER_FAILURES: 5,
  BREAKER_RESET_MS: 1_000,
} as const;

export const RETRY_POLICY = {
  maxAttempts: SETTINGS.RETRY_MAX_ATTEMPTS,
  backoffMs: SETTINGS.RETRY_BACKOFF_MS,
  backoffMaxMs: SETTINGS.RETRY_BACKOFF_MAX_MS,
  jobTimeoutMs: SETTINGS.JOB_TIMEOUT_SEC * 1_000,
} as const;

export const MAPPING = { id: 'pt_simon_invoice_v1', version: 1 } as const;

/** The decider of the installation, which a mutant may replace. Promises are checked against the faithful decider. */
export function deciderOf(composition: Composition): JobDecider {
  return composition.decider(jobDecider(RETRY_POLICY));
}

/** Drops metrics and log lines, because the trace shows what happened. */
export const silentLog = createLog('simulation', 'silent');
export const idleMetrics = processorMetrics(createMetrics({ defaults: false }));
