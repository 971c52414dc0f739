import { useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Up to this many rows are simply drawn; above it only those near the screen are. */
export const ROWS_DRAWN_MAX = 200;
/** Rows drawn beyond each edge, so that fast scrolling and the arrow keys never meet a blank. */
const OVERSCAN_ROWS = 20;
const ROW_HEIGHT_GUESS_PX = 60;
/** The window moves in steps of so many rows: scrolling by a pixel draws nothing. */
const STEP_ROWS = 5;

export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The rows to draw when `above` pixels of the list are out of sight above a screen of `screenPx`. */
export function rangeOf(count: number, above: number, screenPx: number, rowPx: number): RowRange {
  if (count <= ROWS_DRAWN_MAX) return { start: 0, end: count };
  const stepPx = rowPx * STEP_ROWS;
  const first = Math.floor(Math.max(0, above) / stepPx) * STEP_ROWS;
  const shown = Math.ceil((screenPx + stepPx) / rowPx);
  const start = Math.max(0, Math.min(first, count - shown) - OVERSCAN_ROWS);
  return { start, end: Math.min(count, first + shown + OVERSCAN_ROWS) };
}

export interface RowWindow extends RowRange {
  readonly rowPx: number;
}

/** Follows the page's own scrolling; rows of a long list all have the height of the first one drawn. */
export function useRowWindow(body: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [seen, setSeen] = useState({ above: 0, screenPx: innerHeight, rowPx: ROW_HEIGHT_GUESS_PX });
  const windowed = count > ROWS_DRAWN_MAX;

  useLayoutEffect(() => {
    if (!windowed) return;
    const stop = new AbortController();
    const look = () => {
      const element = body.current;
      if (element === null) return;
      const rowPx =
        element.querySelector('[data-row]')?.getBoundingClientRect().height ?? ROW_HEIGHT_GUESS_PX;
      const next = {
        above: -element.getBoundingClientRect().top,
        screenPx: innerHeight,
        rowPx: rowPx || ROW_HEIGHT_GUESS_PX,
      };
      setSeen((now) => (sameWindow(count, now, next) ? now : next));
    };
    look();
    addEventListener('scroll', look, { passive: true, signal: stop.signal });
    addEventListener('resize', look, { signal: stop.signal });
    return () => stop.abort();
  }, [windowed, count, body]);

  return { ...rangeOf(count, seen.above, seen.screenPx, seen.rowPx), rowPx: seen.rowPx };
}

interface Seen {
  readonly above: number;
  readonly screenPx: number;
  readonly rowPx: number;
}

function sameWindow(count: number, left: Seen, right: Seen): boolean {
  const [before, after] = [left, right].map(({ above, screenPx, rowPx }) =>
    rangeOf(count, above, screenPx, rowPx),
  );
  return before?.start === after?.start && before?.end === after?.end && left.rowPx === right.rowPx;
}
