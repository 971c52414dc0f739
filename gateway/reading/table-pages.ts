import type { CellContext, OpenRow } from './open-rows.ts';
import type { PlacedColumn } from './table-columns.ts';
import { UNKNOWN_COLUMN } from './table-header.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';

/** Columns of figures that are compared with the rows above, on a page without titles. */
const FIGURES = ['qty', 'price', 'total'] as const;

/**
 * True for a row that surely belongs to the table, on a page without titles. It has a quantity, a price and an
 * amount. Or it has a name and at least two figures, and no figure that the rows above have is missing.
 */
export function isSureRow(cells: ReadonlyMap<string, Found>, rows: readonly OpenRow[]): boolean {
  const usual =
    rows.length === 0 ? FIGURES : FIGURES.filter((name) => rows.some((row) => row.cells.has(name)));
  const isFull = FIGURES.every((name) => cells.has(name));
  return isFull || (cells.has('name') && usual.length >= 2 && usual.every((name) => cells.has(name)));
}

/** A word stands under another if their left edges differ by at most this many font sizes. */
const SAME_EDGE = 0.35;

/**
 * Finds the lines at the top of a page that continue the description of the last row on the previous page. The lines
 * follow one another closely. They begin at the left edge of the row's words or of a text column's title. Lines at
 * the left edge of the table may be the page's heading, so they do not count.
 */
export function continuationLines(
  row: OpenRow,
  lines: readonly TokenLine[],
  { columns }: CellContext,
): readonly TokenLine[] {
  const texts = columns.filter(({ type }) => type === 'text' || type === 'code');
  const edges = [
    ...texts.map(({ titleX0 }) => titleX0),
    ...(row.blocks.get('name') ?? []).flatMap(([first]) => (first ? [first.x0] : [])),
  ].filter((x0) => x0 > leftEdge(columns) + 1);
  const begins = (cell: readonly Token[], { size }: TokenLine): boolean =>
    edges.some((edge) => Math.abs((cell[0]?.x0 ?? 0) - edge) <= SAME_EDGE * size);
  const own: TokenLine[] = [];
  for (const line of lines) {
    const above = own.at(-1);
    const isClose = !above || (line.page === above.page && line.y - above.y <= LINE_STEP_MAX * line.size);
    if (line.rotated || !isClose || !cellsOf(line).every((cell) => begins(cell, line))) break;
    own.push(line);
  }
  return own;
}

/** The lines of one description are at most this many font sizes apart. */
const LINE_STEP_MAX = 1.62;

function leftEdge(columns: readonly PlacedColumn[]): number {
  return Math.min(
    ...columns.filter(({ name }) => !name.startsWith(UNKNOWN_COLUMN)).map(({ titleX0 }) => titleX0),
  );
}
