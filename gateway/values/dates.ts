import { plainDashes } from './numbers.ts';

/** The order of day and month in a date of small numbers. */
export type DateOrder = 'dmy' | 'mdy';

/**
 * Names and usual abbreviations of months in Portuguese, English, German, French, Spanish and Italian, without accents.
 */
const MONTHS: readonly (readonly string[])[] = [
  ['janeiro', 'january', 'januar', 'janner', 'janvier', 'enero', 'gennaio', 'jan', 'janv', 'ene', 'gen'],
  ['fevereiro', 'february', 'februar', 'fevrier', 'febrero', 'febbraio', 'fev', 'feb', 'fevr'],
  ['marco', 'march', 'marz', 'maerz', 'mars', 'marzo', 'mar', 'mrz'],
  ['abril', 'april', 'avril', 'aprile', 'abr', 'apr', 'avr'],
  ['maio', 'may', 'mai', 'mayo', 'maggio', 'mag'],
  ['junho', 'june', 'juni', 'juin', 'junio', 'giugno', 'jun', 'giu'],
  ['julho', 'july', 'juli', 'juillet', 'julio', 'luglio', 'jul', 'juil', 'lug'],
  ['agosto', 'august', 'aout', 'ago', 'aug'],
  ['setembro', 'september', 'septembre', 'septiembre', 'settembre', 'set', 'sep', 'sept'],
  ['outubro', 'october', 'oktober', 'octobre', 'octubre', 'ottobre', 'out', 'oct', 'okt', 'ott'],
  ['novembro', 'november', 'novembre', 'noviembre', 'nov'],
  ['dezembro', 'december', 'dezember', 'decembre', 'diciembre', 'dicembre', 'dez', 'dec', 'dic'],
];
const monthByName = new Map(MONTHS.flatMap((names, i) => names.map((name) => [name, i + 1] as const)));

function monthOf(word: string): number | undefined {
  return monthByName.get(
    word
      .normalize('NFD')
      .replace(/[^a-zA-Z]/g, '')
      .toLowerCase(),
  );
}

/**
 * Reads a printed date into `YYYY-MM-DD`.
 * @param text one to five words, for example `16/04/2023`, `16 de abril de 2023`, `February 17, 2026`
 * @returns undefined for a text that is no date of the years 1990 to 2099
 */
export function parseDate(text: string, order: DateOrder): string | undefined {
  const clean = plainDashes(text.trim()).replace(/[,;:]+$/, '');
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\.?$/.exec(clean);
  if (iso) return ymd(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const compact = /^(20\d{2})(\d{2})(\d{2})$/.exec(clean);
  if (compact) return ymd(Number(compact[1]), Number(compact[2]), Number(compact[3]));
  const numeric = /^(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})\.?$/.exec(clean);
  if (numeric) {
    const a = Number(numeric[1]);
    const b = Number(numeric[2]);
    const year = fullYear(numeric[3] ?? '');
    const dayFirst = b > 12 ? false : a > 12 ? true : order === 'dmy';
    return dayFirst ? ymd(year, b, a) : ymd(year, a, b);
  }
  return worded(clean);
}

function worded(text: string): string | undefined {
  const words = text
    .split(/[\s,/-]+/)
    .filter((word) => word !== '' && !/^(de|do|of|the|del|di|den|le)$/i.test(word));
  if (words.length !== 3) return undefined;
  const [a, b, c] = words as [string, string, string];
  const day = (word: string): number | undefined => {
    const match = /^(\d{1,2})(?:\.|st|nd|rd|th|er|º|ª)?$/i.exec(word);
    return match ? Number(match[1]) : undefined;
  };
  const year = /^(\d{4}|\d{2})$/.test(c) ? fullYear(c) : undefined;
  if (year === undefined) return undefined;
  const dayFirst = day(a);
  const monthSecond = monthOf(b);
  if (dayFirst !== undefined && monthSecond !== undefined) return ymd(year, monthSecond, dayFirst);
  const monthFirst = monthOf(a);
  const daySecond = day(b);
  if (monthFirst !== undefined && daySecond !== undefined) return ymd(year, monthFirst, daySecond);
  return undefined;
}

function fullYear(text: string): number {
  return text.length === 2 ? 2000 + Number(text) : Number(text);
}

function ymd(year: number, month: number, day: number): string | undefined {
  if (year < 1990 || year > 2099 || month < 1 || month > 12 || day < 1) return undefined;
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function startsWithDigit(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 48 && code <= 57;
}

/**
 * Finds the order from unambiguous dates: a second part above 12 means that the month comes first. Undefined without
 * such dates.
 */
export function dateOrderOf(texts: Iterable<string>): DateOrder | undefined {
  let mdy = 0;
  let dmy = 0;
  for (const text of texts) {
    const length = text.length;
    if (length < 6 || length > 10 || !startsWithDigit(text)) continue;
    const match = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$/.exec(plainDashes(text));
    if (!match) continue;
    if (Number(match[2]) > 12 && Number(match[1]) <= 12) mdy += 1;
    if (Number(match[1]) > 12 && Number(match[2]) <= 12) dmy += 1;
  }
  if (mdy === dmy) return undefined;
  return mdy > dmy ? 'mdy' : 'dmy';
}

/**
 * Both readings of a date of two small numbers separated by `/` or `-`. The reading by `order` comes first. Dates
 * with points always write the day first, so they have one reading.
 * @returns undefined for a date with only one reading
 */
export function bothReadings(text: string, order: DateOrder): readonly [string, string] | undefined {
  if (!/^\d{1,2}\s?[-/]\s?\d{1,2}\s?[-/]\s?(?:\d{4}|\d{2})$/.test(plainDashes(text.trim()))) return undefined;
  const own = parseDate(text, order);
  const other = parseDate(text, order === 'dmy' ? 'mdy' : 'dmy');
  return own === undefined || other === undefined || own === other ? undefined : [own, other];
}
