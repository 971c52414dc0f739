import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The size of a memory page in `/proc/PID/statm`. It is 4 KiB on every Linux for which Docket's Node packages exist.
 */
const MEMORY_PAGE_BYTES = 4096;
/** The interval between two calls of `ps` for one process. A call blocks this process for some milliseconds. */
const PS_EVERY_MS = 500;
const PS_MS_MAX = 2_000;
/** The most processes whose memory is remembered. One gateway never watches as many. */
const PROCESSES_REMEMBERED = 256;

/**
 * Returns the resident memory of a process in bytes, or undefined when the system does not report it. V8's own limit
 * of the heap is then still effective.
 */
export function residentBytes(pid: number): number | undefined {
  return process.platform === 'linux' ? bytesInProc(pid) : bytesAtIntervals(pid);
}

function bytesInProc(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Number.isFinite(pages) ? pages * MEMORY_PAGE_BYTES : undefined;
  } catch {
    // The process has just ended.
    return undefined;
  }
}

const lastReadings = new Map<number, { readonly at: number; readonly bytes: number | undefined }>();

function bytesAtIntervals(pid: number): number | undefined {
  const known = lastReadings.get(pid);
  if (known && performance.now() - known.at < PS_EVERY_MS) return known.bytes;
  if (lastReadings.size >= PROCESSES_REMEMBERED) lastReadings.clear();
  const bytes = bytesByPs(pid);
  lastReadings.set(pid, { at: performance.now(), bytes });
  return bytes;
}

/** Asks `ps`, for systems without `/proc` such as macOS. `ps` gives the memory in KiB. */
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
