import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Size of a memory page in `/proc/PID/statm`; 4 KiB on every Linux that Docket's Node packages exist for. */
const memoryPageBytes = 4096;
/** Asking `ps` costs some ms in which we do nothing else, so a process is asked about this often. */
const psEveryMs = 500;
const psMsMax = 2_000;
/** More processes than are ever looked at together. */
const remembered = 256;

/** Resident memory of a process in bytes, or undefined where the system does not tell (then only V8's own cap holds). */
export function residentBytes(pid: number): number | undefined {
  return process.platform === 'linux' ? bytesInProc(pid) : bytesNowAndThen(pid);
}

function bytesInProc(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Number.isFinite(pages) ? pages * memoryPageBytes : undefined;
  } catch {
    // The process has just ended: nothing to measure.
    return undefined;
  }
}

const answers = new Map<number, { readonly at: number; readonly bytes: number | undefined }>();

function bytesNowAndThen(pid: number): number | undefined {
  const known = answers.get(pid);
  if (known && performance.now() - known.at < psEveryMs) return known.bytes;
  if (answers.size >= remembered) answers.clear();
  const bytes = bytesByPs(pid);
  answers.set(pid, { at: performance.now(), bytes });
  return bytes;
}

/** The same where there is no `/proc`, such as on macOS: `ps` tells it in KiB. */
export function bytesByPs(pid: number): number | undefined {
  try {
    const told = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], {
      timeout: psMsMax,
      encoding: 'utf8',
    });
    const kib = Number.parseInt(told, 10);
    return Number.isFinite(kib) ? kib * 1024 : undefined;
  } catch {
    // The process has just ended, or there is no `ps`.
    return undefined;
  }
}
