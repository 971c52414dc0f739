import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import { whenIdle } from '../page/when-idle.ts';

/** A list of up to this many rows is drawn as a whole. Of a longer list, only the rows near the screen are drawn. */
export const ROWS_DRAWN_MAX = 200;
/** Number of rows drawn beyond each edge, so that fast scrolling and the arrow keys find no blank space. */
const AHEAD_ROWS = 20;
const ROW_HEIGHT_GUESS_PX = 60;
/** Assumed height of the area above the list, until it is measured. A wrong value only causes a second drawing. */
const ABOVE_GUESS_PX = -240;
/** The window moves in steps of this many rows, so that small movements draw nothing. */
const STEP_ROWS = 5;

export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The scroll position, and the sizes of things on the page. */
export interface Seen {
  readonly above: number;
  readonly screenPx: number;
  readonly rowPx: number;
}

/**
 * The rows to draw when `above` pixels of the list are hidden above a screen of `screenPx`. `above` is negative when
 * the list begins further down. `ahead` rows are drawn beyond each edge.
 */
export function rangeOf(
  count: number,
  { above, screenPx, rowPx }: Seen,
  ahead: number = AHEAD_ROWS,
): RowRange {
  if (count <= ROWS_DRAWN_MAX) return { start: 0, end: count };
  const stepPx = rowPx * STEP_ROWS;
  const shown = Math.ceil((screenPx + stepPx) / rowPx);
  const first = Math.floor(Math.max(0, above) / stepPx) * STEP_ROWS;
  const last = Math.max(1, Math.ceil((above + screenPx) / rowPx));
  const start = Math.max(0, Math.min(first, count - shown) - ahead);
  const end = ahead === 0 ? last : Math.ceil(last / STEP_ROWS) * STEP_ROWS + ahead;
  return { start, end: Math.min(count, end) };
}

export interface RowWindow extends RowRange {
  readonly rowPx: number;
}

/**
 * Follows the page's scrolling. All rows of a long list have the height of the first drawn row. At first only visible
 * rows are drawn. The rows beyond them follow when the browser is idle, or at the first scroll.
 */
export function useRowWindow(body: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [seen, setSeen] = useState<Seen>({
    above: ABOVE_GUESS_PX,
    screenPx: innerHeight,
    rowPx: ROW_HEIGHT_GUESS_PX,
  });
  const [ahead, setAhead] = useState(0);
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
      setSeen((now) => (isSameWindow(count, now, next) ? now : next));
    };
    const move = () => {
      setAhead(AHEAD_ROWS);
      look();
    };
    look();
    addEventListener('scroll', move, { passive: true, signal: stop.signal });
    addEventListener('resize', look, { signal: stop.signal });
    return () => stop.abort();
  }, [windowed, count, body]);

  useEffect(
    () => (windowed && ahead < AHEAD_ROWS ? whenIdle(() => setAhead(ahead + STEP_ROWS)) : undefined),
    [windowed, ahead],
  );

  return { ...rangeOf(count, seen, ahead), rowPx: seen.rowPx };
}

function isSameWindow(count: number, left: Seen, right: Seen): boolean {
  const before = rangeOf(count, left);
  const after = rangeOf(count, right);
  return before.start === after.start && before.end === after.end && left.rowPx === right.rowPx;
}
