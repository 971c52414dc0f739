/** Width of the progress bar, in characters. */
const BAR_COLUMNS = 30;
const REDRAW_MS = 100;

export interface Progress {
  /** Shows the progress. `total` is null when it is unknown. */
  readonly show: (done: number, total: number | null) => void;
  /** Removes the line of progress. */
  readonly end: () => void;
}

/** One line on stderr that shows progress on a terminal. In a pipe it shows nothing. */
export function progressOn(stream: NodeJS.WriteStream, doing: string): Progress {
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined };
  const startedMs = performance.now();
  let drawnMs = -Infinity;
  return {
    show: (done, total) => {
      const nowMs = performance.now();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      stream.write(`\r\u001b[K${doing} ${progressText(done, total, (nowMs - startedMs) / 1000)}`);
    },
    end: () => void stream.write('\r\u001b[K'),
  };
}

/** The text of the line: bar, percent, rate and time left. */
export function progressText(done: number, total: number | null, seconds: number): string {
  const rate = seconds > 0 ? Math.round(done / seconds) : 0;
  if (total === null || total === 0) return `${done}, ${rate}/s`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * BAR_COLUMNS);
  const bar = '#'.repeat(full) + '.'.repeat(BAR_COLUMNS - full);
  const left = rate > 0 ? `, ${Math.ceil((total - done) / rate)} s left` : '';
  return `[${bar}] ${Math.floor(share * 100)} %, ${rate}/s${left}`;
}
