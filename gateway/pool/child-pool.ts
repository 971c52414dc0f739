import type { GatewayLog } from '../log/gateway-log.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type { ConverterOutcome } from '../protocol/child-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import { endSlot, isUp, type TaskRequest, type Waiting } from './child-slot.ts';
import { dispatch, sendTo, startChild } from './pool-children.ts';
import type { PoolLimits } from './pool-limits.ts';
import type { PoolCounts, PoolOptions, RunningPool } from './running-pool.ts';
import { newRunningPool, refusalNow, stoppingRefusal } from './running-pool.ts';

export interface PoolState {
  readonly children: number;
  /** Children that have started, idle or busy. */
  readonly ready: number;
  readonly busy: number;
  readonly waiting: number;
  readonly counts: PoolCounts;
}

export interface ChildPool {
  /**
   * Converts one document, as soon as a child is free. For a fault of the document, the outcome is a refusal. The
   * promise rejects with `Refusal` `OVERLOADED`, `SHUTTING_DOWN`, or `INTERNAL` when no child can be started.
   */
  run(task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome>;
  state(): PoolState;
  /** Sets the operator's own mappings, beside the shipped mappings, for the documents that begin after this call. */
  takeMappings(own: readonly Mapping[]): void;
  /** Resolves when the first child can take a document. Rejects when too many children ended while they started. */
  ready(): Promise<void>;
  /** Refuses the waiting documents, lets running documents finish within `drainMs`, then ends every child. */
  close(drainMs: number): Promise<void>;
}

export function openPool(limits: PoolLimits, options: PoolOptions, log: GatewayLog): ChildPool {
  const pool = newRunningPool(limits, options, log);
  for (let i = 0; i < limits.children; i += 1) startChild(pool);
  return {
    run: (task, signal) => run(pool, task, signal),
    state: () => stateOf(pool),
    ready: () => pool.readiness.promise,
    takeMappings: (own) => {
      pool.mappings = own;
      for (const slot of pool.slots) if (slot.state !== 'ended') sendTo(slot, { type: 'mappings', own });
    },
    close: (drainMs) => close(pool, drainMs),
  };
}

function run(pool: RunningPool, task: TaskRequest, signal?: AbortSignal): Promise<ConverterOutcome> {
  const refused = refusalNow(pool);
  if (refused) return Promise.reject(refused);
  const { waiting } = pool;
  return new Promise((resolve, reject) => {
    const job: Waiting = { task, resolve, reject, retried: false };
    signal?.addEventListener('abort', () => {
      const place = waiting.indexOf(job);
      if (place < 0) return;
      waiting.splice(place, 1);
      reject(new Refusal('BAD_REQUEST', 'The caller went away.'));
    });
    waiting.push(job);
    dispatch(pool);
  });
}

function stateOf({ slots, waiting, counts }: RunningPool): PoolState {
  return {
    children: slots.size,
    ready: [...slots].filter(isUp).length,
    busy: [...slots].filter((slot) => slot.state === 'busy').length,
    waiting: waiting.length,
    counts: { ...counts },
  };
}

async function close(pool: RunningPool, drainMs: number): Promise<void> {
  for (const job of pool.waiting.splice(0)) job.reject(stoppingRefusal());
  const until = Date.now() + drainMs;
  while ([...pool.slots].some((slot) => slot.state === 'busy') && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 20));
  pool.closing = true;
  await Promise.all([...pool.slots].map((slot) => endSlot(slot)));
  pool.parentWatch.close();
}
