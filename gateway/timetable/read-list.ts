import { union } from '../pdf/matrix.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { checksFailed } from '../protocol/refusal.ts';
import type { Token } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';
import { clockRanges, hasClock } from './clock-times.ts';
import type { ClockRange } from './clock-times.ts';
import { entryParts } from './entry-parts.ts';
import type { PrintedDay } from './printed-dates.ts';
import { dayIn } from './printed-dates.ts';
import type { DateReader } from './read-grid.ts';
import type { Run } from './runs.ts';
import type { TimetableEntry, TimetableReading } from './timetable-entry.ts';
import type { WeekdayNames } from './weekday-names.ts';
import { namedDays } from './weekday-names.ts';

/**
 * The largest distance between a line without a time at its start and the day above, in sizes of the line. A line
 * that is further away does not belong to the day.
 */
const LIST_GAP_MAX = 2.5;

/** The days of an entry: weekdays that repeat, or one date. */
export interface EntryDays {
  readonly days: readonly number[];
  readonly date: PrintedDay | undefined;
}

/** The data that is needed to read a list. */
export interface ListContext {
  readonly names: WeekdayNames;
  readonly dateOf: DateReader;
  /** Returns the weekday of a printed date without a printed weekday. */
  readonly weekdayOf: (day: PrintedDay) => number;
}

/**
 * Reads the entries of a list: a weekday or date, a time, and a title. The weekday may stand on a separate line.
 * @param lines the runs of each line, top to bottom
 * @throws Refusal `CHECKS_FAILED` for a line whose end or title is missing, or that holds several times
 */
export function readList(lines: readonly (readonly Run[])[], context: ListContext): TimetableReading {
  const entries: TimetableEntry[] = [];
  const leftOut: string[] = [];
  let current: EntryDays | undefined;
  let began = false;
  let underHeading = false;
  let lastY = 0;
  for (const line of lines) {
    const tokens = line.flatMap((run) => run.tokens);
    const head = headOf(tokens, context.names);
    const rest = tokens.slice(head?.count ?? 0);
    const text = textOf(rest);
    const ranges = clockRanges(text);
    const isHeading = head !== undefined && rest.length === 0;
    if (head && (ranges.length > 0 || isHeading)) {
      current = head;
      underHeading = isHeading;
    }
    const [first] = line;
    const goesOn = underHeading && first !== undefined && first.y - lastY <= first.size * LIST_GAP_MAX;
    if (ranges.length > 0 && current && (head || ranges[0]?.from === 0 || goesOn)) {
      began = true;
      entries.push(...entriesOf(text, { line, days: current, context }, ranges));
    } else if (head && rest.length > 0 && hasClock(text))
      throw unclear(textOf(tokens), 'its end is not printed');
    else if (ranges.length > 0 || (began && rest.length > 0)) leftOut.push(textOf(tokens));
    lastY = first?.y ?? lastY;
  }
  return { entries, leftOut, severalLines: 0 };
}

/** Reads a weekday or date at the start of a line. */
function headOf(tokens: readonly Token[], names: WeekdayNames): (EntryDays & { count: number }) | undefined {
  const named = namedDays(tokens, names);
  if (named) return named;
  const date = dayIn(tokens.slice(0, 5).map((token) => token.text));
  if (!date) return undefined;
  const after = namedDays(tokens.slice(date.count), names);
  return { days: after?.days ?? [], date: date.day, count: date.count + (after?.count ?? 0) };
}

function entriesOf(
  text: string,
  at: { line: readonly Run[]; days: EntryDays; context: ListContext },
  ranges: readonly ClockRange[],
): TimetableEntry[] {
  const [range, ...more] = ranges;
  if (!range || more.length > 0) throw unclear(text, 'the line has several times');
  const rest = `${text.slice(0, range.from)} ${text.slice(range.to)}`;
  const parts = entryParts([rest], 'list');
  if (!parts) throw unclear(text, 'it has no title');
  return listEntries({ range, parts, days: at.days, runs: at.line }, at.context);
}

/** Makes one entry for each day. */
export function listEntries(
  read: {
    readonly range: Pick<ClockRange, 'start' | 'end'>;
    readonly parts: { title: string; place: string | undefined; teacher: string | undefined };
    readonly days: EntryDays;
    readonly runs: readonly Run[];
  },
  context: ListContext,
): TimetableEntry[] {
  const { days, date } = read.days;
  const weekdays = days.length > 0 || date === undefined ? days : [context.weekdayOf(date)];
  const { title, place, teacher } = read.parts;
  return weekdays.map((weekday) => ({
    weekday,
    title,
    place,
    teacher,
    start: read.range.start,
    end: read.range.end,
    date: date && context.dateOf(date, weekday),
    heading: undefined,
    page: read.runs[0]?.page ?? 0,
    raw: read.runs.map((run) => run.text).join(' '),
    box: read.runs.length > 0 ? read.runs.map((run) => run.box).reduce(union) : undefined,
    rule: 'list',
  }));
}

function unclear(text: string, why: string): Refusal {
  return checksFailed(`The line "${text.slice(0, 80)}" was not understood: ${why}.`);
}
