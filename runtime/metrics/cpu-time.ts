import { readdirSync, readFileSync } from 'node:fs';

/** Ticks in a second in `/proc/PID/stat`, the same on every Linux machine (`USER_HZ`, proc(5)). */
const TICKS_PER_SEC = 100;

/** Indexes of fields after the name in `/proc/PID/stat` (proc(5)), counted from 0. */
const GROUP = 2;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const REAPED_USER_TICKS = 13;
const REAPED_SYSTEM_TICKS = 14;

/**
 * Processor time that a process has used since its start, all threads together, in ms (precision: 10 ms). Undefined
 * when the system has no `/proc`, and for a process that no longer exists.
 */
export function cpuMsOf(pid: number): number | undefined {
  const stat = statOf(String(pid));
  return stat && ticksToMs(stat, [USER_TICKS, SYSTEM_TICKS]);
}

/**
 * Processor time of a process group, including its reaped members, in ms. The value changes as soon as any member
 * makes progress. Undefined as in `cpuMsOf`.
 */
export function cpuMsOfGroup(groupId: number): number | undefined {
  let found: number | undefined;
  for (const name of processNames()) {
    const stat = statOf(name);
    if (stat?.[GROUP] !== String(groupId)) continue;
    const all = [USER_TICKS, SYSTEM_TICKS, REAPED_USER_TICKS, REAPED_SYSTEM_TICKS];
    found = (found ?? 0) + ticksToMs(stat, all);
  }
  return found;
}

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    // The system is not Linux.
    return [];
  }
}

/** The fields after the name, which may itself contain spaces and brackets. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // The system is not Linux, or the process has just ended.
    return undefined;
  }
}

function ticksToMs(stat: readonly string[], places: readonly number[]): number {
  return places.reduce((ms, place) => ms + (Number(stat[place]) * 1000) / TICKS_PER_SEC, 0);
}
