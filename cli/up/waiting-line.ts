import type { WaitingFor } from '../../runtime/service.ts';

/** Least time between two lines on an output where lines cannot be replaced. */
const NEW_LINE_EVERY_MS = 10_000;
/** A start that takes less than this time shows nothing. */
const SILENT_MS = 1_000;

/** An output for lines, such as `process.stderr`. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Shows at the terminal, in one line, the dependencies that a start waits for. On a terminal each line replaces the
 * previous line. Elsewhere a new line is printed every 10 s.
 * @param now milliseconds since the Unix epoch
 */
export function waitingLine(terminal: Terminal, now: () => number = Date.now) {
  const startedAtMs = now();
  let saidAtMs = -Infinity;
  let isShown = false;
  return {
    show: (waiting: readonly WaitingFor[]) => {
      const atMs = now();
      const [first] = waiting;
      if (first === undefined || atMs - startedAtMs < SILENT_MS) return;
      const text = textOf(first, waiting.length - 1, atMs);
      if (terminal.isTTY === true) {
        terminal.write(`\r\u001b[K${text.slice(0, Math.max(20, (terminal.columns ?? 80) - 1))}`);
        isShown = true;
      } else if (atMs - saidAtMs >= NEW_LINE_EVERY_MS) {
        terminal.write(`${text}\n`);
        saidAtMs = atMs;
      }
    },
    /** Removes a line that can be replaced. */
    end: () => {
      if (isShown) terminal.write('\r\u001b[K');
      isShown = false;
    },
  };
}

function textOf({ dependency, at, since, why }: WaitingFor, others: number, nowMs: number): string {
  const where = at === null ? '' : ` at ${at}`;
  const forSec = Math.max(0, Math.round((nowMs - Date.parse(since)) / 1000));
  const more = others > 0 ? ` And for ${others} more.` : '';
  const clock = since.slice(11, 19);
  return `Docket waits for the ${dependency}${where} since ${clock} UTC (${forSec} s): ${why.replace(/\.?$/, '.')}${more}`;
}
