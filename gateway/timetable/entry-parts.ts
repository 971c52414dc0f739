import { checksFailed, Refusal } from '../protocol/refusal.ts';
import { clockRanges } from './clock-times.ts';
import { plainDashes } from '../values/numbers.ts';
import type { ClockRange } from './clock-times.ts';

/** The values in the lines of an entry. */
export interface EntryParts {
  readonly title: string;
  readonly place: string | undefined;
  readonly teacher: string | undefined;
  /** The time that the entry itself prints. */
  readonly time: ClockRange | undefined;
  /** The number of lines that were joined to the title. */
  readonly titleLines: number;
}

const PLACE_WORDS =
  'sala|room|raum|salle|aula|aulario|auditório|anfiteatro|lab\\.?|laboratório|laboratory|ginásio|gym|pavilhão|classroom|rm\\.?|hörsaal|zimmer|amphi|online|zoom|teams';
const PLACE = new RegExp(
  `(?:^|[\\s(,;|/-])((?:${PLACE_WORDS})(?![\\p{L}])\\s*:?\\s*[\\p{L}\\d.\\-/]{0,20})\\)?`,
  'iu',
);
/** The code of a room such as `A1.05`, `B203`, `2.1` or `E-12`, as a whole line or in brackets. */
const PLACE_CODE = /^\(?((?:\p{Lu}{1,3}[-.\s]?)?\d{1,3}(?:[.-]\d{1,3}){0,2}[a-z]?)\)?$/u;
const PLACE_IN_BRACKETS = /\(((?:\p{Lu}{1,3}[-.\s]?)?\d{1,3}(?:[.-]\d{1,3}){0,2}[a-z]?)\)/u;
const TEACHER =
  /(?:^|[\s(,;|/-])((?:(?:prof(?:essora?|ª|\.ª|\.a|a)?|dr(?:ª|a|\.ª)?|docente|teacher|lehrer(?:in)?|dozent(?:in)?|mr|mrs|ms|herr|frau|eng)(?:\.|:|\s)\s*)+[\p{Lu}][\p{L}.'-]*(?:\s(?:de|da|do|dos|van|von|[\p{Lu}][\p{L}.'-]*))*)\)?/iu;
/** `J. Silva`, `A. B. Costa` as a whole line. */
const INITIAL_AND_NAME = /^(?:\p{Lu}\.\s?){1,3}\p{Lu}\p{Ll}+(?:[\s-]\p{Lu}\p{Ll}+)?$/u;
/** Words for repetitions other than weekly. */
const NOT_WEEKLY =
  /quinzena|semanas?\s+(?:pares|[ií]mpares|[A-D]\b|\d)|fortnight|every other week|(?:odd|even)\s+weeks?|\bweeks?\s+[A-D\d]\b|14-t[äa]g|(?:un)?gerade\s+wochen?|semaines?\s+(?:paires?|impaires?|[A-D]\b)|settimane?\s+(?:pari|dispari|[A-D]\b)/iu;

/** True when a text says that something does not happen every week. */
export function saysNotWeekly(text: string): boolean {
  return NOT_WEEKLY.test(text);
}

/**
 * Splits an entry into title, room, teacher and its own time.
 * @param lines the entry's lines as printed, top to bottom
 * @param where words for the place of the entry, for a refusal
 * @returns undefined for an empty cell (`-`)
 * @throws Refusal `CHECKS_FAILED` for an entry without a title, with two rooms or times, or an entry that is not
 * weekly
 */
export function entryParts(lines: readonly string[], where: string): EntryParts | undefined {
  const printed = lines.map((line) => plainDashes(line).trim()).filter((line) => !/^[-_x./\s]*$/i.test(line));
  if (printed.length === 0) return undefined;
  const whole = printed.join(' ');
  if (saysNotWeekly(whole)) throw unclear(where, whole, 'it does not repeat every week');
  const found = { place: [] as string[], teacher: [] as string[], time: [] as ClockRange[] };
  const titles = printed.map((line) => restOf(line, found)).filter((line) => line !== '');
  if (found.time.length > 1 || found.place.length > 1 || found.teacher.length > 1)
    throw unclear(where, whole, 'it has two rooms, teachers or times and may be several entries');
  if (!titles.some((title) => /\p{L}{2}/u.test(title))) throw unclear(where, whole, 'it has no title');
  return {
    title: titles.join(' '),
    place: found.place[0],
    teacher: found.teacher[0],
    time: found.time[0],
    titleLines: titles.length,
  };
}

function restOf(line: string, found: { place: string[]; teacher: string[]; time: ClockRange[] }): string {
  let rest = line;
  for (const range of clockRanges(rest)) {
    found.time.push(range);
    rest = rest.replace(plainDashes(line).slice(range.from, range.to), ' ');
  }
  const take = (pattern: RegExp, into: string[]): void => {
    const match = pattern.exec(rest);
    if (match?.[1] === undefined) return;
    into.push(match[1].trim());
    rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`;
  };
  take(PLACE, found.place);
  take(PLACE, found.place);
  if (INITIAL_AND_NAME.test(rest.trim())) take(/^\s*(.+?)\s*$/u, found.teacher);
  take(TEACHER, found.teacher);
  if (found.place.length === 0) take(PLACE_IN_BRACKETS, found.place);
  if (PLACE_CODE.test(rest.trim())) take(/^\s*\(?(.+?)\)?\s*$/u, found.place);
  return rest
    .replace(/\(\s*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,;:|/-]+|[\s,;:|/(-]+$/g, '');
}

function unclear(where: string, text: string, why: string): Refusal {
  return checksFailed(`The entry "${text.slice(0, 80)}" (${where}) was not understood: ${why}.`);
}
