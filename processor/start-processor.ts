import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { jobDecider } from '../conversion-job/decider.ts';
import { retryPolicyOf } from '../conversion-job/retry-policy.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { migrate } from '../read-store/migrate.ts';
import { migrateReadTables } from '../read-tables/migrate.ts';
import type { ReadStore } from '../read-store/pool.ts';
import type { Clock } from '../runtime/clock.ts';
import { checkCrashPoint } from '../runtime/crash-points.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { type Service, waitingList, type WaitingNow } from '../runtime/service.ts';
import { SettingsRefused } from '../runtime/settings/settings.ts';
import { untilTick } from '../runtime/process-tick.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { AttemptCut, runAttempt } from './attempts/attempt.ts';
import { cutAll, startClaimLoop, type ClaimLoop } from './attempts/claim-loop.ts';
import { gatewayConverter, type Convert } from './attempts/converter.ts';
import { feederRole, type FeederRole } from './feeder/feeder-role.ts';
import { gatewayClient } from './gateway-call/gateway-client.ts';
import { gatewayGate } from './circuit-breaker/gateway-gate.ts';
import { gatewayRecorder } from './circuit-breaker/gateway-recorder.ts';
import { jobCommands } from './job-stream/job-commands.ts';
import { lastAttempts } from './attempts/last-attempts.ts';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from './migrations/all.ts';
import { watchLog, type LogWatch } from './log-watch.ts';
import { openWorkNotices } from './work-list/work-notices.ts';
import { ownLeaseWatch } from './leases/own-leases.ts';
import { quietPauses } from './leases/quiet-pauses.ts';
import { processorMetrics } from './attempts/processor-metrics.ts';
import { repeat, type Repeating } from './repeating.ts';
import { ORPHAN_AGE_MS } from './retention/orphans.ts';
import { retentionLease } from './retention/retention-lease.ts';
import { retentionMetrics } from './retention/retention-metrics.ts';
import { retentionRole } from './retention/retention-role.ts';
import { stopInOrder } from './stop-in-order.ts';
import { abandon } from './leases/sweeper.ts';
import { keepTroubles, tellTroubles } from './task-troubles.ts';
import { postgresWorkList } from './work-list/postgres-work-list.ts';
import { startWorkPoll } from './work-poll.ts';

/**
 * The middle of the random range. The tasks of this process begin together on its ticks. Processors start at
 * different times, which spreads their tasks.
 */
const evenly = (): number => 0.5;
const WORK_LIST_MISSING: WaitingNow = {
  dependency: 'work list',
  why: 'The processor has not registered in the work list yet.',
};
const ID_TAKEN: WaitingNow = {
  dependency: 'PROCESSOR_ID',
  why: 'Another processor runs under this id. Each processor needs its own id.',
  final: true,
};

export interface ProcessorParts {
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly blobs: BlobStore;
  readonly settings: Settings;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Returns a random number, uniform in [0, 1). */
  readonly random: () => number;
  /**
   * The name of the processor: the same after a restart, different from every other processor, at most 80 characters.
   */
  readonly processorId: string;
  /** Converts a document to a result; by default the gateway at GATEWAY_URL. */
  readonly convert?: Convert;
}

/**
 * Starts a processor, which follows the log, claims jobs, converts them and appends every outcome. Resolves at once;
 * its readiness names the dependencies that it still waits for.
 *
 * @throws SettingsRefused
 */
export async function startProcessor(parts: ProcessorParts): Promise<Service> {
  const { log, store, settings, clock, random, processorId, logger } = parts;
  checkCrashPoint(process.env, settings.NODE_ENV);
  // Each start has its own random suffix, so a restart recognises the leases of earlier starts.
  const workerId = `${processorId}.${randomBytes(4).toString('hex')}`;
  const metrics = processorMetrics(parts.metrics);
  const decider = jobDecider(retryPolicyOf(settings));
  const list = postgresWorkList(store);
  const actor = `processor:${processorId}`;
  const commands = jobCommands(log, decider, actor);
  const chances = lastAttempts(settings.RETRY_MAX_ATTEMPTS);
  const shared = { list, commands, settings, clock, random, metrics, logger, workerId };

  const recorder = gatewayRecorder({ log, processorId, workerId, clock, logger });
  const gateway = gatewayParts(parts, {
    onPaused: (failures, lastCode) => {
      logger.warn({ failures, lastCode }, 'the gateway is failing: no more jobs are claimed');
      recorder.paused(failures, lastCode);
    },
    onResumed: (pausedMs) => {
      logger.info({ pausedMs }, 'the gateway answers again');
      recorder.resumed(pausedMs);
    },
    onRoom: () => loop.wake(),
  });
  let watch: LogWatch | null = null;
  let begun = 0;
  const troubles = new Map<string, WaitingNow>();
  const sinceNoted = waitingList(() => clock.now());
  const troubled = (task: string) => keepTroubles(troubles, task, logger);
  const mayClaim = (): boolean => ready && !superseded && watch?.isSure() === true;
  // Permits are for conversions that begin now. Permits for jobs that are claimed in advance would later cause a
  // burst.
  const aheadMax = settings.GATEWAY_MAX_RATE === undefined ? settings.CLAIM_AHEAD_MAX : 0;
  const loop: ClaimLoop = startClaimLoop({
    list,
    workerId,
    logger,
    room: (running) => {
      metrics.setGate(gateway.gate.state());
      metrics.overdue.set(gateway.gate.overdue());
      metrics.running.set(running);
      return mayClaim() ? gateway.gate.room(running) : 0;
    },
    aheadMax: () => (mayClaim() && gateway.gate.state() === 'closed' ? aheadMax : 0),
    maxRate: settings.GATEWAY_MAX_RATE,
    run: (item, attempt) => {
      begun += 1;
      if (quiet.end()) for (const task of tasks) task.hurry();
      const own = jobCommands(watch?.forAttempt() ?? log, decider, actor);
      const attempted = runAttempt(
        { ...shared, commands: own, lastAttempts: chances, blobs: parts.blobs, convert: gateway.convert },
        item,
        attempt.cut.signal,
        (token) => {
          attempt.fencingToken = token;
        },
      );
      return attempted.catch(unlessCut);
    },
    onTrouble: troubled('claims'),
  });
  const hurryList = (): void => {
    for (const task of listTasks) task.hurry();
  };
  /** Called when a job has entered the list. */
  const onListed = (): void => {
    loop.wake();
    hurryList();
  };
  const notices = openWorkNotices(store, onListed, logger);
  const feeder: FeederRole = feederRole({
    ...shared,
    log,
    processorId,
    isBacklogged: () => loop.isBacklogged(),
    beginAtOnce: (item) => loop.beginAtOnce(item),
    onOffered: () => {
      onListed();
      notices.send();
    },
    onFirstRow: hurryList,
    onHeld: (held) => {
      for (const { recorded, reason } of held) {
        metrics.quarantinedEvents.inc({ projection: 'work-list' });
        const { stream, revision, type } = recorded;
        logger.error(
          { stream, revision: revision.toString(), type, reason },
          'an event could not be applied; its job is held in quarantine',
        );
      }
    },
  });
  const ownLeases = ownLeaseWatch({
    list,
    commands,
    workerId,
    running: () => loop.running(),
    begun: () => begun,
    abandon: (lease) => abandon(shared, lease),
    settledAfterMs: settings.PROCESSOR_BEAT_MS * 2,
  });
  const quiet = quietPauses(settings.PROCESSOR_BEAT_MS, ownLeases.isQuiet);
  const retention = retentionRole({
    log,
    settings,
    clock,
    logger,
    decider,
    processorId,
    workerId,
    blobs: parts.blobs,
    lease: retentionLease(store, settings.PROCESSOR_SILENT_MS),
    orphanAgeMs: ORPHAN_AGE_MS,
    metrics: retentionMetrics(parts.metrics),
  });

  let ready = false;
  let superseded = false;
  let stopping = false;
  let beatingSinceMs = 0;
  const prepare = async (): Promise<void> => {
    // The processor and the projector share the quarantine table. The first service that starts creates the table.
    await migrateReadTables(store.url);
    await migrate({ url: store.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
    await list.enlist(processorId, workerId);
    // A task that starts after `stop` would never end.
    if (stopping) return;
    beatingSinceMs = performance.now();
    ready = true;
    watch = watchLog({
      log,
      list,
      logger,
      onSure: () => loop.wake(),
      onOtherLog: () => cutAll(loop, 'lease-lost'),
    });
    recorder.closeEarlierPause();
    startTending();
    loop.wake();
  };
  const beat = async (): Promise<void> => {
    if (!ready) return prepare();
    if (await list.beat(processorId, workerId, quiet.restMs())) return;
    if (!superseded) logger.error('another processor runs under this id, so this one makes no more claims');
    superseded = true;
  };
  const beatTrouble = troubled('beat');
  const tasks: Repeating[] = [
    repeat(
      () => untilTick(quiet.beatPauseMs()),
      evenly,
      beat,
      (error) => {
        if (error !== null) {
          beatingSinceMs = performance.now();
          quiet.end();
        }
        beatTrouble(error);
      },
    ),
  ];
  /** These tasks pause for longer while the list is empty. */
  const listTasks: Repeating[] = [];
  // This task is separate from the heartbeat, so that a slow log does not make this processor look silent.
  const startTending = (): void => {
    const tendEveryMs = Math.min(settings.PROCESSOR_BEAT_MS, 1_000);
    const trusted = (): boolean => performance.now() - beatingSinceMs > 2 * settings.PROCESSOR_BEAT_MS;
    listTasks.push(
      repeat(
        () => untilTick(feeder.pauseMs(tendEveryMs)),
        evenly,
        () => feeder.tend(trusted()),
        troubled('work list'),
      ),
      startWorkPoll({
        list,
        silentMs: settings.PROCESSOR_SILENT_MS,
        random: evenly,
        aligned: untilTick,
        noticesArrive: () => notices.noticesArrive(),
        onWork: () => loop.wake(),
        onTrouble: troubled('poll'),
      }),
    );
    tasks.push(
      ...listTasks,
      repeat(() => untilTick(quiet.lookPauseMs()), evenly, ownLeases.look, troubled('own leases')),
      // A processor that cannot clean up still converts, so a failure of retention does not change its readiness.
      repeat(
        () => untilTick(retention.pauseMs()),
        evenly,
        () => retention.tend(),
        tellTroubles(logger, 'a run of retention failed'),
      ),
    );
  };

  return {
    name: 'processor',
    readiness: () => {
      const waiting = [...troubles.values()];
      if (!ready && waiting.length === 0) waiting.push(WORK_LIST_MISSING);
      if (superseded) waiting.push(ID_TAKEN);
      const trouble = feeder.trouble();
      if (trouble !== null) waiting.push(trouble);
      return { ready: ready && waiting.length === 0, waitingFor: sinceNoted(waiting) };
    },
    stop: async (graceMs) => {
      stopping = true;
      const leave = (): Promise<void> => list.leave(workerId);
      const running = { loop, tasks, notices, feeder, recorder, retention };
      await stopInOrder({ ...running, graceMs, logger, leave }).finally(gateway.close);
      await watch?.stop();
    },
  };
}

/** An attempt whose log was replaced ends without an outcome. This end is not an error of the claim loop. */
function unlessCut(error: unknown): void {
  if (!(error instanceof AttemptCut)) throw error;
}

type GateEvents = Parameters<typeof gatewayGate>[0]['events'];

/**
 * Makes the converter and the gate.
 * @throws SettingsRefused when there is neither a gateway nor a converter
 */
function gatewayParts(parts: ProcessorParts, events: GateEvents) {
  const { settings, blobs, logger } = parts;
  const url = settings.GATEWAY_URL;
  if (url === undefined && parts.convert === undefined)
    throw new SettingsRefused(['GATEWAY_URL: a processor needs the address of a gateway']);
  const client =
    url === undefined
      ? null
      : gatewayClient({
          url,
          token: settings.GATEWAY_TOKEN,
          timeoutMs: settings.GATEWAY_TIMEOUT_MS,
          connectionsMax: settings.WORKER_CONCURRENCY,
        });
  const healthy = (): Promise<boolean> => client?.healthy() ?? Promise.resolve(true);
  const gate = gatewayGate({ settings, events, healthy, now: () => performance.now() });
  const convert = parts.convert ?? (client && gatewayConverter({ client, gate, blobs, logger }));
  if (convert === null)
    throw new SettingsRefused(['GATEWAY_URL: a processor needs the address of a gateway']);
  const close = (): void => {
    gate.stop();
    client?.close();
  };
  return { gate, convert, close };
}
