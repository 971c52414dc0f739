import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Size of a memory page in `/proc/PID/statm`; 4 KiB on every Linux that Docket's Node packages exist for. */
const MEMORY_PAGE_BYTES = 4096;
/** Asking `ps` costs some ms in which we do nothing else, so a process is asked about this often. */
const PS_EVERY_MS = 500;
const PS_MS_MAX = 2_000;
/** More processes than are ever looked at together. */
const REMEMBERED = 256;

/** Resident memory of a process in bytes, or undefined where the system does not tell (then only V8's own cap holds). */
export function residentBytes(pid: number): number | undefined {
  return process.platform === 'linux' ? bytesInProc(pid) : bytesNowAndThen(pid);
}

function bytesInProc(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Number.isFinite(pages) ? pages * MEMORY_PAGE_BYTES : undefined;
  } catch {
    // The process has just ended: nothing to measure.
    return undefined;
  }
}

const answers = new Map<number, { readonly at: number; readonly bytes: number | undefined }>();

function bytesNowAndThen(pid: number): number | undefined {
  const known = answers.get(pid);
  if (known && performance.now() - known.at < PS_EVERY_MS) return known.bytes;
  if (answers.size >= REMEMBERED) answers.clear();
  const bytes = bytesByPs(pid);
  answers.set(pid, { at: performance.now(), bytes });
  return bytes;
}

/** The same where there is no `/proc`, such as on macOS: `ps` tells it in KiB. */
export function bytesByPs(pid: number): number | undefined {
  try {
    const told = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], {
      timeout: PS_MS_MAX,
      encoding: 'utf8',
    });
    const kib = Number.parseInt(told, 10);
    return Number.isFinite(kib) ? kib * 1024 : undefined;
  } catch {
    // The process has just ended, or there is no `ps`.
    return undefined;
  }
}
