/** Total time for which the writer waits for a full pipe before it drops lines. */
const FULL_PIPE_MS_MAX = 100;
const FULL_PIPE_PAUSE_MS = 5;

/**
 * Returns a function that writes a line and never throws, because a full disk or a closed pipe must not end the
 * process. It counts the lines that it could not write. One line tells their number when writing works again.
 *
 * @param write writes bytes at once and returns how many it wrote
 */
export function lineWriter(service: string, write: (bytes: Buffer) => number): (line: string) => void {
  let lost = 0;
  return (line) => {
    try {
      if (lost > 0) writeWhole(write, lostLine(service, lost));
      lost = 0;
      writeWhole(write, line);
    } catch (error) {
      // The output cannot be written now, so the count is written later.
      void error;
      lost += 1;
    }
  };
}

function writeWhole(write: (bytes: Buffer) => number, text: string): void {
  let rest = Buffer.from(text);
  let waitedMs = 0;
  while (rest.length > 0)
    try {
      rest = rest.subarray(write(rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waitedMs >= FULL_PIPE_MS_MAX) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
      waitedMs += FULL_PIPE_PAUSE_MS;
    }
}

function lostLine(service: string, lost: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, service, lost, msg: 'log lines could not be written' })}\n`;
}
