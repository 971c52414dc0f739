import type { IncomingMessage } from 'node:http';

/** A sender slower than this over a whole window holds a place that others wait for (A-UP12). */
const SLOWEST_BYTES_PER_SEC = 1024;

/**
 * Looks in a window. A process that stood still is late for one look only. So that time counts as a tenth of a window
 * at most, and no sender is blamed for it.
 */
const LOOKS_PER_WINDOW = 10;

/** Watches a request body arrive. */
export interface Pace {
  /** Bytes of the body seen so far. */
  bytes(): number;
  stop(): void;
}

/**
 * Calls `tooSlow` once when a whole window of `windowMs` passes with less than 1 KiB a second. A stopped sender is
 * the slowest of all.
 */
export function watchPace(request: IncomingMessage, windowMs: number, tooSlow: () => void): Pace {
  let bytes = 0;
  let bytesAtWindowStart = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
  };
  const leastBytes = Math.max(1, (SLOWEST_BYTES_PER_SEC * windowMs) / 1000);
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    if (looks < LOOKS_PER_WINDOW) return;
    looks = 0;
    // Where the reader itself is behind, the sender is not to blame.
    const isWaitingForUs = request.isPaused() && request.readableLength > 0;
    if (bytes - bytesAtWindowStart < leastBytes && !isWaitingForUs) {
      stop();
      tooSlow();
    }
    bytesAtWindowStart = bytes;
  }, windowMs / LOOKS_PER_WINDOW);
  const stop = (): void => {
    clearInterval(timer);
    request.off('data', count);
  };
  request.on('data', count);
  return { bytes: () => bytes, stop };
}
