import { checksFailed } from '../protocol/refusal.ts';
import type { CellEdges } from './cell-edges.ts';
import { clockText } from './clock-times.ts';
import type { Placed } from './grid-columns.ts';
import type { GridRow } from './grid-rows.ts';
import type { Run } from './runs.ts';
import type { DayColumn } from './weekday-names.ts';

/** The texts of one entry of a grid, with the rows that it covers. An entry without rows must print its own time. */
export interface GridCell {
  readonly runs: readonly Run[];
  readonly columns: readonly DayColumn[];
  readonly first: GridRow | undefined;
  readonly last: GridRow | undefined;
}

/** The largest distance between two lines of one entry, in sizes of their letters. */
const LINE_GAP_MAX = 1.7;
/** The largest distance between a label and a text of the same row, in sizes of the text. */
const IN_LINE_MAX = 0.35;
/** Two edges closer than this are one line. */
const SAME_EDGE_PT = 3;

/**
 * Assigns the runs of a grid to cells, by the lines and areas drawn around them. Without lines and areas, the label
 * in line with a run decides.
 * @throws Refusal `CHECKS_FAILED` for an entry whose row is unclear
 */
export function gridCells(
  placed: readonly Placed[],
  rows: readonly GridRow[],
  edges: CellEdges,
): { cells: GridCell[]; outside: Run[] } {
  const cells = new Map<string, { runs: Run[]; columns: readonly DayColumn[]; box: Extent }>();
  const loose = new Map<DayColumn, Placed[]>();
  const outside: Run[] = [];
  const last = rows.at(-1);
  const end = last?.bottom;
  for (const item of placed) {
    const extent = extentOf(item.run, rows, edges);
    if (end !== undefined && item.run.middle > end && rows.every(isBoxed)) outside.push(item.run);
    else if (extent) {
      const key = `${extent.top}|${extent.bottom}|${item.columns.map((column) => column.x0).join(',')}`;
      const cell = cells.get(key) ?? { runs: [], columns: item.columns, box: extent };
      cell.runs.push(item.run);
      cells.set(key, cell);
    } else {
      const [column] = item.columns as [DayColumn];
      loose.set(column, [...(loose.get(column) ?? []), item]);
    }
  }
  const drawn = [...cells.values()].map((cell) => ({ ...cell, ...rowsWithin(cell.box, rows) }));
  const bare = [...loose].map(([column, items]) =>
    looseCells(
      column,
      items.map((item) => item.run),
      rows,
    ),
  );
  return {
    cells: [...drawn, ...bare.flatMap((each) => each.cells)],
    outside: [...outside, ...bare.flatMap((each) => each.outside)],
  };
}

interface Extent {
  readonly top: number;
  readonly bottom: number;
}

function isBoxed(row: GridRow): boolean {
  return row.top !== undefined && row.bottom !== undefined;
}

/** Returns the area of a drawn cell; undefined when only a frame around all rows is drawn. */
function extentOf(run: Run, rows: readonly GridRow[], edges: CellEdges): Extent | undefined {
  const all = Number.POSITIVE_INFINITY;
  const around = edges.around((run.x0 + run.x1) / 2, run.middle, { x0: -all, y0: -all, x1: all, y1: all });
  if (around.top === undefined || around.bottom === undefined) return undefined;
  const { top, bottom } = around;
  const within = rows.filter((row) => top < row.middle && row.middle < bottom);
  const isFrame =
    within.length > 1 &&
    within.some(
      (row) => row.top !== undefined && Math.abs(row.top - top) < SAME_EDGE_PT && row !== within[0],
    );
  if (
    isFrame ||
    (within.length === rows.length &&
      rows.length > 1 &&
      !rows.some(isBoxed) &&
      top < (rows[0] as GridRow).y - 60)
  )
    return undefined;
  return { top, bottom };
}

/** Returns the rows that a drawn cell covers completely; none when the cell ends within a row. */
function rowsWithin(
  box: Extent,
  rows: readonly GridRow[],
): { first: GridRow | undefined; last: GridRow | undefined } {
  const within = rows.filter((row) => box.top < row.middle && row.middle < box.bottom);
  const first = within[0];
  const last = within.at(-1);
  const none = { first: undefined, last: undefined };
  if (!first || !last) return none;
  if (first.top !== undefined && last.bottom !== undefined && rows.every(isBoxed)) {
    const fits =
      Math.abs(first.top - box.top) < SAME_EDGE_PT && Math.abs(last.bottom - box.bottom) < SAME_EDGE_PT;
    return fits ? { first, last } : none;
  }
  const pitches = rows.slice(1).map((row, i) => row.middle - (rows[i] as GridRow).middle);
  const pitch = pitches.length === 0 ? box.bottom - box.top : Math.min(...pitches);
  const height = (box.bottom - box.top - (last.middle - first.middle)) / pitch;
  const above = (first.middle - box.top) / pitch;
  return height > 0.7 && height < 1.15 && above > 0 && above < 1 ? { first, last } : none;
}

/**
 * Makes the cells of a column without lines. The texts of a cell stand one under the other. They begin in line with a
 * label, or in the middle of a label.
 */
function looseCells(
  column: DayColumn,
  runs: readonly Run[],
  rows: readonly GridRow[],
): { cells: GridCell[]; outside: Run[] } {
  const cells: GridCell[] = [];
  const outside: Run[] = [];
  const lastRow = rows.at(-1);
  for (const block of blocksOf(runs)) {
    const pieces = piecesOf(block, rows);
    for (const { runs: own, row } of pieces) {
      const first = own[0] as Run;
      const last = own.at(-1) as Run;
      const next = row && rows[rows.indexOf(row) + 1];
      const reachesOver = next !== undefined && last.y > next.y + first.size * IN_LINE_MAX;
      if (row && !reachesOver) cells.push({ runs: own, columns: [column], first: row, last: row });
      else if (!row && lastRow && first.y > lastRow.y + lastRow.size * LINE_GAP_MAX) outside.push(...own);
      else
        throw checksFailed(
          `The entry "${first.text.slice(0, 80)}" stands between two rows, and nothing tells its time${
            row ? ` (near ${clockText(row.start)})` : ''
          }.`,
        );
    }
  }
  return { cells, outside };
}

function blocksOf(runs: readonly Run[]): Run[][] {
  const blocks: Run[][] = [];
  for (const run of [...runs].sort((a, b) => a.y - b.y)) {
    const last = blocks.at(-1)?.at(-1);
    if (!last || run.y - last.y > LINE_GAP_MAX * Math.max(run.size, last.size)) blocks.push([]);
    blocks.at(-1)?.push(run);
  }
  return blocks;
}

function piecesOf(
  block: readonly Run[],
  rows: readonly GridRow[],
): { runs: Run[]; row: GridRow | undefined }[] {
  const inLine = (run: Run): GridRow | undefined =>
    rows.find(
      (row) =>
        Math.abs(row.y - run.y) <= run.size * IN_LINE_MAX ||
        Math.abs(row.middle - run.middle) <= run.size * IN_LINE_MAX,
    );
  const first = block[0] as Run;
  const last = block.at(-1) as Run;
  if (inLine(first)) {
    const pieces: { runs: Run[]; row: GridRow | undefined }[] = [];
    for (const run of block) {
      const row = inLine(run);
      if (row && row !== pieces.at(-1)?.row) pieces.push({ runs: [], row });
      pieces.at(-1)?.runs.push(run);
    }
    return pieces;
  }
  const middle = (first.middle + last.middle) / 2;
  const row = rows.find((each) => Math.abs(each.middle - middle) <= first.size * 0.6);
  return [{ runs: [...block], row }];
}
