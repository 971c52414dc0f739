import { checksFailed } from '../protocol/refusal.ts';
import type { CellEdges } from './cell-edges.ts';
import type { Run } from './runs.ts';
import type { DayColumn } from './weekday-names.ts';

/** The alignment of the texts of a grid with the titles of their columns. */
type Alignment = 'left' | 'centre';

/** A run and its columns in a grid. */
export interface Placed {
  readonly run: Run;
  readonly columns: readonly DayColumn[];
}

/** The largest distance between a text and its column, as a share of the distance of two columns. */
const OFFSET_MAX = 0.4;
/** The assumed width in points of the column in a grid with only one column. */
const LONE_COLUMN_PT = 120;

/**
 * Finds the columns of each run, by the lines drawn around it. Without lines, the side on which the texts are aligned
 * decides.
 * @param runs.inside runs that must have a column
 * @param runs.outside runs that are left out when they have no column
 * @throws Refusal `CHECKS_FAILED` for an entry between two days
 */
export function placeInColumns(
  runs: { readonly inside: readonly Run[]; readonly outside: readonly Run[] },
  columns: readonly DayColumn[],
  edges: CellEdges,
): { placed: Placed[]; without: Run[] } {
  const all = [...runs.inside, ...runs.outside];
  const drawn = new Map(all.map((run) => [run, drawnColumns(run, columns, edges)]));
  const rest = runs.inside.filter((run) => drawn.get(run) === undefined);
  const alignment = (['left', 'centre'] as const)
    .map((side) => ({
      side,
      off: rest.reduce((sum, run) => sum + (nearest(run, columns, side)?.off ?? 0), 0),
    }))
    .reduce((best, next) => (next.off < best.off ? next : best)).side;
  const placed: Placed[] = [];
  const without: Run[] = [];
  for (const run of all) {
    const own = drawn.get(run) ?? alignedColumn(run, columns, alignment);
    if (own) placed.push({ run, columns: own });
    else if (runs.outside.includes(run)) without.push(run);
    else
      throw checksFailed(
        `The entry "${run.text.slice(0, 80)}" stands between two days or reaches over several.`,
      );
  }
  return { placed, without };
}

const everywhere = {
  x0: Number.NEGATIVE_INFINITY,
  y0: Number.NEGATIVE_INFINITY,
  x1: Number.POSITIVE_INFINITY,
  y1: Number.POSITIVE_INFINITY,
};

/**
 * Returns the columns whose titles lie between the drawn sides of a run's cell. A cell over several days has several
 * columns.
 */
function drawnColumns(
  run: Run,
  columns: readonly DayColumn[],
  edges: CellEdges,
): readonly DayColumn[] | undefined {
  const around = edges.around((run.x0 + run.x1) / 2, run.middle, everywhere);
  if (around.left === undefined || around.right === undefined) return undefined;
  const left = around.left;
  const right = around.right;
  const own = columns.filter((column) => left < centreOf(column) && centreOf(column) < right);
  if (own.length === 1 && run.x0 >= left - 2 && run.x1 <= right + 2) {
    const [only] = own as [DayColumn];
    // The drawn sides belong to this column only when its whole title lies between them.
    return only.x0 > left - 2 && only.x1 < right + 2 ? own : undefined;
  }
  const isWhole = around.top !== undefined && around.bottom !== undefined;
  const areBordered = own.every((column, i) => {
    const next = own[i + 1];
    return next === undefined || columnBorder(column, next, edges, run) !== undefined;
  });
  return own.length > 1 && isWhole && areBordered ? own : undefined;
}

/** True when a line elsewhere on the page divides two columns that one cell of a run covers. */
function columnBorder(left: DayColumn, right: DayColumn, edges: CellEdges, run: Run): true | undefined {
  for (let y = run.middle - 400; y < run.middle + 400; y += 4)
    if (Math.abs(y - run.middle) > run.size && edges.between(left.x1, right.x0, y)) return true;
  return undefined;
}

function centreOf(item: { readonly x0: number; readonly x1: number }): number {
  return (item.x0 + item.x1) / 2;
}

function nearest(
  run: Run,
  columns: readonly DayColumn[],
  side: Alignment,
): { column: DayColumn; off: number; second: number } | undefined {
  const offs = columns
    .map((column) => ({
      column,
      off: side === 'left' ? Math.abs(run.x0 - column.x0) : Math.abs(centreOf(run) - centreOf(column)),
    }))
    .sort((a, b) => a.off - b.off);
  const [first, second] = offs;
  return first && { ...first, second: second?.off ?? Number.POSITIVE_INFINITY };
}

function alignedColumn(
  run: Run,
  columns: readonly DayColumn[],
  side: Alignment,
): readonly DayColumn[] | undefined {
  const near = nearest(run, columns, side);
  if (!near) return undefined;
  const at = columns.indexOf(near.column);
  const before = columns[at - 1];
  const after = columns[at + 1];
  const pitch = Math.min(
    before ? near.column.x0 - before.x0 : Number.POSITIVE_INFINITY,
    after ? after.x0 - near.column.x0 : Number.POSITIVE_INFINITY,
  );
  const width = Number.isFinite(pitch) ? pitch : LONE_COLUMN_PT;
  const reachesOver =
    (after !== undefined && run.x1 > (side === 'left' ? after.x0 : centreOf(after))) ||
    (before !== undefined && run.x0 < (side === 'left' ? before.x1 - width : centreOf(before)));
  return near.off <= width * OFFSET_MAX && !reachesOver ? [near.column] : undefined;
}
