import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process and all its descendants. */
export function familyOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // The process ended between the two readings.
      continue;
    }

  const family = [root];
  for (const member of family) for (const [pid, parent] of parents) if (parent === member) family.push(pid);
  return family;
}

/** Sends a signal to each process that still exists. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
}

/**
 * Lets a family of processes run for `runMs` in each `everyMs`, and stops it for the remaining time, like a machine
 * with a small share of a core. It needs no right to make a cgroup.
 *
 * @returns a function that ends this; the family then runs on
 */
export function starve(root: number, share: { runMs: number; everyMs: number }): () => Promise<void> {
  let over = false;
  const turns = (async () => {
    while (!over) {
      signalAll(familyOf(root), 'SIGCONT');
      await sleep(share.runMs);
      signalAll(familyOf(root), 'SIGSTOP');
      await sleep(share.everyMs - share.runMs);
    }
    signalAll(familyOf(root), 'SIGCONT');
  })();
  return async () => {
    over = true;
    await turns;
  };
}
