import type { ChildMessage, ConverterOutcome, ParentMessage } from '../protocol/child-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import { giveLessPriority, newSlot, type Slot, type Waiting } from './child-slot.ts';
import { type RunningPool, noteReplacement, stoppingRefusal } from './running-pool.ts';
import { spawnChild } from './spawn-child.ts';
import { watchChild } from './watch-child.ts';

/** The wait after a failed start, so that the pool does not start children in a tight loop. */
const START_AGAIN_AFTER_MS = 500;

/** Starts a child, unless the pool closes or has given up. */
export function startChild(pool: RunningPool, inPlaceOf?: Slot): void {
  if (pool.closing || pool.gaveUp) return;
  const { limits, options, log } = pool;
  const heapMb = Math.floor((limits.residentBytesMax * 0.8) / 1024 / 1024);
  const child = spawnChild({ drawing: options.drawing, ocr: options.ocr ?? true, heapMb });
  const slot = newSlot(child, inPlaceOf);
  pool.slots.add(slot);
  if (child.pid !== undefined) pool.parentWatch.add(child.pid);
  const end = (why: string) => (): void => {
    log.warn({ why }, 'a starting converter child makes no progress and is ended');
    child.kill('SIGKILL');
  };
  slot.unwatch = watchChild(child.pid, {
    cpuMsMax: limits.startCpuMsMax,
    stillMsMax: limits.startStillMsMax,
    onTooLong: end('too much processor time'),
    onStill: end('no processor time'),
  });
  child.on('message', (message) => onMessage(pool, slot, message as ChildMessage));
  child.on('error', (error) => log.error({ err: error }, 'a converter child could not be reached'));
  child.once('exit', (code, signal) => onExit(pool, slot, { code, signal }));
  sendTo(slot, { type: 'mappings', own: pool.mappings });
}

function onMessage(pool: RunningPool, slot: Slot, message: ChildMessage): void {
  if (message.type === 'ready') onReady(pool, slot);
  else {
    const job = slot.current;
    if (!job || slot.verdict) return;
    slot.unwatch();
    slot.current = undefined;
    slot.documents += 1;
    slot.state = 'idle';
    job.resolve(message.outcome);
    if (slot.leaving) return endIdleChild(pool, slot);
    const isSpent = message.spent || slot.documents >= pool.limits.documentsPerChildMax;
    if (isSpent && !slot.successorComes) startSuccessor(pool, slot);
  }
  dispatch(pool);
}

function onReady(pool: RunningPool, slot: Slot): void {
  slot.unwatch();
  slot.state = 'idle';
  pool.everUp = true;
  pool.failedStarts = 0;
  pool.readiness.resolve();
  const old = slot.inPlaceOf;
  if (!old || !pool.slots.has(old)) return;
  if (old.state === 'idle') endIdleChild(pool, old);
  else old.leaving = true;
}

/**
 * Starts a successor. The old child continues until the successor is ready, which can take minutes on a starved
 * machine.
 */
function startSuccessor(pool: RunningPool, slot: Slot): void {
  pool.counts.recycled += 1;
  slot.successorComes = true;
  startChild(pool, slot);
}

function endIdleChild(pool: RunningPool, slot: Slot): void {
  slot.state = 'ended';
  pool.slots.delete(slot);
  slot.child.kill('SIGKILL');
  dispatch(pool);
}

function onExit(pool: RunningPool, slot: Slot, exit: ChildExit): void {
  slot.unwatch();
  if (slot.child.pid !== undefined) pool.parentWatch.remove(slot.child.pid);
  if (!pool.slots.delete(slot) || pool.closing) {
    slot.current?.reject(stoppingRefusal());
    return;
  }
  const job = slot.current;
  const wasStarting = slot.state === 'starting';
  slot.state = 'ended';
  noteReplacement(pool);
  if (!slot.verdict) {
    pool.counts.crashed += 1;
    const fields = { exitCode: exit.code, signal: exit.signal, starting: wasStarting };
    pool.log.warn(fields, 'a converter child ended by itself and is replaced');
  }
  if (wasStarting) onFailedStart(pool, slot, exit.signal ?? `exit code ${exit.code ?? 'unknown'}`);
  else if (slot.successorComes) pool.log.info({}, 'a converter child that has a successor has ended');
  else startChild(pool);
  if (job) settleDocumentOfEnded(pool, job, slot, exit);
  dispatch(pool);
}

function onFailedStart(pool: RunningPool, slot: Slot, how: string): void {
  pool.failedStarts += 1;
  const { failedStarts } = pool;
  if (pool.everUp || failedStarts < pool.limits.failedStartsMax) {
    // The timer keeps the process alive, because documents may wait for this child.
    setTimeout(() => startChild(pool, slot.inPlaceOf), START_AGAIN_AFTER_MS);
    return;
  }
  if (pool.gaveUp) return;
  const gaveUp = new Refusal(
    'INTERNAL',
    `The converter cannot be started: it ends while it starts (${how}).`,
  );
  pool.gaveUp = gaveUp;
  pool.log.error({ failedStarts, how }, 'converter children end while they start; no more are started');
  pool.readiness.reject(gaveUp);
  for (const job of pool.waiting.splice(0)) job.reject(gaveUp);
}

function settleDocumentOfEnded({ waiting }: RunningPool, job: Waiting, slot: Slot, exit: ChildExit): void {
  const outcome = outcomeOfEnded(job, slot, exit);
  if (outcome) return job.resolve(outcome);
  job.retried = true;
  waiting.unshift(job);
}

/** Gives waiting documents to idle children. */
export function dispatch(pool: RunningPool): void {
  for (const slot of pool.slots) {
    if (slot.state !== 'idle') continue;
    const job = pool.waiting.shift();
    if (!job) return;
    begin(pool, slot, job);
  }
}

function begin(pool: RunningPool, slot: Slot, job: Waiting): void {
  const { limits } = pool;
  slot.state = 'busy';
  slot.current = job;
  const stop = (verdict: ConverterOutcome | 'again', count: 'killedForTime' | 'killedForMemory') => () => {
    pool.counts[count] += 1;
    slot.verdict ??= verdict;
    slot.child.kill('SIGKILL');
  };
  const seconds = Math.round(limits.documentCpuMsMax / 1000);
  slot.unwatch = watchChild(slot.child.pid, {
    cpuMsMax: limits.documentCpuMsMax,
    stillMsMax: limits.documentStillMsMax,
    onTooLong: stop(pastLimit(`takes longer than ${seconds} seconds to read`), 'killedForTime'),
    onStill: stop('again', 'killedForTime'),
    memory: { bytesMax: limits.residentBytesMax, onTooMuch: stop(OUT_OF_MEMORY, 'killedForMemory') },
    slow: { afterCpuMs: limits.slowAfterCpuMs, onSlow: () => startStandIn(pool, slot) },
  });
  const task = { ...job.task, id: pool.nextTaskId, madeAt: new Date().toISOString() };
  pool.nextTaskId += 1;
  sendTo(slot, { type: 'task', task });
}

/**
 * Gives a slow document less processor time, and starts another child in its place. The slow child ends when it has
 * read its document. So slow documents take no child from quick documents.
 */
function startStandIn(pool: RunningPool, slot: Slot): void {
  const { limits } = pool;
  slot.documents = limits.documentsPerChildMax;
  giveLessPriority(slot, pool.log);
  const places = limits.children + limits.standInsMax;
  if (pool.closing || slot.successorComes || pool.slots.size >= places) return;
  slot.successorComes = true;
  pool.counts.standIns += 1;
  startChild(pool, slot);
}

export function sendTo({ child }: Slot, message: ParentMessage): void {
  child.send(message, (error) => {
    // The exit handler gives the outcome for a child that has ended. This kill makes sure that the child ends.
    if (error) child.kill('SIGKILL');
  });
}

/** The exit code and signal of a child. */
interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const OUT_OF_MEMORY = pastLimit('needs more memory than the gateway allows');

/** Returns the refusal of a document that exceeds a limit. */
function pastLimit(what: string): ConverterOutcome {
  return { ok: false, code: 'PDF_LIMIT', message: `The file ${what}.` };
}

/** Returns the outcome of a document whose child ended; undefined when the document is to be tried once more. */
function outcomeOfEnded(
  job: Waiting,
  { verdict }: Slot,
  { code, signal }: ChildExit,
): ConverterOutcome | undefined {
  if (verdict && verdict !== 'again') return verdict;
  // V8 aborts when its heap is full.
  if (signal === 'SIGABRT' || code === 134) return OUT_OF_MEMORY;
  if (!job.retried) return undefined;
  if (verdict === 'again') return pastLimit('made the converter stand still twice');
  return {
    ok: false,
    code: 'CONVERTER_CRASHED',
    message: 'The converter stopped twice while reading this file.',
  };
}
