import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Due } from './agenda.ts';
import type { Seeded } from './seeded.ts';

/** The clock, timers and randomness of product code inside a simulated world. */
export interface Inside {
  readonly nowMs: () => number;
  /** Runs code later, unless the process of that code has died by then. */
  readonly later: (ms: number, run: () => void) => Due;
  readonly random: Seeded;
}

/** The wall clock at the start of every simulated world. */
export const SIMULATED_EPOCH_MS = Date.UTC(2030, 0, 1);

const context = new AsyncLocalStorage<Inside>();

/**
 * Runs code as part of a simulated process. Everything that it starts, now or later, belongs to the process as well.
 */
export function runInside<T>(inside: Inside, code: () => T): T {
  return context.run(inside, code);
}

/** The timers that product code received, so that the functions that clear timers can find them. */
const simulated = new WeakMap<object, { due: Due; again: boolean }>();

/**
 * Replaces Node's clock, timers and randomness for code inside a simulated process, once for the whole program. Other
 * code, such as the runner, keeps the real functions. The product calls `setTimeout`, `performance.now` and
 * `node:timers/promises` directly, so its loops run unchanged.
 */
export function installSimulatedTime(): void {
  const require = createRequire(import.meta.url);
  installTimers();
  installClocks();
  const timers = require('node:timers/promises') as { setTimeout: typeof sleepInside };
  const realSleep = timers.setTimeout;
  timers.setTimeout = (ms, value, options) =>
    context.getStore() ? sleepInside(ms, value, options) : realSleep(ms, value, options);
  installRandomness(require);
  syncBuiltinESMExports();
}

function installTimers(): void {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval };
  const start = (inside: Inside, ms: number, run: () => void, again: boolean): object => {
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => true, refresh: () => handle };
    const arm = (): void => {
      const entry = { due: inside.later(ms, fire), again };
      simulated.set(handle, entry);
    };
    const fire = (): void => {
      if (again) arm();
      run();
    };
    arm();
    return handle;
  };
  const stop = (handle: unknown): boolean => {
    const entry = typeof handle === 'object' && handle !== null ? simulated.get(handle) : undefined;
    if (entry) entry.due.run = null;
    return entry !== undefined;
  };
  const replace = (name: 'setTimeout' | 'setInterval'): void => {
    const patched = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): unknown => {
      const inside = context.getStore();
      return inside
        ? start(inside, Math.max(1, ms), () => run(...args), name === 'setInterval')
        : real[name](run, ms, ...args);
    };
    Object.assign(globalThis, { [name]: patched });
  };
  replace('setTimeout');
  replace('setInterval');
  const clear = (name: 'clearTimeout' | 'clearInterval') => (handle: NodeJS.Timeout) =>
    void (stop(handle) || real[name](handle));
  Object.assign(globalThis, { clearTimeout: clear('clearTimeout'), clearInterval: clear('clearInterval') });
}

function installClocks(): void {
  const realNow = performance.now.bind(performance);
  const realDate = Date.now;
  const realRandom = Math.random;
  performance.now = () => context.getStore()?.nowMs() ?? realNow();
  Date.now = () => {
    const inside = context.getStore();
    return inside ? SIMULATED_EPOCH_MS + inside.nowMs() : realDate();
  };
  Math.random = () => context.getStore()?.random.next() ?? realRandom();
}

function installRandomness(require: NodeJS.Require): void {
  const crypto = require('node:crypto') as { randomUUID: (this: void) => string };
  const realUuid = crypto.randomUUID;
  crypto.randomUUID = () => {
    const random = context.getStore()?.random;
    if (!random) return realUuid();
    const hex = (digits: number): string => random.hex(digits);
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  };
}

/** Replaces `setTimeout` of `node:timers/promises`, with its signal. */
function sleepInside<T>(ms = 0, value?: T, options: { signal?: AbortSignal } = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const stopped = (): void => {
      clearTimeout(timer);
      // Like the real function, this one rejects with the same error for every reason of the signal.
      reject(
        Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' }),
      );
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stopped);
      resolve(value as T);
    }, ms);
    if (signal?.aborted) stopped();
    else signal?.addEventListener('abort', stopped, { once: true });
  });
}
