import { constants, setPriority } from 'node:os';
import { Refusal } from '../refusal.ts';
import type { ChildMessage, ConverterOutcome, ConverterTask } from './child-protocol.ts';
import { residentBytes } from './memory.ts';
import { spawnChild } from './spawn-child.ts';
import type { ChildProcess } from 'node:child_process';
import type { GatewayLog } from '../log.ts';

/** Bounds of the pool. Every one has a default in `DEFAULT_POOL_LIMITS`. */
export interface PoolLimits {
  readonly children: number;
  /** Documents that may wait for a free child; the next one is told to come back later. */
  readonly waitingMax: number;
  /** Wall clock for one document in its child. */
  readonly documentTimeoutMs: number;
  readonly residentBytesMax: number;
  /** A child is replaced after this many documents, so that a slow leak never matters. */
  readonly documentsPerChildMax: number;
  readonly startTimeoutMs: number;
  /** A document still running after this is slow: it gets less of the processor, and another child takes its place. */
  readonly slowAfterMs: number;
  /** Children beside `children` that stand in for ones busy with a slow document. Memory: as many times `residentBytesMax`. */
  readonly standInsMax: number;
  /** More unplanned replacements than this in a minute and new documents are turned away for a while. */
  readonly replacementsPerMinuteMax: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  children: 2,
  waitingMax: 64,
  documentTimeoutMs: 20_000,
  residentBytesMax: 700 * 1024 * 1024,
  documentsPerChildMax: 200,
  startTimeoutMs: 15_000,
  slowAfterMs: 1500,
  standInsMax: 2,
  replacementsPerMinuteMax: 60,
};

/** How often a busy child's memory is looked at. */
const memoryCheckEveryMs = 50;
const retryAfterSec = 5;

export type TaskRequest = Omit<ConverterTask, 'id'>;

/** Why children were ended, counted since the start. */
export interface PoolCounts {
  readonly killedForMemory: number;
  readonly killedForTime: number;
  readonly crashed: number;
  readonly recycled: number;
  /** Children started because another was busy with a slow document. */
  readonly standIns: number;
}

export interface ChildPool {
  /** Converts one document. Never rejects for what a document does; rejects with `Refusal` `OVERLOADED` or `SHUTTING_DOWN`. */
  run(task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome>;
  state(): { children: number; busy: number; waiting: number; counts: PoolCounts };
  /** Resolves when the first child can take a document. */
  ready(): Promise<void>;
  /** Lets running documents finish, turns waiting ones away, then ends every child. */
  close(drainMs: number): Promise<void>;
}

interface Waiting {
  readonly task: TaskRequest;
  readonly resolve: (outcome: ConverterOutcome) => void;
  readonly reject: (error: Error) => void;
  /** A document whose child was ended by somebody else is tried once more. */
  retried: boolean;
}

interface Slot {
  child: ChildProcess;
  state: 'starting' | 'idle' | 'busy' | 'ended';
  documents: number;
  current: Waiting | undefined;
  /** Set when the pool itself ends the child, with what to answer. */
  verdict: ConverterOutcome | undefined;
  timers: NodeJS.Timeout[];
  /** Another child has taken its place already; it is not replaced when it ends. */
  replaced: boolean;
}

export function openPool(
  limits: PoolLimits,
  options: { readonly drawing: boolean; readonly mappingFolder: string | undefined },
  log: GatewayLog,
): ChildPool {
  const slots = new Set<Slot>();
  const waiting: Waiting[] = [];
  const replacedAt: number[] = [];
  const counts = { killedForMemory: 0, killedForTime: 0, crashed: 0, recycled: 0, standIns: 0 };
  const readiness = Promise.withResolvers<void>();
  let closing = false;
  let nextId = 1;

  function start(): void {
    const child = spawnChild({
      ...options,
      heapMb: Math.floor((limits.residentBytesMax * 0.8) / 1024 / 1024),
    });
    const slot: Slot = {
      child,
      state: 'starting',
      documents: 0,
      current: undefined,
      verdict: undefined,
      timers: [],
      replaced: false,
    };
    slots.add(slot);
    slot.timers.push(setTimeout(() => child.kill('SIGKILL'), limits.startTimeoutMs));
    child.on('message', (message) => onMessage(slot, message as ChildMessage));
    child.on('error', (error) => log.error({ err: error }, 'a converter child could not be reached'));
    child.once('exit', (code, signal) => onExit(slot, code, signal));
  }

  function onMessage(slot: Slot, message: ChildMessage): void {
    if (message.type === 'ready') {
      clearTimers(slot);
      slot.state = 'idle';
      readiness.resolve();
    } else {
      const job = slot.current;
      if (!job || slot.verdict) return;
      clearTimers(slot);
      slot.current = undefined;
      slot.documents += 1;
      slot.state = 'idle';
      job.resolve(message.outcome);
      if (slot.documents >= limits.documentsPerChildMax) recycle(slot);
    }
    dispatch();
  }

  function recycle(slot: Slot): void {
    counts.recycled += 1;
    slot.state = 'ended';
    slots.delete(slot);
    slot.child.kill('SIGKILL');
    if (!closing && !slot.replaced) start();
  }

  function onExit(slot: Slot, code: number | null, signal: NodeJS.Signals | null): void {
    clearTimers(slot);
    if (!slots.delete(slot) || closing) {
      slot.current?.reject(new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec }));
      return;
    }
    const job = slot.current;
    const wasStarting = slot.state === 'starting';
    slot.state = 'ended';
    noteReplacement();
    if (!slot.verdict) {
      counts.crashed += 1;
      log.warn(
        { exitCode: code, signal, starting: wasStarting },
        'a converter child ended by itself and is replaced',
      );
    }
    // A child that cannot even start is tried again at a measured pace, not in a tight loop.
    if (slot.replaced) log.info({}, 'a converter child that another stands in for has ended');
    else if (wasStarting) setTimeout(() => closing || start(), 500).unref();
    else start();
    if (job) answerForEnded(job, slot, code, signal);
    dispatch();
  }

  function answerForEnded(
    job: Waiting,
    slot: Slot,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    if (slot.verdict) job.resolve(slot.verdict);
    else if (signal === 'SIGABRT' || code === 134)
      job.resolve(tooMuch('needs more memory than the gateway allows'));
    else if (!job.retried) {
      job.retried = true;
      waiting.unshift(job);
    } else
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
    const id = nextId++;
    const stop = (verdict: ConverterOutcome): void => {
      slot.verdict ??= verdict;
      slot.child.kill('SIGKILL');
    };
    slot.timers.push(
      setTimeout(() => {
        counts.killedForTime += 1;
        stop(tooMuch(`takes longer than ${Math.round(limits.documentTimeoutMs / 1000)} seconds to read`));
      }, limits.documentTimeoutMs),
      setInterval(() => {
        const bytes = slot.child.pid === undefined ? undefined : residentBytes(slot.child.pid);
        if (bytes === undefined || bytes <= limits.residentBytesMax || slot.verdict) return;
        counts.killedForMemory += 1;
        stop(tooMuch('needs more memory than the gateway allows'));
      }, memoryCheckEveryMs),
    );
    slot.timers.push(setTimeout(() => stepBack(slot), limits.slowAfterMs));
    slot.child.send({ ...job.task, id }, (error) => {
      // The exit handler answers for a child that is gone; this only makes sure that it does go.
      if (error) slot.child.kill('SIGKILL');
    });
  }

  /**
   * A slow document keeps its child but takes nothing from the quick ones: it gets less of the processor, and another
   * child stands in for its own, which is let go when the document is done.
   */
  function stepBack(slot: Slot): void {
    slot.documents = limits.documentsPerChildMax;
    try {
      if (slot.child.pid !== undefined) setPriority(slot.child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch (error) {
      // Only the child's end makes this fail, and its exit is handled where it is heard of.
      log.info({ err: error }, 'a slow converter child could not be given less priority');
    }
    if (closing || slots.size >= limits.children + limits.standInsMax) return;
    slot.replaced = true;
    counts.standIns += 1;
    start();
  }

  function noteReplacement(): void {
    const now = Date.now();
    replacedAt.push(now);
    while ((replacedAt[0] ?? now) < now - 60_000) replacedAt.shift();
  }

  function run(task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome> {
    if (closing)
      return Promise.reject(new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec }));
    const recent = replacedAt.filter((at) => at > Date.now() - 60_000).length;
    if (recent > limits.replacementsPerMinuteMax) {
      return Promise.reject(
        new Refusal('OVERLOADED', 'Converters had to be replaced too often; try again later.', {
          retryAfterSec: 15,
        }),
      );
    }
    if (waiting.length >= limits.waitingMax) {
      return Promise.reject(
        new Refusal('OVERLOADED', 'Too many documents are waiting; try again later.', { retryAfterSec }),
      );
    }
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
      job.reject(new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec }));
    const until = Date.now() + drainMs;
    while ([...slots].some((slot) => slot.state === 'busy') && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    closing = true;
    await Promise.all([...slots].map((slot) => endChild(slot)));
  }

  for (let i = 0; i < limits.children; i++) start();
  return {
    run,
    state: () => ({
      children: slots.size,
      busy: [...slots].filter((slot) => slot.state === 'busy').length,
      waiting: waiting.length,
      counts: { ...counts },
    }),
    ready: () => readiness.promise,
    close,
  };
}

function clearTimers(slot: Slot): void {
  for (const timer of slot.timers.splice(0)) clearTimeout(timer);
}

function endChild(slot: Slot): Promise<void> {
  clearTimers(slot);
  if (slot.child.exitCode !== null || slot.child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    slot.child.once('exit', () => resolve());
    slot.child.kill('SIGKILL');
  });
}

function tooMuch(what: string): ConverterOutcome {
  return { ok: false, code: 'PDF_LIMIT', message: `The file ${what}.` };
}
