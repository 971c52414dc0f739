import { availableParallelism, loadavg } from 'node:os';

const SLOWNESS_MAX = 20;
const LOOK_EVERY_MS = 500;

/**
 * How many times as long everything takes because others use the machine too: tasks that want a processor for each
 * that there is, over the last minute; from 1 to 20.
 */
export function slowness(): number {
  const [tasks = 0] = loadavg();
  return Math.min(SLOWNESS_MAX, Math.max(1, tasks / availableParallelism()));
}

/** `ms` of a machine of its own, in ms of this one as busy as it is now; a whole number. */
export function stretched(ms: number): number {
  return Math.ceil(ms * slowness());
}

/**
 * A bound that counts the time of a machine of its own: on one that is twice as busy as it has processors, a second
 * counts as half of one. So a drill decides by what Docket does and not by what else the machine does.
 *
 * @returns whether `ms` have passed since this call
 */
export function timeLimit(ms: number): () => boolean {
  let spentMs = 0;
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    spentMs += (nowMs - lastMs) / slowness();
    lastMs = nowMs;
    return spentMs > ms;
  };
}

/** Rejects with `why` when `ms` of a machine of its own have passed before the work ended. */
export async function inPatience<T>(work: Promise<T>, ms: number, why: () => Error): Promise<T> {
  const isOver = timeLimit(ms);
  let looks: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    looks = setInterval(() => isOver() && reject(why()), LOOK_EVERY_MS);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearInterval(looks);
  }
}
