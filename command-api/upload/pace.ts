import type { IncomingMessage } from 'node:http';

/** A sender that is slower than this over a whole window holds a place for which other senders wait (A-UP12). */
const SLOWEST_BYTES_PER_SEC = 1024;

/**
 * Number of checks in one window. A process that was frozen is late for one check only. So the frozen time counts as
 * at most a tenth of a window, and no sender is refused because of it.
 */
const LOOKS_PER_WINDOW = 10;

/** Measures the speed of an arriving request body. */
export interface Pace {
  /** Number of bytes of the body so far. */
  bytes(): number;
  stop(): void;
}

/** Calls `tooSlow` once when a whole window of `windowMs` passes with less than 1 KiB a second, or with no bytes. */
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
    // A slow reader does not count against the sender.
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
