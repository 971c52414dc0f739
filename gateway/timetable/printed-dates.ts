import { checksFailed } from '../protocol/refusal.ts';
import type { DateOrder } from '../values/dates.ts';
import { parseDate } from '../values/dates.ts';

/**
 * A printed date, `--MM-DD` for a date without a year. There are two readings when nothing shows the order of day and
 * month.
 */
export interface PrintedDay {
  readonly printed: string;
  readonly dayFirst: string | undefined;
  readonly monthFirst: string | undefined;
}

const TOKENS_MAX = 5;
/** A leap year, so that 29 February is a date. */
const ANY_YEAR = 2024;

/** Reads the longest date at the start of the words, and counts its words. */
export function dayIn(words: readonly string[]): { day: PrintedDay; count: number } | undefined {
  for (let count = Math.min(TOKENS_MAX, words.length); count > 0; count -= 1) {
    const printed = words
      .slice(0, count)
      .join(' ')
      .replace(/^[(,]+|[),;]+$/g, '');
    const day = /\d/.test(words[0] ?? '') || count > 1 ? printedDay(printed) : undefined;
    if (day) return { day, count };
  }
  return undefined;
}

function printedDay(printed: string): PrintedDay | undefined {
  const full = both(printed);
  if (full) return { printed, ...full };
  const withYear = /^\d{1,2}[./-]\d{1,2}\.?$/.test(printed)
    ? both(`${printed.replace(/\.$/, '')}${/[./-]/.exec(printed)?.[0] ?? '/'}${ANY_YEAR}`)
    : /^\d{1,2}\.?\s+(?:de\s+)?\p{L}{3,}$|^\p{L}{3,}\s+\d{1,2}$/u.test(printed)
      ? both(`${printed} ${ANY_YEAR}`)
      : undefined;
  const open = (date: string | undefined): string | undefined => date && `-${date.slice(4)}`;
  return withYear && { printed, dayFirst: open(withYear.dayFirst), monthFirst: open(withYear.monthFirst) };
}

function both(text: string): Pick<PrintedDay, 'dayFirst' | 'monthFirst'> | undefined {
  const dayFirst = parseDate(text, 'dmy');
  const monthFirst = parseDate(text, 'mdy');
  return dayFirst === undefined && monthFirst === undefined ? undefined : { dayFirst, monthFirst };
}

/** Reads every date of a text's words, from left to right. */
export function daysIn(words: readonly string[]): { day: PrintedDay; at: number; count: number }[] {
  const found: { day: PrintedDay; at: number; count: number }[] = [];
  for (let at = 0; at < words.length;) {
    const next = dayIn(words.slice(at));
    const count = next?.count ?? 1;
    if (next) found.push({ day: next.day, at, count });
    at += count;
  }
  return found;
}

/** Returns the order of day and month on this page; undefined when no date shows it. */
export function orderOf(days: readonly PrintedDay[], isEnglish: boolean): DateOrder | undefined {
  const told = new Set(
    days.flatMap(({ printed }): DateOrder[] => {
      const parts = /^(\d{1,2})[./-](\d{1,2})\b/.exec(printed);
      if (!parts) return [];
      if (Number(parts[1]) > 12) return ['dmy'];
      return Number(parts[2]) > 12 ? ['mdy'] : [];
    }),
  );
  if (told.size === 1) return [...told][0];
  return told.size === 0 && !isEnglish ? 'dmy' : undefined;
}

/**
 * Returns a printed day as `YYYY-MM-DD`.
 * @param known.order the order of day and month on the page, if it is known
 * @param known.years the years that the page or the request names; a date without a year takes the year in which it
 * is on that weekday
 * @param weekday the weekday printed beside the day; 0 is Monday
 * @throws Refusal `CHECKS_FAILED` when the order or the year is unclear, or the weekday does not fit
 */
export function dateOf(
  day: PrintedDay,
  known: { readonly order: DateOrder | undefined; readonly years: readonly number[] },
  weekday: number | undefined,
): string {
  const forms =
    known.order === 'dmy'
      ? [day.dayFirst]
      : known.order === 'mdy'
        ? [day.monthFirst]
        : [day.dayFirst, day.monthFirst];
  const dates = [...new Set(forms)].flatMap((form) => {
    if (form === undefined) return [];
    return form.startsWith('-') ? known.years.map((year) => `${year}${form.slice(1)}`) : [form];
  });
  const fitting = dates.filter(
    (date) => isDate(date) && (weekday === undefined || weekdayOf(date) === weekday),
  );
  const [only, other] = fitting;
  if (only !== undefined && other === undefined) return only;
  if (only !== undefined)
    throw checksFailed(`The date ${day.printed} may be ${only} or ${other ?? ''}; the page does not tell.`);
  throw checksFailed(
    dates.length === 0
      ? `The year of the date ${day.printed} is not printed; give the parameters termStart and termEnd.`
      : `The date ${day.printed} is not on the weekday beside it (${dates.join(' or ')}).`,
  );
}

/** True for a day of the calendar as `YYYY-MM-DD`. */
export function isDate(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(date);
}

/** Returns the weekday of a date; 0 is Monday. */
export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** Returns the date some days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
