import type { Refusal } from '../protocol/refusal.ts';
import { checksFailed } from '../protocol/refusal.ts';
import { keyOf } from '../printed/tokens.ts';
import { clockRanges, hasClock, singleClock } from './clock-times.ts';
import type { ClockRange } from './clock-times.ts';
import { entryParts } from './entry-parts.ts';
import { dayIn } from './printed-dates.ts';
import type { EntryDays, ListContext } from './read-list.ts';
import { listEntries } from './read-list.ts';
import type { Run } from './runs.ts';
import type { TimetableEntry, TimetableReading } from './timetable-entry.ts';
import { namedDays } from './weekday-names.ts';

/** The columns that a list with titles may have. */
type ColumnName = 'day' | 'date' | 'time' | 'start' | 'end' | 'title' | 'place' | 'teacher';

interface TitledColumn {
  readonly name: ColumnName;
  readonly x0: number;
  readonly x1: number;
}

const NAMES: readonly ColumnName[] = ['day', 'date', 'start', 'end', 'time', 'title', 'place', 'teacher'];

/** Reads the titles of a list: a day, and a time or a start and an end. Every title of the line must be known. */
export function titledColumns(
  line: readonly Run[],
  headers: Readonly<Record<string, readonly string[]>>,
): TitledColumn[] {
  const columns = line.map((run) => {
    const name = NAMES.find((each) => headers[each]?.some((title) => keyOf(title) === wholeKey(run)));
    return name && { name, x0: run.x0, x1: run.x1 };
  });
  const known = columns.filter((column) => column !== undefined);
  const has = (name: ColumnName): boolean => known.some((column) => column.name === name);
  const isList = (has('day') || has('date')) && (has('time') || (has('start') && has('end'))) && has('title');
  if (!isList) return [];
  if (known.length < line.length)
    throw checksFailed(
      `The column "${line.find((_, i) => columns[i] === undefined)?.text.slice(0, 60) ?? ''}" of the list is not known.`,
    );
  return known;
}

function wholeKey(run: Run): string {
  return run.tokens.map((token) => token.key).join('');
}

type Row = Partial<Record<ColumnName, string[]>> & { readonly runs: Run[] };

/**
 * Reads the entries of a list with titled columns. A day is valid for the rows below it until the next day.
 * @param lines the runs of each line under the titles
 * @throws Refusal `CHECKS_FAILED` for a row that is not understood
 */
export function readTable(
  columns: readonly TitledColumn[],
  lines: readonly (readonly Run[])[],
  context: ListContext,
): TimetableReading {
  const rows: Row[] = [];
  const leftOut: string[] = [];
  for (const line of lines) {
    const cells = line.map((run) => ({ run, name: columnOf(run, columns) }));
    const last = rows.at(-1);
    const lastRun = last?.runs.at(-1);
    const isClose = lastRun !== undefined && (line[0]?.y ?? 0) - lastRun.y <= lastRun.size * 1.7;
    const texts = cells.every(({ name }) => name === 'title' || name === 'place' || name === 'teacher');
    const isRow = cells.some(({ run, name }) => (name === 'time' || name === 'start') && hasClock(run.text));
    if (isRow) rows.push({ runs: [] });
    const row = isRow || (texts && isClose && last) ? rows.at(-1) : undefined;
    if (!row) leftOut.push(line.map((run) => run.text).join(' '));
    for (const { run, name } of row ? cells : []) {
      if (!name || !row) throw unclear(run.text, 'it stands between two columns');
      (row[name] ??= []).push(run.text);
      row.runs.push(run);
    }
  }
  let current: EntryDays | undefined;
  const entries: TimetableEntry[] = [];
  for (const row of rows) {
    current = daysOf(row, context) ?? current;
    if (!current) throw unclear(rowText(row), 'it has no day');
    entries.push(...entriesOf(row, current, context));
  }
  return { entries, leftOut, severalLines: 0 };
}

function columnOf(run: Run, columns: readonly TitledColumn[]): ColumnName | undefined {
  const over = columns.filter((column) => run.x0 < column.x1 && column.x0 < run.x1);
  if (over.length > 1) return undefined;
  if (over[0]) return over[0].name;
  const near = [...columns].sort((a, b) => distance(run, a) - distance(run, b));
  return near[0]?.name;
}

function distance(run: Run, column: TitledColumn): number {
  return Math.min(
    Math.abs(run.x0 - column.x0),
    Math.abs((run.x0 + run.x1) / 2 - (column.x0 + column.x1) / 2),
  );
}

function daysOf(row: Row, context: ListContext): EntryDays | undefined {
  const words = row.runs.flatMap((run) => run.tokens);
  const dayText = row.day?.join(' ');
  const from = dayText === undefined ? [] : words.filter((token) => dayText.split(' ').includes(token.text));
  const named = dayText === undefined ? undefined : namedDays(from, context.names);
  if (dayText !== undefined && (!named || named.count < from.length))
    throw unclear(rowText(row), `"${dayText}" is no weekday`);
  const printed = row.date?.join(' ');
  const date = printed === undefined ? named?.date : dayIn(printed.split(/\s+/))?.day;
  if (printed !== undefined && date === undefined) throw unclear(rowText(row), `"${printed}" is no date`);
  return named || date ? { days: named?.days ?? [], date } : undefined;
}

function entriesOf(row: Row, days: EntryDays, context: ListContext): TimetableEntry[] {
  const parts = entryParts(row.title ?? [], 'list');
  if (!parts) throw unclear(rowText(row), 'it has no title');
  const place = row.place?.join(' ');
  const teacher = row.teacher?.join(' ');
  if (
    (place !== undefined && parts.place !== undefined) ||
    (teacher !== undefined && parts.teacher !== undefined)
  )
    throw unclear(rowText(row), 'it has two rooms or teachers');
  return listEntries(
    {
      range: rangeOf(row),
      parts: { title: parts.title, place: place ?? parts.place, teacher: teacher ?? parts.teacher },
      days,
      runs: row.runs,
    },
    context,
  );
}

function rangeOf(row: Row): ClockRange {
  const text = row.time?.join(' ') ?? `${row.start?.join(' ') ?? ''} - ${row.end?.join(' ') ?? ''}`;
  const [range, ...more] = clockRanges(text, 'bare');
  const single = row.time === undefined && singleClock(row.end?.join(' ') ?? '') === undefined;
  if (!range || more.length > 0 || single) throw unclear(rowText(row), 'its start or its end is not printed');
  return range;
}

function rowText(row: Row): string {
  return row.runs.map((run) => run.text).join(' ');
}

function unclear(text: string, why: string): Refusal {
  return checksFailed(`The row "${text.slice(0, 80)}" was not understood: ${why}.`);
}
