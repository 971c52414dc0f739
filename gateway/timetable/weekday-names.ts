import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, keyOf, textOf } from '../printed/tokens.ts';
import type { PrintedDay } from './printed-dates.ts';
import { dayIn } from './printed-dates.ts';

/** Weekdays by their names; 0 is Monday. */
export type WeekdayNames = ReadonlyMap<string, number>;

export function weekdayNames(mapping: TimetableMapping): WeekdayNames {
  return new Map(mapping.weekdays.flatMap((names, day) => names.map((name) => [keyOf(name), day] as const)));
}

/** Weekdays at the start of a line or cell, and the date beside them. */
export interface NamedDays {
  readonly days: readonly number[];
  readonly date: PrintedDay | undefined;
  /** The number of tokens that were read. */
  readonly count: number;
}

const LIST_WORDS = new Set(['e', 'and', 'und', 'et', 'y', '&', ',', '/']);
const RANGE_WORDS = new Set(['a', 'to', '-', '–', '—', 'até', 'bis', 'au', 'al']);

/** Reads `Segunda`, `2ª feira`, `Segunda e Quarta`, `Monday to Friday`, `Segunda 12/10` at the start of the tokens. */
export function namedDays(tokens: readonly Token[], names: WeekdayNames): NamedDays | undefined {
  const first = dayAt(tokens, 0, names);
  if (!first) return undefined;
  const days = [first.day];
  let at = first.count;
  for (;;) {
    const word = tokens[at]?.text.toLowerCase() ?? '';
    const next = LIST_WORDS.has(word) || RANGE_WORDS.has(word) ? dayAt(tokens, at + 1, names) : undefined;
    if (!next) break;
    const last = days.at(-1) ?? 0;
    if (RANGE_WORDS.has(word)) for (let day = last + 1; day < next.day; day += 1) days.push(day);
    days.push(next.day);
    at += 1 + next.count;
  }
  const date = dayIn(tokens.slice(at, at + 5).map((token) => token.text));
  return { days, date: date?.day, count: at + (date?.count ?? 0) };
}

function dayAt(
  tokens: readonly Token[],
  at: number,
  names: WeekdayNames,
): { day: number; count: number } | undefined {
  for (const count of [2, 1]) {
    const part = tokens.slice(at, at + count);
    const day = part.length === count ? names.get(part.map((token) => token.key).join('')) : undefined;
    if (day !== undefined) return { day, count };
  }
  return undefined;
}

/** A column of a grid. */
export interface DayColumn {
  readonly days: readonly number[];
  readonly date: PrintedDay | undefined;
  readonly x0: number;
  readonly x1: number;
}

/**
 * Reads a line that names only weekdays, besides the titles of the time column, as columns. Returns no columns for
 * any other line.
 */
export function dayColumns(
  line: TokenLine,
  names: WeekdayNames,
  timeTitles: ReadonlySet<string>,
): DayColumn[] {
  const columns: DayColumn[] = [];
  let titles = 0;
  for (const cell of cellsOf(line)) {
    const own = columnsOfCell(cell, names);
    if (own.length > 0) columns.push(...own);
    else if (timeTitles.has(keyOf(textOf(cell)))) titles += 1;
    else return [];
  }
  return columns.length >= 2 || (columns.length === 1 && titles === 1) ? columns : [];
}

function columnsOfCell(cell: readonly Token[], names: WeekdayNames): DayColumn[] {
  const columns: DayColumn[] = [];
  for (let at = 0; at < cell.length;) {
    const named = namedDays(cell.slice(at), names);
    if (!named) return [];
    const x0 = cell[at]?.x0 ?? 0;
    at += named.count;
    columns.push({ days: named.days, date: named.date, x0, x1: cell[at - 1]?.x1 ?? x0 });
  }
  return columns;
}
