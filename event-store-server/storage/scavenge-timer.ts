/**
 * Scavenges by the day. When the last run ended is the time stamp of a file in the directory, so that a store that is
 * started anew every day comes to its runs.
 */
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './storage-errors.ts';
import type { Scavenge } from './scavenge.ts';

/** How often it looks whether a run is due. */
const LOOK_MS = 60_000;

export interface ScavengeTimer {
  readonly stop: () => void;
}

/** When the last run ended; the first call counts as a run. */
function lastRunMs(path: string, nowMs: number): number {
  try {
    // A stamp of a clock that was ahead must not put the next run off.
    return Math.min(statSync(path).mtimeMs, nowMs);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    writeFileSync(path, '');
    return nowMs;
  }
}

/** @param everyMs from the end of one run to the start of the next; 0 is never */
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
      // One that failed has said why; it is tried again a day later and not each minute.
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
