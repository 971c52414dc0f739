import { availableParallelism, loadavg } from 'node:os';

const SLOWNESS_MAX = 20;
const LOOK_EVERY_MS = 500;

/**
 * Returns the factor by which everything takes longer because other programs use the machine: tasks for each
 * processor, over the last minute, from 1 to 20.
 */
export function slowness(): number {
  const [tasks = 0] = loadavg();
  return Math.min(SLOWNESS_MAX, Math.max(1, tasks / availableParallelism()));
}

/** Converts `ms` of an idle machine to ms of this machine under its present load; a whole number. */
export function stretched(ms: number): number {
  return Math.ceil(ms * slowness());
}

/**
 * A time limit that counts the time of an idle machine. On a machine with twice as many tasks as processors, a second
 * counts as half a second. So a drill judges what Docket does, and not the load of the machine.
 *
 * @returns a function that tells whether `ms` have passed since this call
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

/** Rejects with `why` when `ms` of an idle machine have passed before the work ended. */
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
