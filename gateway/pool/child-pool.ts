import { Refusal } from '../protocol/refusal.ts';
import type { GatewayLog } from '../log/gateway-log.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type { ChildMessage, ConverterOutcome, ParentMessage } from '../protocol/child-protocol.ts';
import {
  endSlot,
  giveLessPriority,
  isUp,
  newSlot,
  type Slot,
  type TaskRequest,
  type Waiting,
} from './child-slot.ts';
import { openParentWatch } from './end-with-parent.ts';
import type { PoolLimits } from './pool-limits.ts';
import { spawnChild } from './spawn-child.ts';
import { watchChild } from './watch-child.ts';

const RETRY_AFTER_SEC = 5;
/** A child that ended while it started is tried again at a measured pace, not in a tight loop. */
const START_AGAIN_AFTER_MS = 500;

/** Why children were ended, counted since the start. */
export interface PoolCounts {
  readonly killedForMemory: number;
  readonly killedForTime: number;
  readonly crashed: number;
  readonly recycled: number;
  /** Children started because another was busy with a slow document. */
  readonly standIns: number;
}

export interface PoolState {
  readonly children: number;
  /** Children that have come up: idle or busy. */
  readonly ready: number;
  readonly busy: number;
  readonly waiting: number;
  readonly counts: PoolCounts;
}

export interface ChildPool {
  /**
   * Converts one document, as soon as a child is up and free. Never rejects for what a document does; rejects with
   * `Refusal` `OVERLOADED`, `SHUTTING_DOWN`, or `INTERNAL` when no child can be started.
   */
  run(task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome>;
  state(): PoolState;
  /** Documents that begin from now on are read by these mappings of the operator, beside the shipped ones. */
  takeMappings(own: readonly Mapping[]): void;
  /** Resolves when the first child can take a document. Rejects when children end while they start, again and again. */
  ready(): Promise<void>;
  /** Lets running documents finish, turns waiting ones away, then ends every child. */
  close(drainMs: number): Promise<void>;
}

export function openPool(
  limits: PoolLimits,
  options: { readonly drawing: boolean; readonly ocr?: boolean; readonly mappings: readonly Mapping[] },
  log: GatewayLog,
): ChildPool {
  const slots = new Set<Slot>();
  const waiting: Waiting[] = [];
  const replacedAt: number[] = [];
  const counts = { killedForMemory: 0, killedForTime: 0, crashed: 0, recycled: 0, standIns: 0 };
  const readiness = Promise.withResolvers<void>();
  // Whoever does not wait for it hears of it from the log and from `run`.
  readiness.promise.catch(() => undefined);
  const parentWatch = openParentWatch(log);
  let mappings = options.mappings;
  let closing = false;
  let nextId = 1;
  /** Since a child last came up. */
  let failedStarts = 0;
  let everUp = false;
  let gaveUp: Refusal | null = null;

  function start(inPlaceOf?: Slot): void {
    if (closing || gaveUp) return;
    const heapMb = Math.floor((limits.residentBytesMax * 0.8) / 1024 / 1024);
    const child = spawnChild({ drawing: options.drawing, ocr: options.ocr ?? true, heapMb });
    const slot = newSlot(child, inPlaceOf);
    slots.add(slot);
    if (child.pid !== undefined) parentWatch.add(child.pid);
    const end = (why: string) => (): void => {
      log.warn({ why }, 'a starting converter child does not move on and is ended');
      child.kill('SIGKILL');
    };
    slot.unwatch = watchChild(child.pid, {
      cpuMsMax: limits.startCpuMsMax,
      stillMsMax: limits.startStillMsMax,
      onTooLong: end('too much processor time'),
      onStill: end('no processor time'),
    });
    child.on('message', (message) => onMessage(slot, message as ChildMessage));
    child.on('error', (error) => log.error({ err: error }, 'a converter child could not be reached'));
    child.once('exit', (code, signal) => onExit(slot, code, signal));
    tell(slot, { type: 'mappings', own: mappings });
  }

  function onMessage(slot: Slot, message: ChildMessage): void {
    if (message.type === 'ready') onReady(slot);
    else {
      const job = slot.current;
      if (!job || slot.verdict) return;
      slot.unwatch();
      slot.current = undefined;
      slot.documents += 1;
      slot.state = 'idle';
      job.resolve(message.outcome);
      if (slot.leaving) return letGo(slot);
      const isSpent = message.spent || slot.documents >= limits.documentsPerChildMax;
      if (isSpent && !slot.successorComes) recycle(slot);
    }
    dispatch();
  }

  function onReady(slot: Slot): void {
    slot.unwatch();
    slot.state = 'idle';
    everUp = true;
    failedStarts = 0;
    readiness.resolve();
    const old = slot.inPlaceOf;
    if (!old || !slots.has(old)) return;
    if (old.state === 'idle') letGo(old);
    else old.leaving = true;
  }

  /** The old child goes on until the new one is ready: on a starved machine that can take minutes. */
  function recycle(slot: Slot): void {
    counts.recycled += 1;
    slot.successorComes = true;
    start(slot);
  }

  function letGo(slot: Slot): void {
    slot.state = 'ended';
    slots.delete(slot);
    slot.child.kill('SIGKILL');
    dispatch();
  }

  function onExit(slot: Slot, code: number | null, signal: NodeJS.Signals | null): void {
    slot.unwatch();
    if (slot.child.pid !== undefined) parentWatch.remove(slot.child.pid);
    if (!slots.delete(slot) || closing) {
      slot.current?.reject(
        new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec: RETRY_AFTER_SEC }),
      );
      return;
    }
    const job = slot.current;
    const wasStarting = slot.state === 'starting';
    slot.state = 'ended';
    noteReplacement();
    if (!slot.verdict) {
      counts.crashed += 1;
      const fields = { exitCode: code, signal, starting: wasStarting };
      log.warn(fields, 'a converter child ended by itself and is replaced');
    }
    if (wasStarting) onFailedStart(slot, signal ?? `exit code ${code ?? 'unknown'}`);
    else if (slot.successorComes) log.info({}, 'a converter child that another stands in for has ended');
    else start();
    if (job) answerForEnded(job, slot, code, signal);
    dispatch();
  }

  function onFailedStart(slot: Slot, how: string): void {
    failedStarts += 1;
    if (everUp || failedStarts < limits.failedStartsMax) {
      // The timer keeps the process alive: whoever waits for a document waits for it.
      setTimeout(() => start(slot.inPlaceOf), START_AGAIN_AFTER_MS);
      return;
    }
    if (gaveUp) return;
    gaveUp = new Refusal('INTERNAL', `The converter cannot be started: it ends while it starts (${how}).`);
    log.error({ failedStarts, how }, 'converter children end while they start; no more are started');
    readiness.reject(gaveUp);
    for (const job of waiting.splice(0)) job.reject(gaveUp);
  }

  function answerForEnded(
    job: Waiting,
    slot: Slot,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    const { verdict } = slot;
    if (verdict && verdict !== 'again') job.resolve(verdict);
    else if (signal === 'SIGABRT' || code === 134)
      job.resolve(tooMuch('needs more memory than the gateway allows'));
    else if (!job.retried) {
      job.retried = true;
      waiting.unshift(job);
    } else if (verdict === 'again') job.resolve(tooMuch('made the converter stand still twice'));
    else
      job.resolve({
        ok: false,
        code: 'CONVERTER_CRASHED',
        message: 'The converter stopped twice while reading this file.',
      });
  }

  function dispatch(): void {
    for (const slot of slots) {
      if (slot.state !== 'idle') continue;
      const job = waiting.shift();
      if (!job) return;
      begin(slot, job);
    }
  }

  function begin(slot: Slot, job: Waiting): void {
    slot.state = 'busy';
    slot.current = job;
    const stop = (verdict: ConverterOutcome | 'again', count?: 'killedForTime' | 'killedForMemory') => () => {
      if (count) counts[count] += 1;
      slot.verdict ??= verdict;
      slot.child.kill('SIGKILL');
    };
    const seconds = Math.round(limits.documentCpuMsMax / 1000);
    slot.unwatch = watchChild(slot.child.pid, {
      cpuMsMax: limits.documentCpuMsMax,
      stillMsMax: limits.documentStillMsMax,
      onTooLong: stop(tooMuch(`takes longer than ${seconds} seconds to read`), 'killedForTime'),
      onStill: stop('again', 'killedForTime'),
      memory: {
        bytesMax: limits.residentBytesMax,
        onTooMuch: stop(tooMuch('needs more memory than the gateway allows'), 'killedForMemory'),
      },
      slow: { afterCpuMs: limits.slowAfterCpuMs, onSlow: () => stepBack(slot) },
    });
    const task = { ...job.task, id: nextId++, madeAt: new Date().toISOString() };
    tell(slot, { type: 'task', task });
  }

  function tell({ child }: Slot, message: ParentMessage): void {
    child.send(message, (error) => {
      // The exit handler answers for a child that is gone; this only makes sure that it does go.
      if (error) child.kill('SIGKILL');
    });
  }

  function takeMappings(own: readonly Mapping[]): void {
    mappings = own;
    for (const slot of slots) if (slot.state !== 'ended') tell(slot, { type: 'mappings', own });
  }

  /**
   * A slow document keeps its child but takes nothing from the quick ones: it gets less of the processor, and another
   * child stands in for its own, which is let go when the document is done.
   */
  function stepBack(slot: Slot): void {
    slot.documents = limits.documentsPerChildMax;
    giveLessPriority(slot, log);
    const places = limits.children + limits.standInsMax;
    if (closing || slot.successorComes || slots.size >= places) return;
    slot.successorComes = true;
    counts.standIns += 1;
    start(slot);
  }

  function noteReplacement(): void {
    const now = Date.now();
    replacedAt.push(now);
    while ((replacedAt[0] ?? now) < now - 60_000) replacedAt.shift();
  }

  /** Why a document is not taken now, or null. */
  function refusal(): Refusal | null {
    if (closing)
      return new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec: RETRY_AFTER_SEC });
    if (gaveUp) return gaveUp;
    const recent = replacedAt.filter((at) => at > Date.now() - 60_000).length;
    if (recent > limits.replacementsPerMinuteMax)
      return new Refusal('OVERLOADED', 'Converters had to be replaced too often; try again later.', {
        retryAfterSec: 15,
      });
    if (waiting.length >= limits.waitingMax)
      return new Refusal('OVERLOADED', 'Too many documents are waiting; try again later.', {
        retryAfterSec: RETRY_AFTER_SEC,
      });
    return null;
  }

  function run(task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome> {
    const refused = refusal();
    if (refused) return Promise.reject(refused);
    return new Promise((resolve, reject) => {
      const job: Waiting = { task, resolve, reject, retried: false };
      signal?.addEventListener('abort', () => {
        const place = waiting.indexOf(job);
        if (place < 0) return;
        waiting.splice(place, 1);
        reject(new Refusal('BAD_REQUEST', 'The caller went away.'));
      });
      waiting.push(job);
      dispatch();
    });
  }

  async function close(drainMs: number): Promise<void> {
    for (const job of waiting.splice(0))
      job.reject(
        new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec: RETRY_AFTER_SEC }),
      );
    const until = Date.now() + drainMs;
    while ([...slots].some((slot) => slot.state === 'busy') && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    closing = true;
    await Promise.all([...slots].map((slot) => endSlot(slot)));
    parentWatch.close();
  }

  for (let i = 0; i < limits.children; i += 1) start();
  return {
    run,
    state: () => ({
      children: slots.size,
      ready: [...slots].filter(isUp).length,
      busy: [...slots].filter((slot) => slot.state === 'busy').length,
      waiting: waiting.length,
      counts: { ...counts },
    }),
    ready: () => readiness.promise,
    takeMappings,
    close,
  };
}

function tooMuch(what: string): ConverterOutcome {
  return { ok: false, code: 'PDF_LIMIT', message: `The file ${what}.` };
}
