import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import type { Token } from '../printed/tokens.ts';
import { keyOf, textOf, tokenLines } from '../printed/tokens.ts';
import { checksFailed } from '../protocol/refusal.ts';
import type { PrintedDay } from './printed-dates.ts';
import { addDays, dateOf, daysIn } from './printed-dates.ts';
import type { DateOrder } from '../values/dates.ts';

/** The period that a page prints for its timetable. Dates are `YYYY-MM-DD`, and both ends are included. */
export interface PrintedTerm {
  readonly start: string | undefined;
  readonly end: string | undefined;
  /** True when the page is the plan of one week. The dates of the week may be unknown. */
  readonly isOneWeek: boolean;
  readonly holidays: readonly string[];
  /** The number of lines about holidays whose date could not be read. */
  readonly holidaysUnread: number;
}

const WEEK = /(?<!\p{L})(?:semana|week|woche|kw|semaine|settimana)(?!\p{L})/iu;
const NUMBERED_WEEK =
  /(?<!\p{L})(?:semana|week|woche|kw|semaine|settimana)\s*(?:n\S{0,2}\s*|de\s+)?(?:\d|[A-D](?!\p{L}))/iu;
/** In `12 a 16 de outubro de 2026` the first day gets month and year from the second day. */
const DAYS_OF_A_MONTH =
  /(?<!\d|[./-])(\d{1,2})\s*(a|to|-|–|bis|au|al)\s*(\d{1,2}\.?)\s+((?:de\s+)?\p{L}{3,}\.?\s+(?:de\s+)?\d{4})/iu;
const LAST_HOLIDAY_COUNT = 400;

/**
 * Reads the term and the holidays, and finds out whether the page is the plan of one week.
 * @param order the order of day and month on the page; undefined when nothing shows it
 * @throws Refusal `CHECKS_FAILED` when two terms are printed or a date may be read in two ways
 */
export function printedTerm(
  text: PdfText,
  mapping: TimetableMapping,
  order: DateOrder | undefined,
): PrintedTerm {
  const labels = mapping.termLabels;
  const starts = new Set<string>();
  const ends = new Set<string>();
  const holidays: string[] = [];
  let holidaysUnread = 0;
  let isOneWeek = false;
  const full = (day: PrintedDay): string => dateOf(day, { order, years: [] }, undefined);
  for (const line of tokenLines(text.pages).filter((each) => !each.rotated)) {
    const found = fullDays(line.tokens);
    const dates = found.map(({ day }) => day);
    if (WEEK.test(line.text) && (found.length > 0 || NUMBERED_WEEK.test(line.text))) {
      isOneWeek = true;
      const [first, last] = dates;
      if (first) starts.add(full(first));
      if (first) ends.add(last ? full(last) : addDays(full(first), 6));
      continue;
    }
    const holidaysAt = labelAt(line.tokens, labels.holidays) ?? Number.POSITIVE_INFINITY;
    if (holidaysAt < line.tokens.length - 1) {
      const rest = textOf(line.tokens.slice(holidaysAt));
      const own = holidayDates(
        rest,
        found.filter(({ at }) => at > holidaysAt).map(({ day }) => full(day)),
      );
      holidays.push(...own);
      if (own.length === 0 && /\d/.test(rest)) holidaysUnread += 1;
    }
    const ofTerm = found.filter(({ at }) => at < holidaysAt);
    const startAt = labelAt(line.tokens, labels.start);
    const endAt = labelAt(line.tokens, labels.end);
    const start = startAt === undefined ? undefined : ofTerm.find(({ at }) => at > startAt)?.day;
    const after = endAt === undefined ? [] : ofTerm.filter(({ at }) => at > endAt);
    const end = (startAt === endAt ? after[1] : after[0])?.day;
    if (start && (startAt !== endAt || end)) starts.add(full(start));
    if (end) ends.add(full(end));
  }
  if (starts.size > 1 || ends.size > 1)
    throw checksFailed(
      `More than one term is printed (${[...starts, ...ends].join(', ')}); give the parameters termStart and termEnd.`,
    );
  return { start: [...starts][0], end: [...ends][0], isOneWeek, holidays, holidaysUnread };
}

/** Returns the dates with a year, by the token at which they begin. */
function fullDays(tokens: readonly Token[]): { day: PrintedDay; at: number }[] {
  const text = textOf(tokens);
  const month = DAYS_OF_A_MONTH.exec(text);
  const words = month
    ? text
        .replace(DAYS_OF_A_MONTH, `${month[1]} ${month[4]} ${month[2]} ${month[3]} ${month[4]}`)
        .split(/\s+/)
    : tokens.map((token) => token.text);
  return daysIn(words).filter(({ day }) => !(day.dayFirst ?? day.monthFirst ?? '-').startsWith('-'));
}

function holidayDates(text: string, dates: readonly string[]): string[] {
  const [first, last] = dates;
  const isRange =
    dates.length === 2 &&
    /\d\s*(?:a|to|-|–|até|bis|au|al)\s*\d/iu.test(text.replace(/\d{1,4}[./-]\d{1,2}[./-]\d{1,4}/g, '0'));
  if (!isRange || first === undefined || last === undefined) return [...dates];
  const days: string[] = [];
  for (let day = first; day <= last && days.length < LAST_HOLIDAY_COUNT; day = addDays(day, 1))
    days.push(day);
  return days;
}

/** Returns the index of the token at which a label begins. Each of its words must be a whole token. */
function labelAt(
  tokens: readonly Token[],
  labels: readonly (string | { readonly text: string })[],
): number | undefined {
  const keys = labels.map((label) =>
    (typeof label === 'string' ? label : label.text).split(/\s+/).map(keyOf),
  );
  const at = tokens.findIndex((_, i) =>
    keys.some((words) => words.every((word, k) => tokens[i + k]?.key === word)),
  );
  return at === -1 ? undefined : at;
}
