import type { GatewayLog } from '../log/gateway-log.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { Slot, Waiting } from './child-slot.ts';
import { openParentWatch } from './end-with-parent.ts';
import type { ParentWatch } from './end-with-parent.ts';
import type { PoolLimits } from './pool-limits.ts';

const RETRY_AFTER_SEC = 5;

/** The number of children that ended since the start, by reason. */
export interface PoolCounts {
  readonly killedForMemory: number;
  readonly killedForTime: number;
  readonly crashed: number;
  readonly recycled: number;
  /** Number of children that were started because another child was busy with a slow document. */
  readonly standIns: number;
}

/** The modules that the children of a pool may load, and their first mappings. */
export interface PoolOptions {
  readonly drawing: boolean;
  /** True by default. */
  readonly ocr?: boolean;
  readonly mappings: readonly Mapping[];
}

/** The state of one pool: its children, its waiting documents, and a sign that it still starts children. */
export interface RunningPool {
  readonly limits: PoolLimits;
  readonly options: PoolOptions;
  readonly log: GatewayLog;
  readonly parentWatch: ParentWatch;
  readonly slots: Set<Slot>;
  /** Documents that no child has begun; the first one is next. */
  readonly waiting: Waiting[];
  readonly counts: Record<keyof PoolCounts, number>;
  /** Resolves when the first child is ready; rejects when the pool gives up. */
  readonly readiness: PromiseWithResolvers<void>;
  /** The times at which children were replaced within the last minute, in epoch milliseconds. */
  readonly replacedAt: number[];
  mappings: readonly Mapping[];
  closing: boolean;
  nextTaskId: number;
  /** Number of failed starts since the last child became ready. */
  failedStarts: number;
  /** True when a child has been ready since the pool was opened. */
  everUp: boolean;
  /** Set when too many starts failed. The pool then starts no more children. */
  gaveUp: Refusal | null;
}

export function newRunningPool(limits: PoolLimits, options: PoolOptions, log: GatewayLog): RunningPool {
  const readiness = Promise.withResolvers<void>();
  // A caller that does not wait for the readiness learns of a failure from the log and from `run`.
  readiness.promise.catch(() => undefined);
  return {
    limits,
    options,
    log,
    parentWatch: openParentWatch(log),
    slots: new Set(),
    waiting: [],
    counts: { killedForMemory: 0, killedForTime: 0, crashed: 0, recycled: 0, standIns: 0 },
    readiness,
    replacedAt: [],
    mappings: options.mappings,
    closing: false,
    nextTaskId: 1,
    failedStarts: 0,
    everUp: false,
    gaveUp: null,
  };
}

export function stoppingRefusal(): Refusal {
  return new Refusal('SHUTTING_DOWN', 'The gateway is stopping.', { retryAfterSec: RETRY_AFTER_SEC });
}

/** Returns why the pool takes no document now; null when it takes documents. */
export function refusalNow({ limits, closing, gaveUp, replacedAt, waiting }: RunningPool): Refusal | null {
  if (closing) return stoppingRefusal();
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

export function noteReplacement({ replacedAt }: RunningPool): void {
  const now = Date.now();
  replacedAt.push(now);
  while ((replacedAt[0] ?? now) < now - 60_000) replacedAt.shift();
}
