import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { checksFailed } from '../protocol/refusal.ts';
import type { CellEdges } from './cell-edges.ts';
import { clockRanges, clockText, singleClock, wholeRange } from './clock-times.ts';
import { plainDashes } from '../values/numbers.ts';
import { entryParts } from './entry-parts.ts';
import { gridCells } from './grid-cells.ts';
import type { GridCell } from './grid-cells.ts';
import { placeInColumns } from './grid-columns.ts';
import { gridRows } from './grid-rows.ts';
import type { GridRow } from './grid-rows.ts';
import type { PrintedDay } from './printed-dates.ts';
import type { Run } from './runs.ts';
import type { TimetableEntry, TimetableReading } from './timetable-entry.ts';
import type { DayColumn } from './weekday-names.ts';

/** One grid: the titles of its days, and the runs between them and the next grid. */
export interface Grid {
  readonly columns: readonly DayColumn[];
  readonly headY: number;
  readonly runs: readonly Run[];
  readonly heading: string | undefined;
  readonly edges: CellEdges;
}

/** Returns the date of a printed day on that weekday. */
export type DateReader = (day: PrintedDay, weekday: number) => string;

/** Height in points of the space below the last label that belongs to a last row without lines. */
const LAST_ROW_PT = 60;

/**
 * Reads the entries of a grid: weekdays from left to right with times from top to bottom, or entries with their own
 * times.
 * @throws Refusal `CHECKS_FAILED` for an entry whose day or time is unclear
 */
export function readGrid(grid: Grid, dateOf: DateReader): TimetableReading {
  const left = Math.min(...grid.columns.map((column) => column.x0));
  const isTime = (run: Run): boolean =>
    run.x1 < left + 2 &&
    (wholeRange(run.text) !== undefined ||
      singleClock(plainDashes(run.text).replace(/^\s*-\s*|\s*-\s*$/g, '')) !== undefined);
  const times = grid.runs.filter(isTime);
  const beside = grid.runs.filter((run) => run.x1 < left - 2 && !isTime(run) && /\p{L}{3}/u.test(run.text));
  const inDays = grid.runs.filter((run) => !isTime(run) && run.x1 >= left - 2);
  if (times.length === 0) return agenda(grid, inDays, dateOf);
  const rows = gridRows(times, grid.edges);
  const bottom = bottomOf(rows);
  const lastY = rows.at(-1)?.y ?? 0;
  const { placed, without } = placeInColumns(
    {
      inside: inDays.filter((run) => run.y <= lastY + run.size),
      outside: inDays.filter((run) => run.y > lastY + run.size && run.y <= bottom),
    },
    grid.columns,
    grid.edges,
  );
  const { cells, outside } = gridCells(placed, rows, grid.edges);
  const below = inDays.filter((run) => run.y > bottom);
  return gathered(
    cells.map((cell) => entriesOf(cell, grid, dateOf)),
    [...beside, ...without, ...outside, ...below],
  );
}

function bottomOf(rows: readonly GridRow[]): number {
  const last = rows.at(-1);
  if (!last) return 0;
  if (last.bottom !== undefined && rows.every((row) => row.bottom !== undefined)) return last.bottom;
  const pitches = rows.slice(1).map((row, i) => row.y - (rows[i] as GridRow).y);
  return last.y + (pitches.length === 0 ? LAST_ROW_PT : Math.max(...pitches));
}

interface CellEntries {
  readonly entries: readonly TimetableEntry[];
  readonly severalLines: number;
}

function gathered(cells: readonly CellEntries[], leftOut: readonly Run[]): TimetableReading {
  return {
    entries: cells.flatMap((cell) => cell.entries),
    leftOut: leftOut.map((run) => run.text),
    severalLines: cells.reduce((sum, cell) => sum + cell.severalLines, 0),
  };
}

function entriesOf(cell: GridCell, grid: Grid, dateOf: DateReader): CellEntries {
  const runs = [...cell.runs].sort((a, b) => a.y - b.y || a.x0 - b.x0);
  const where = cell.first ? `row ${clockText(cell.first.start)}` : 'no row';
  const parts = entryParts(
    runs.map((run) => run.text),
    where,
  );
  if (!parts) return { entries: [], severalLines: 0 };
  const row = cell.first && cell.last ? { start: cell.first.start, end: cell.last.end } : undefined;
  const own = parts.time;
  if (own && row && (own.start < row.start || own.start >= (row.end ?? 1440)))
    throw unclear(parts.title, `it prints the time ${clockText(own.start)} and stands in the ${where}`);
  const time = own ?? row;
  if (time?.end === undefined)
    throw unclear(parts.title, row ? 'the end of its row is not printed' : 'its cell ends within a row');
  const { start, end } = time;
  const { title, place, teacher } = parts;
  const entries = eachDay(cell.columns, dateOf).map(({ weekday, date }): TimetableEntry => ({
    weekday,
    date,
    start,
    end,
    title,
    place,
    teacher,
    heading: grid.heading,
    page: runs[0]?.page ?? 0,
    raw: runs.map((run) => run.text).join(' '),
    box: boxOfRuns(runs),
    rule: 'grid',
  }));
  return { entries, severalLines: parts.titleLines > 1 ? 1 : 0 };
}

function boxOfRuns(runs: readonly Run[]): Box {
  return runs.map((run) => run.box).reduce(union);
}

function unclear(title: string, why: string): Refusal {
  return checksFailed(`The entry "${title.slice(0, 80)}" was not understood: ${why}.`);
}

function eachDay(
  columns: readonly DayColumn[],
  dateOf: DateReader,
): { weekday: number; date: string | undefined }[] {
  return columns.flatMap(({ days, date }) =>
    days.map((weekday) => ({ weekday, date: date && dateOf(date, weekday) })),
  );
}

/** Reads a grid without a time column. Each of its entries begins with its own time. */
function agenda(grid: Grid, runs: readonly Run[], dateOf: DateReader): TimetableReading {
  const { placed, without } = placeInColumns(
    { inside: runs.filter(beginsEntry), outside: runs.filter((run) => !beginsEntry(run)) },
    grid.columns,
    grid.edges,
  );
  const cells: CellEntries[] = [];
  const leftOut = [...without];
  for (const column of grid.columns) {
    const own = placed.filter((item) => item.columns.includes(column)).map((item) => item.run);
    const groups: Run[][] = [];
    for (const run of own.sort((a, b) => a.y - b.y)) {
      const last = groups.at(-1)?.at(-1);
      if (beginsEntry(run)) groups.push([run]);
      else if (last && run.y - last.y <= run.size * 1.7) groups.at(-1)?.push(run);
      else leftOut.push(run);
    }
    for (const group of groups)
      cells.push(
        entriesOf({ runs: group, columns: [column], first: undefined, last: undefined }, grid, dateOf),
      );
  }
  return gathered(cells, leftOut);
}

function beginsEntry(run: Run): boolean {
  return clockRanges(run.text)[0]?.from === 0;
}
