import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import type { Box } from '../pdf/matrix.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { keyOf, tokenLines } from '../printed/tokens.ts';
import { checksFailed } from '../protocol/refusal.ts';
import type { DateOrder } from '../values/dates.ts';
import type { CellEdges } from './cell-edges.ts';
import { cellEdges } from './cell-edges.ts';
import type { PrintedDay } from './printed-dates.ts';
import { dateOf, daysIn, orderOf, weekdayOf } from './printed-dates.ts';
import type { DateReader, Grid } from './read-grid.ts';
import { readGrid } from './read-grid.ts';
import type { ListContext } from './read-list.ts';
import { readList } from './read-list.ts';
import { readTable, titledColumns } from './read-table.ts';
import type { Run } from './runs.ts';
import { runsOf } from './runs.ts';
import type { TimetableReading } from './timetable-entry.ts';
import type { DayColumn, WeekdayNames } from './weekday-names.ts';
import { dayColumns, weekdayNames } from './weekday-names.ts';

/** The lines of a document, and the edges drawn on its pages. */
export interface TimetablePages {
  readonly text: PdfText;
  /** Drawn edges by page number. */
  readonly edges: ReadonlyMap<number, readonly Box[]>;
}

interface Page {
  readonly lines: readonly TokenLine[];
  readonly edges: CellEdges;
}

/**
 * Reads the entries of a timetable: grids (weekdays from left to right, times from top to bottom), or lists with or
 * without titles.
 * @param years the years that the request names, for dates without a year
 * @throws Refusal `CHECKS_FAILED` for an entry that is not understood
 * @returns empty `entries` when the document has no timetable
 */
export function readTimetable(
  pages: TimetablePages,
  mapping: TimetableMapping,
  years: readonly number[] = [],
): TimetableReading {
  const names = weekdayNames(mapping);
  const readDate = dateReader(pages.text, years, pageDateOrder(pages.text, mapping));
  const context: ListContext = { names, dateOf: readDate.on, weekdayOf: readDate.weekdayOf };
  const readings: TimetableReading[] = [];
  const grids: Grid[] = [];
  for (const page of pagesOf(pages)) {
    const own = gridsOf(page, names, mapping);
    grids.push(...own);
    if (own.length > 0) continue;
    const lists = readLists(page, mapping, context);
    if (grids.length > 0) refuseHeadless(page, lists);
    readings.push(...lists);
  }
  const headings = new Set(grids.map((grid) => grid.heading));
  for (const grid of grids)
    readings.push(readGrid({ ...grid, heading: headings.size > 1 ? grid.heading : undefined }, readDate.on));
  const turned = pagesOf(pages, { rotated: true }).flatMap((page) => page.lines.map((line) => line.text));
  return {
    entries: readings.flatMap((reading) => reading.entries),
    leftOut: [...readings.flatMap((reading) => reading.leftOut), ...turned],
    severalLines: readings.reduce((sum, reading) => sum + reading.severalLines, 0),
  };
}

function pagesOf({ text, edges }: TimetablePages, { rotated } = { rotated: false }): Page[] {
  const lines = tokenLines(text.pages).filter((line) => line.rotated === rotated);
  return text.pages.map(({ page }) => ({
    lines: lines.filter((line) => line.page === page),
    edges: cellEdges(edges.get(page) ?? []),
  }));
}

/**
 * Refuses a page that follows a grid and has times but no day. Its rows continue the grid, and their days are unknown.
 */
function refuseHeadless(page: Page, lists: readonly TimetableReading[]): void {
  const isHeadless =
    lists.every((list) => list.entries.length === 0) && lists.some((list) => list.leftOut.length > 0);
  if (!isHeadless) return;
  throw checksFailed(
    `Page ${page.lines[0]?.page ?? ''} has times and no days; the days of a grid must stand on each of its pages.`,
  );
}

interface Head {
  readonly at: number;
  readonly columns: readonly DayColumn[];
}

function gridsOf(page: Page, names: WeekdayNames, mapping: TimetableMapping): Grid[] {
  const titles = new Set((mapping.headers['time'] ?? []).map(keyOf));
  const heads = page.lines.flatMap((line, at): Head[] => {
    const columns = dayColumns(line, names, titles);
    return columns.length > 0 ? [{ at, columns }] : [];
  });
  requireUpright(page, heads.length > 0);
  return heads.flatMap(({ at, columns }, i) => {
    const head = page.lines[at] as TokenLine;
    const until = heads[i + 1] ? headingStart(page, (heads[i + 1] as Head).at) : page.lines.length;
    const body = page.lines.slice(at + 1, until).map((line) => runsOf(line, page.edges));
    const dated = withDates(columns, body);
    const heading = page.lines
      .slice(headingStart(page, at), at)
      .map((line) => line.text)
      .join(' ');
    return sideBySide(dated.columns, dated.body.flat()).map((part) => ({
      ...part,
      headY: head.y,
      heading: heading === '' ? undefined : heading,
      edges: page.edges,
    }));
  });
}

/**
 * Refuses a grid on a page whose text runs sideways. Edges are known on the page as shown, so they cannot be compared
 * with sideways lines.
 */
function requireUpright(page: Page, hasGrid: boolean): void {
  const word = page.lines[0]?.tokens[0]?.word;
  if (hasGrid && word && Math.abs(word.box.x0 - word.x0) > 2)
    throw checksFailed(`The text of page ${word.page} runs sideways; turn the page and send it again.`);
}

/** The line above the days of a grid is the heading of the grid when it is close to the days. */
function headingStart(page: Page, at: number): number {
  const over = page.lines[at - 1];
  const head = page.lines[at] as TokenLine;
  return over && head.y - over.y <= 40 && !/\d[:h]\d\d/.test(over.text) ? at - 1 : at;
}

/** When the first line under the days has only dates, each day gets its date. */
function withDates(
  columns: readonly DayColumn[],
  body: readonly (readonly Run[])[],
): { columns: readonly DayColumn[]; body: readonly (readonly Run[])[] } {
  const [first, ...rest] = body;
  const dates = (first ?? []).map((run) => {
    const words = run.tokens.map((token) => token.text);
    const [found, more] = daysIn(words);
    return found && !more && found.count === words.length ? { run, day: found.day } : undefined;
  });
  const isDateRow = first !== undefined && dates.length > 0 && dates.every((date) => date !== undefined);
  const dated = isDateRow
    ? columns.map((column) => ({
        ...column,
        date: dates.find((date) => date && isUnder(date.run, column))?.day ?? column.date,
      }))
    : columns;
  const withDate = dated.filter((column) => column.date !== undefined).length;
  if (withDate > 0 && withDate < dated.length)
    throw checksFailed('Some days of the timetable have a date and some have none.');
  return { columns: dated, body: isDateRow ? rest : body };
}

function isUnder(run: Run, column: DayColumn): boolean {
  const off = Math.abs((run.x0 + run.x1) / 2 - (column.x0 + column.x1) / 2);
  return off < 40 || Math.abs(run.x0 - column.x0) < 4;
}

/**
 * Splits grids that stand side by side. A repeated day begins the next grid, and so does a time column between two
 * days.
 */
function sideBySide(
  columns: readonly DayColumn[],
  runs: readonly Run[],
): { columns: readonly DayColumn[]; runs: readonly Run[] }[] {
  const groups: DayColumn[][] = [];
  const starts: number[] = [];
  columns.forEach((column, i) => {
    const before = columns[i - 1];
    const times = before
      ? runs.filter((run) => run.x0 > before.x1 && run.x1 < column.x0 && /^\d{1,2}\s?[:h.]/.test(run.text))
      : [];
    const isRepeated = groups.at(-1)?.some((other) => other.days.some((day) => column.days.includes(day)));
    if (!before || times.length > 1 || isRepeated) {
      groups.push([]);
      starts.push(
        !before ? Number.NEGATIVE_INFINITY : Math.min(column.x0 - 2, ...times.map((run) => run.x0)),
      );
    }
    groups.at(-1)?.push(column);
  });
  return groups.map((group, i) => ({
    columns: group,
    runs: runs.filter(
      (run) => run.x0 >= (starts[i] as number) && run.x0 < (starts[i + 1] ?? Number.POSITIVE_INFINITY),
    ),
  }));
}

function readLists(page: Page, mapping: TimetableMapping, context: ListContext): TimetableReading[] {
  const lines = page.lines.map((line) => runsOf(line, page.edges));
  for (const [i, line] of lines.entries()) {
    const columns = titledColumns(line, mapping.headers);
    if (columns.length > 0) return [readTable(columns, lines.slice(i + 1), context)];
  }
  return [readList(lines, context)];
}

function wordsOf(text: PdfText): string[][] {
  return text.pages.flatMap((page) => page.lines.map((line) => line.words.map((word) => word.text)));
}

/** Returns the order of day and month in the dates of a document; undefined when no date shows it. */
export function pageDateOrder(text: PdfText, mapping: TimetableMapping): DateOrder | undefined {
  const words = wordsOf(text);
  const days = words.flatMap((line) => daysIn(line)).map(({ day }) => day);
  return orderOf(days, isEnglish(words.flat(), weekdayNames(mapping)));
}

function dateReader(
  text: PdfText,
  asked: readonly number[],
  order: DateOrder | undefined,
): { on: DateReader; weekdayOf: (day: PrintedDay) => number } {
  const printed = wordsOf(text)
    .flat()
    .flatMap((word) => [...word.matchAll(/(?<!\d)20\d\d(?!\d)/g)].map(([year]) => Number(year)));
  const known = { order, years: [...new Set([...asked, ...printed])] };
  return {
    on: (day, weekday) => dateOf(day, known, weekday),
    weekdayOf: (day) => weekdayOf(dateOf(day, known, undefined)),
  };
}

const ENGLISH = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?$/;

/** True when the page is in English, which writes dates in both orders. The other languages put the day first. */
function isEnglish(words: readonly string[], names: WeekdayNames): boolean {
  const keys = words.map(keyOf).filter((key) => names.has(key));
  return keys.length === 0 || keys.some((key) => ENGLISH.test(key));
}
