/**
 * Runs scavenge once in each period. The time stamp of a file records the end of the last run, so restarts do not
 * delay the next run.
 */
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './storage-errors.ts';
import type { Scavenge } from './scavenge.ts';

/** The interval between two checks whether a run is due. */
const LOOK_MS = 60_000;

export interface ScavengeTimer {
  readonly stop: () => void;
}

/** The end of the last run. The first call, which finds no file, counts as a run. */
function lastRunMs(path: string, nowMs: number): number {
  try {
    // A stamp from a clock that was ahead must not postpone the next run.
    return Math.min(statSync(path).mtimeMs, nowMs);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    writeFileSync(path, '');
    return nowMs;
  }
}

/** @param everyMs milliseconds from the end of one run to the start of the next; 0 means never */
export function keepScavenging(
  {
    directory,
    scavenge,
    notice,
  }: {
    readonly directory: string;
    readonly scavenge: Scavenge;
    readonly notice: (sentence: string) => void;
  },
  everyMs: number,
  lookMs = LOOK_MS,
): ScavengeTimer {
  if (everyMs === 0) return { stop: () => undefined };
  const stamp = join(directory, 'scavenged');
  let isRunning = false;
  const look = async (): Promise<void> => {
    if (isRunning || Date.now() - lastRunMs(stamp, Date.now()) < everyMs) return;
    isRunning = true;
    try {
      const { outcome } = await scavenge.start().report;
      // A failed run has already reported its reason. The next run starts after a whole period and not a minute
      // later.
      if (outcome !== 'stopped') utimesSync(stamp, new Date(), new Date());
    } finally {
      isRunning = false;
    }
  };
  const lookAndSay = (): void => {
    look().catch((error: unknown) => notice(`The daily scavenge did not begin: ${String(error)}`));
  };
  lookAndSay();
  const timer = setInterval(lookAndSay, lookMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
