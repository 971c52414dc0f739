import { AttemptCut, runAttempt } from '../../processor/attempts/attempt.ts';
import { cutAll, startClaimLoop } from '../../processor/attempts/claim-loop.ts';
import { gatewayConverter } from '../../processor/attempts/converter.ts';
import { feederRole } from '../../processor/feeder/feeder-role.ts';
import { gatewayGate } from '../../processor/circuit-breaker/gateway-gate.ts';
import { jobCommands } from '../../processor/job-stream/job-commands.ts';
import { lastAttempts } from '../../processor/attempts/last-attempts.ts';
import { watchLog, type LogWatch } from '../../processor/log-watch.ts';
import { ownLeaseWatch } from '../../processor/leases/own-leases.ts';
import { quietPauses } from '../../processor/leases/quiet-pauses.ts';
import { repeat, type Repeating } from '../../processor/repeating.ts';
import { abandon } from '../../processor/leases/sweeper.ts';
import type { WorkList } from '../../processor/work-list/work-list.ts';
import { startWorkPoll } from '../../processor/work-poll.ts';
import type { Life, World } from '../engine/world.ts';
import { idleMetrics, SETTINGS, silentLog, type Installation } from '../installation.ts';
import { simulatedBlobs } from '../ports/blob-store.ts';
import { simulatedLog } from '../ports/event-log.ts';
import { simulatedGateway } from '../ports/gateway.ts';
import { simulatedWorkList } from '../ports/work-list.ts';

/** The simulation delivers no notices of other processors. So only polls find the jobs that a notice would announce. */
const POLL_PAUSES = { busyMs: 1_000, idleMs: 3_000 };
/**
 * These values differ from the product's. With the slow simulated gateway, the loop often claims in advance, and
 * claims expire while a process is frozen.
 */
const HOLDING = { reserveMs: 4_000, aheadMs: 5_000, holdMs: 1_000 };
const CLAIM_AHEAD_MAX = 3;

/**
 * Starts a processor as `startProcessor` builds it, on simulated ports. Claim loop, attempt, converter, circuit
 * breaker, feeder and sweeper are the product's own code.
 */
export function bootProcessor(installation: Installation, life: Life, processorId: string): void {
  const { world, composition, decider } = installation;
  const { random } = world;
  const workerId = `${processorId}.${random.hex(8)}`;
  const log = composition.log(simulatedLog(world, life, installation.log, composition.createRing), random);
  const claims = watchClaims(
    world,
    composition.workList(simulatedWorkList(world, life, installation.workList), installation.workList),
  );
  const { list } = claims;
  const blobs = simulatedBlobs(world, life, installation.blobs);
  const actor = `processor:${processorId}`;
  const commands = composition.commands(jobCommands(log, decider, actor));
  const troubled = (what: string) => (error: unknown) => {
    if (error !== null)
      world.trace.say(
        life.name,
        () => `${what}: ${error instanceof Error ? error.message.slice(0, 120) : 'failed'}`,
      );
  };
  const gate = gatewayGate({
    settings: SETTINGS,
    healthy: () => Promise.resolve(true),
    now: () => performance.now(),
    events: {
      onPaused: () => world.trace.say(life.name, () => 'the circuit breaker opens'),
      onResumed: () => world.trace.say(life.name, () => 'the circuit breaker closes'),
      onRoom: () => loop.wake(),
    },
  });
  const client = simulatedGateway(world, life, installation.gateway, SETTINGS.GATEWAY_TIMEOUT_MS);
  const convert = composition.convert(
    gatewayConverter({ client, gate, blobs, logger: silentLog }),
    blobs,
    random,
  );
  const parts = {
    list,
    commands,
    workerId,
    convert,
    blobs,
    settings: SETTINGS,
    clock: life.clock,
    lastAttempts: lastAttempts(SETTINGS.RETRY_MAX_ATTEMPTS),
    random: () => random.next(),
    metrics: idleMetrics,
    logger: silentLog,
  };
  let ready = false;
  let superseded = false;
  let beatingSinceMs = 0;
  let watch: LogWatch | null = null;
  let begun = 0;
  const mayClaim = (): boolean => ready && !superseded && watch?.isSure() === true;
  const loop = startClaimLoop({
    list,
    workerId,
    logger: silentLog,
    maxRate: undefined,
    onTrouble: troubled('claims'),
    room: (running) => (mayClaim() ? gate.room(running) : 0),
    aheadMax: () => (mayClaim() && gate.state() === 'closed' ? CLAIM_AHEAD_MAX : 0),
    holding: HOLDING,
    createAhead: composition.createAhead,
    run: (item, attempt) => {
      claims.begun(item.jobId);
      begun += 1;
      if (quiet.end()) for (const task of [beating, ...listTasks]) task.hurry();
      const own = composition.commands(jobCommands(watch?.forAttempt() ?? log, decider, actor));
      return runAttempt({ ...parts, commands: own }, item, attempt.cut.signal, (token) => {
        attempt.fencingToken = token;
      }).catch((error: unknown) => {
        if (!(error instanceof AttemptCut)) throw error;
      });
    },
  });
  const listTasks: Repeating[] = [];
  const hurryList = (): void => {
    for (const task of listTasks) task.hurry();
  };
  const feeder = feederRole({
    ...parts,
    log,
    processorId,
    isBacklogged: () => loop.isBacklogged(),
    beginAtOnce: (item) => {
      claims.reserved(item.jobId);
      return loop.beginAtOnce(item);
    },
    onOffered: () => {
      loop.wake();
      hurryList();
    },
    onFirstRow: hurryList,
    onHeld: (held) => {
      for (const { recorded } of held)
        world.trace.say(life.name, () => `holds ${recorded.stream} at event ${recorded.revision}`);
    },
  });
  const ownLeases = ownLeaseWatch({
    list,
    commands,
    workerId,
    running: () => loop.running(),
    begun: () => begun,
    abandon: (lease) => abandon(parts, lease),
    settledAfterMs: SETTINGS.PROCESSOR_BEAT_MS * 2,
  });
  const quiet = quietPauses(SETTINGS.PROCESSOR_BEAT_MS, ownLeases.isQuiet);
  const trusted = (): boolean => performance.now() - beatingSinceMs > 2 * SETTINGS.PROCESSOR_BEAT_MS;
  const startTending = (): void => {
    listTasks.push(
      repeat(quiet.lookPauseMs, parts.random, ownLeases.look, troubled('own leases')),
      repeat(
        () => feeder.pauseMs(SETTINGS.PROCESSOR_BEAT_MS),
        parts.random,
        () => feeder.tend(trusted()),
        troubled('work list'),
      ),
      startWorkPoll({
        list,
        silentMs: SETTINGS.PROCESSOR_SILENT_MS,
        random: parts.random,
        noticesArrive: () => true,
        onWork: () => loop.wake(),
        onTrouble: troubled('poll'),
        pauses: POLL_PAUSES,
      }),
    );
  };
  const beat = async (): Promise<void> => {
    if (ready) {
      superseded = !(await list.beat(processorId, workerId, quiet.restMs())) || superseded;
      return;
    }
    await list.enlist(processorId, workerId);
    ready = true;
    beatingSinceMs = performance.now();
    watch = watchLog({
      log,
      list,
      logger: silentLog,
      onSure: () => loop.wake(),
      onOtherLog: () => cutAll(loop, 'lease-lost'),
    });
    startTending();
    loop.wake();
  };
  const beating = repeat(quiet.beatPauseMs, parts.random, beat, (error) => {
    if (error !== null) {
      beatingSinceMs = performance.now();
      quiet.end();
    }
    troubled('beat')(error);
  });
}

/**
 * Records when each reservation was made, and reports a broken promise if a claim begins after its reservation may have
 * lapsed.
 */
function watchClaims(
  world: World,
  list: WorkList,
): {
  list: WorkList;
  reserved: (jobId: string) => void;
  begun: (jobId: string) => void;
} {
  const askedAtMs = new Map<string, number>();
  return {
    list: {
      ...list,
      claim: async (workerId, max, reserveMs) => {
        const asked = world.nowMs();
        const items = await list.claim(workerId, max, reserveMs);
        for (const { jobId } of items) askedAtMs.set(jobId, asked);
        return items;
      },
    },
    reserved: (jobId) => void askedAtMs.set(jobId, world.nowMs()),
    begun: (jobId) => {
      const heldMs = world.nowMs() - (askedAtMs.get(jobId) ?? -Infinity);
      if (heldMs >= HOLDING.reserveMs)
        world.broken('3 leases', `${jobId} was begun ${Math.round(heldMs)} ms after it was reserved`);
    },
  };
}
