import type { CellContext, OpenRow } from './open-rows.ts';
import type { PlacedColumn } from './table-columns.ts';
import { UNKNOWN_COLUMN } from './table-header.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';

/** Columns of figures of which a row under no titles has as many as the rows before it. */
const FIGURES = ['qty', 'price', 'total'] as const;

/**
 * True for a row on a page without titles that can only be the table's: it has a quantity, a price and an amount, or a
 * name and every figure that the rows above have in their columns, of which there are two at least.
 */
export function isSureRow(cells: ReadonlyMap<string, Found>, rows: readonly OpenRow[]): boolean {
  const usual =
    rows.length === 0 ? FIGURES : FIGURES.filter((name) => rows.some((row) => row.cells.has(name)));
  const isFull = FIGURES.every((name) => cells.has(name));
  return isFull || (cells.has('name') && usual.length >= 2 && usual.every((name) => cells.has(name)));
}

/** A word stands under another when they begin no further apart than this share of the font size. */
const SAME_EDGE = 0.35;

/**
 * The lines at the top of a page that go on with the description of the last row on the page before: they follow one
 * another closely and begin where its words or the titles of its texts do. Where such words stand at the left edge of the
 * table, they may as well be the head of the page and are none of the row's.
 */
export function linesGoingOn(
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

/** Lines of one description are no further apart than this many font sizes. */
const LINE_STEP_MAX = 1.62;

function leftEdge(columns: readonly PlacedColumn[]): number {
  return Math.min(
    ...columns.filter(({ name }) => !name.startsWith(UNKNOWN_COLUMN)).map(({ titleX0 }) => titleX0),
  );
}
