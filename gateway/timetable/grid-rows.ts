import { checksFailed } from '../protocol/refusal.ts';
import type { CellEdges } from './cell-edges.ts';
import { clockText, singleClock, wholeRange } from './clock-times.ts';
import { plainDashes } from '../values/numbers.ts';
import type { Run } from './runs.ts';

/** A row of a grid: its time and its place. */
export interface GridRow {
  readonly start: number;
  /** The end of the row; undefined for a last row that prints its start only. */
  readonly end: number | undefined;
  /** The middle of the row's label, in page points. */
  readonly middle: number;
  /** The baseline of the first line of the row's label. */
  readonly y: number;
  readonly size: number;
  /** The edges drawn above and below the label. */
  readonly top: number | undefined;
  readonly bottom: number | undefined;
}

interface Label {
  readonly start: number;
  readonly end: number | undefined;
  readonly first: Run;
  readonly last: Run;
}

/** The largest distance between two lines of one label, in sizes of their letters. */
const LINE_GAP_MAX = 1.7;

/**
 * Makes rows from the runs of the time column, in order.
 * @throws Refusal `CHECKS_FAILED` when a time is not later than the previous time, or an end is missing
 */
export function gridRows(runs: readonly Run[], edges: CellEdges): GridRow[] {
  const labels = labelsOf(runs, edges);
  const rows = labels.map((label, i): GridRow => {
    const around = aroundOf(label.first, edges);
    return {
      start: label.start,
      end: label.end ?? labels[i + 1]?.start,
      middle: (label.first.middle + label.last.middle) / 2,
      y: label.first.y,
      size: label.first.size,
      top: around.top,
      bottom: aroundOf(label.last, edges).bottom,
    };
  });
  rows.forEach((row, i) => {
    const next = rows[i + 1];
    if (next && next.start <= row.start)
      throw checksFailed(
        `The times of the rows do not go up: ${clockText(next.start)} stands under ${clockText(row.start)}.`,
      );
  });
  return rows;
}

function aroundOf(run: Run, edges: CellEdges): { top: number | undefined; bottom: number | undefined } {
  const everywhere = { x0: 0, y0: 0, x1: Number.POSITIVE_INFINITY, y1: Number.POSITIVE_INFINITY };
  return edges.around((run.x0 + run.x1) / 2, run.middle, everywhere);
}

/** Finds the labels of rows: a range on one line, a start and an end on two lines, or a start alone. */
function labelsOf(runs: readonly Run[], edges: CellEdges): Label[] {
  const labels: Label[] = [];
  for (let i = 0; i < runs.length; i += 1) {
    const run = runs[i] as Run;
    const next = runs[i + 1];
    const range = wholeRange(run.text);
    if (range) {
      labels.push({ start: range.start, end: range.end, first: run, last: run });
      continue;
    }
    const start = singleClock(plainDashes(run.text).replace(/\s*-\s*$/, ''));
    if (start === undefined) continue;
    const pair = next && isOneLabel(runs, i, edges) ? wholeRange(pairText(run, next)) : undefined;
    labels.push({ start, end: pair?.end, first: run, last: pair && next ? next : run });
    if (pair) i += 1;
  }
  return labels;
}

function pairText(run: Run, next: Run): string {
  const plain = (text: string): string => plainDashes(text).replace(/^\s*-\s*|\s*-\s*$/g, '');
  return `${plain(run.text)} - ${plain(next.text)}`;
}

/**
 * True when a time and the time below it are one label. They have a dash, one drawn cell, or a gap that the next pair
 * does not have.
 */
function isOneLabel(runs: readonly Run[], at: number, edges: CellEdges): boolean {
  const run = runs[at] as Run;
  const next = runs[at + 1] as Run;
  const after = runs[at + 2];
  if (/-\s*$/.test(plainDashes(run.text)) || /^\s*-/.test(plainDashes(next.text))) return true;
  const own = aroundOf(run, edges);
  const other = aroundOf(next, edges);
  const bottom = own.top === undefined ? undefined : own.bottom;
  if (bottom !== undefined && bottom < next.middle) return false;
  const gap = next.y - run.y;
  if (gap > LINE_GAP_MAX * run.size) return false;
  if (bottom !== undefined && bottom === other.bottom && own.top === other.top)
    return after === undefined || bottom < after.middle;
  return after !== undefined
    ? after.y - next.y > gap * 1.25
    : at > 0 && run.y - (runs[at - 1] as Run).y > gap * 1.25;
}
