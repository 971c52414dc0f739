import { readFileSync } from 'node:fs';

/** Size of a memory page in `/proc/PID/statm`; 4 KiB on every platform Docket's Node packages exist for. */
const memoryPageBytes = 4096;

/** Resident memory of a process in bytes, or undefined where the system does not tell (then only V8's own cap holds). */
export function residentBytes(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Number.isFinite(pages) ? pages * memoryPageBytes : undefined;
  } catch {
    // Not Linux, or the process has just ended: nothing to measure either way.
    return undefined;
  }
}
