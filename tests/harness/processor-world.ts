import { randomUUID } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { newSourceKey } from '../../blob-store/blob-key.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { jobDecider } from '../../conversion-job/decider.ts';
import type { Job } from '../../conversion-job/job.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand, loadStream } from '../../event-store/handle-command.ts';
import { startProcessor, type ProcessorParts } from '../../processor/start-processor.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { startTestEventStore, type TestEventStore } from './event-store.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';
import { startScriptedGateway, type ScriptedGateway } from './scripted-gateway.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const MAPPING = { id: 'pt_simon_invoice_v1', version: 1 };

/** All time limits are about thirty times as short as in production. */
export const FAST: Record<string, string> = {
  LOG_LEVEL: 'silent',
  NODE_ENV: 'test',
  GATEWAY_TIMEOUT_MS: '1000',
  WORKER_TIMEOUT_MS: '2000',
  WORKER_LEASE_TTL_SEC: '5',
  JOB_TIMEOUT_SEC: '60',
  RETRY_BACKOFF_MS: '100',
  RETRY_BACKOFF_MAX_MS: '400',
  PROCESSOR_BEAT_MS: '100',
  PROCESSOR_SILENT_MS: '1000',
  BREAKER_FAILURES: '1000',
  BREAKER_RESET_MS: '300',
};

const decider = jobDecider({ maxAttempts: 3, backoffMs: 100, backoffMaxMs: 400, jobTimeoutMs: 60_000 });

/**
 * The parts around processors, all of them real: event store, Postgres, a folder of blobs, and a gateway with a
 * script.
 */
export interface ProcessorWorld {
  readonly eventStore: TestEventStore;
  readonly postgres: TestPostgres;
  readonly gateway: ScriptedGateway;
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly blobs: BlobStore;
  readonly blobDir: string;
  /** Starts a processor in this process. */
  start(settings?: Record<string, string>, parts?: Partial<ProcessorParts>): Promise<StartedProcessor>;
  /** Starts a processor in a separate process, and waits until it is ready. */
  spawn(processorId: string, settings?: Record<string, string>): Promise<ChildProcess>;
  upload(owner?: string, priority?: number): Promise<string>;
  command(jobId: string, command: JobCommand): Promise<void>;
  job(jobId: string): Promise<Job>;
  /** Types of the job's events, with the code or cause of each. */
  history(jobId: string): Promise<string[]>;
  /** Waits until the job is in one of the states. */
  until(jobId: string, states: readonly Job['state'][], withinMs?: number): Promise<Job>;
  resultKeys(): Promise<string[]>;
  /** Ends every processor that still runs, then the other parts. */
  stop(): Promise<void>;
}

export interface StartedProcessor {
  readonly service: Service;
  readonly metrics: Metrics;
}

export async function startProcessorWorld(): Promise<ProcessorWorld> {
  const [eventStore, postgres, gateway, blobDir] = await Promise.all([
    startTestEventStore(),
    startTestPostgres(),
    startScriptedGateway(),
    mkdtemp(join(tmpdir(), 'docket-processor-blobs-')),
  ]);
  const logger = createLog('test', 'silent');
  const log = connectEventLog({
    connectionString: eventStore.connectionString,
    timeoutMs: 2_000,
    log: logger,
  });
  const store = openReadStore({ url: postgres.url, poolMax: 10, timeoutMs: 5_000, log: logger });
  const blobs = await openFilesystemBlobStore({ directory: blobDir });
  const services: Service[] = [];
  const children: ChildProcess[] = [];
  const environment = (settings: Record<string, string>) => ({
    ...FAST,
    EVENTSTORE_URL: eventStore.connectionString,
    DATABASE_URL: postgres.url,
    GATEWAY_URL: gateway.url,
    BLOB_DIR: blobDir,
    ...settings,
  });
  const job = async (jobId: string) => (await loadStream(log, decider, jobStream(jobId))).state;

  return {
    eventStore,
    postgres,
    gateway,
    log,
    store,
    blobs,
    blobDir,
    job,
    start: async (settings = {}, parts = {}) => {
      const metrics = createMetrics({ defaults: false });
      const service = await startProcessor({
        log,
        store,
        blobs,
        logger,
        metrics,
        clock: systemClock,
        random: Math.random,
        settings: loadSettings(environment(settings)),
        processorId: `p${services.length}`,
        ...parts,
      });
      services.push(service);
      await eventually(() => Promise.resolve(service.readiness().ready), 10_000, 'the processor is ready');
      return { service, metrics };
    },
    spawn: async (processorId, settings = {}) => {
      const child = fork(join(import.meta.dirname, 'processor-process.ts'), [], {
        env: { ...process.env, NODE_OPTIONS: '', ...environment(settings), PROCESSOR_ID: processorId },
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      await new Promise<void>((resolve, reject) => {
        child.once('message', () => resolve());
        child.once('exit', (code) => reject(new Error(`the processor ended with ${code ?? 'a signal'}`)));
      });
      return child;
    },
    upload: (owner = 'owner', priority = 0) => upload(log, blobs, owner, priority),
    command: async (jobId, command) => {
      const context = { commandId: randomUUID(), correlationId: randomUUID(), actor: 'operator' };
      const handled = await handleCommand(log, decider, jobStream(jobId), command, context);
      if (handled.outcome === 'refused') throw new Error(handled.refusal.rule);
    },
    history: async (jobId) => {
      const types: string[] = [];
      for await (const { type, data } of log.readStream(jobStream(jobId))) {
        const { code, cause } = data as { code?: string; cause?: string };
        types.push([type, code ?? cause].filter(Boolean).join(' '));
      }
      return types;
    },
    until: async (jobId, states, withinMs = 15_000) => {
      await eventually(
        async () => states.includes((await job(jobId)).state),
        withinMs,
        `job ${jobId} is ${states.join(' or ')}`,
      );
      return job(jobId);
    },
    resultKeys: async () => {
      const keys: string[] = [];
      for await (const { key } of blobs.list('results/')) keys.push(key);
      return keys;
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(services.map((service) => service.stop(500)));
      await Promise.all([log.close(), store.close()]);
      await Promise.all([eventStore.stop(), postgres.stop(), gateway.stop()]);
      await rm(blobDir, { recursive: true, force: true });
    },
  };
}

async function upload(log: EventLog, blobs: BlobStore, owner: string, priority: number): Promise<string> {
  const pdf = Buffer.from(`%PDF-1.7\n% ${randomUUID()}\n%%EOF\n`);
  const sha256 = sha256Of(pdf);
  const jobId = jobIdOf(owner, MAPPING, sha256);
  const blobKey = newSourceKey();
  await blobs.put(blobKey, Readable.from([pdf]), { maxBytes: 1_000 });
  const at = new Date().toISOString();
  const document = { jobId, owner, filename: 'invoice.pdf', bytes: pdf.length, sha256, blobKey };
  const command = { type: 'UploadDocument', at, ...document, mapping: MAPPING, priority } as const;
  const context = { commandId: randomUUID(), correlationId: randomUUID(), actor: `owner:${owner}` };
  await handleCommand(log, decider, jobStream(jobId), command, context);
  return jobId;
}

/**
 * Polls until the condition holds.
 * @throws after `withinMs`
 */
export async function eventually(
  isSo: () => Promise<boolean>,
  withinMs: number,
  claim: string,
): Promise<void> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) throw new Error(`Not so within ${withinMs} ms: ${claim}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
