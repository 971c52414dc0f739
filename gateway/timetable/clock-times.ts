import { checksFailed } from '../protocol/refusal.ts';
import { plainDashes } from '../values/numbers.ts';

/**
 * A range of times in a text, in minutes from the midnight before the range starts. An end past 1440 is on the next
 * day.
 */
export interface ClockRange {
  readonly start: number;
  readonly end: number;
  /** The place of the range in the text. */
  readonly from: number;
  readonly to: number;
}

/**
 * One time of day in a text. `marked` is false for a bare number, which is a time only if a neighbouring time has a
 * mark.
 */
interface Clock {
  readonly minutes: number;
  readonly marked: boolean;
  readonly meridiem: 'am' | 'pm' | undefined;
  readonly from: number;
  readonly to: number;
}

const DAY_MIN = 1440;
/** The longest shift over midnight. A longer range is a misprint or uses a 12-hour clock. */
const OVERNIGHT_MINUTES_MAX = 720;

const CLOCK =
  /(?<![\p{L}\d.,:/])(\d{1,2})(?:\s?[:h]\s?([0-5]\d)(?:\s?(?:h|uhr)\b)?|\.([0-5]\d)(?:\s?(?:h|uhr)\b)?|\s?(h|uhr|horas)\b)?(?:\s?([ap])\.?m\b\.?)?(?![\p{L}\d]|[.:,/]\d)/giu;
const BETWEEN = /^\s*(?:-|às|as|à|a|to|bis|até|until|al|alle|e)\s*$/iu;

function clocksIn(text: string): Clock[] {
  return [...text.matchAll(CLOCK)].flatMap((match): Clock[] => {
    const hour = Number(match[1]);
    const minute = Number(match[2] ?? match[3] ?? '0');
    const meridiem = match[5] === undefined ? undefined : match[5].toLowerCase() === 'a' ? 'am' : 'pm';
    if (hour > 24 || (hour === 24 && minute > 0) || (meridiem !== undefined && (hour > 12 || hour === 0)))
      return [];
    const marked = match[2] !== undefined || match[4] !== undefined || meridiem !== undefined;
    const at = { from: match.index, to: match.index + match[0].length };
    return [{ minutes: inDay(hour, minute, meridiem), marked, meridiem, ...at }];
  });
}

function inDay(hour: number, minute: number, meridiem: 'am' | 'pm' | undefined): number {
  const hours = meridiem === undefined ? hour : (hour % 12) + (meridiem === 'pm' ? 12 : 0);
  return hours * 60 + minute;
}

/**
 * Finds the time ranges of a text: `09:00 - 10:30`, `9h às 10h30`, `9.00-10.30`, `9 am to 10:30 am`, `09:00 10:30`.
 * @param hours `bare` also reads `9-10`, for a cell that holds only a time
 * @throws Refusal `CHECKS_FAILED` for a range that no lesson or shift has
 */
export function clockRanges(text: string, hours: 'marked' | 'bare' = 'marked'): ClockRange[] {
  const plain = plainDashes(text);
  const clocks = clocksIn(plain);
  const ranges: ClockRange[] = [];
  for (let i = 0; i + 1 < clocks.length; i += 1) {
    const first = clocks[i] as Clock;
    const second = clocks[i + 1] as Clock;
    const between = plain.slice(first.to, second.from);
    const isDotted =
      /\.\d\d/.test(plain.slice(first.from, first.to)) && /\.\d\d/.test(plain.slice(second.from, second.to));
    const isJoined = BETWEEN.test(between) && (hours === 'bare' || isDotted || second.marked || first.marked);
    const isSideBySide = /^\s+$/.test(between) && first.marked && second.marked;
    if (!isJoined && !isSideBySide) continue;
    ranges.push(rangeOf(first, second, plain.slice(first.from, second.to)));
    i += 1;
  }
  return ranges;
}

function rangeOf(first: Clock, second: Clock, printed: string): ClockRange {
  // In `9 - 10:30 am` the mark is for both times.
  const start =
    first.meridiem === undefined &&
    second.meridiem === 'pm' &&
    first.minutes + 720 < second.minutes &&
    first.minutes < 720
      ? first.minutes + 720
      : first.minutes;
  const end = second.minutes > start ? second.minutes : second.minutes + DAY_MIN;
  if (start >= DAY_MIN || (end > DAY_MIN && end - start > OVERNIGHT_MINUTES_MAX))
    throw checksFailed(
      `The time ${printed} was not understood: it ends before it begins, and a shift over midnight has 12 hours at most.`,
    );
  return { start, end, from: first.from, to: second.to };
}

/** Reads a text that is only one time, in minutes from midnight; undefined for every other text. */
export function singleClock(text: string): number | undefined {
  const plain = text.trim();
  const [clock, ...more] = clocksIn(plain);
  const isWhole = clock !== undefined && clock.from === 0 && clock.to === plain.length;
  const isDotted = /^\d{1,2}\.\d\d$/.test(plain);
  return isWhole && more.length === 0 && (clock.marked || isDotted) ? clock.minutes : undefined;
}

/**
 * Reads a text that is only one time range; undefined for every other text.
 * @throws Refusal `CHECKS_FAILED`, as `clockRanges` does
 */
export function wholeRange(text: string): ClockRange | undefined {
  const plain = plainDashes(text)
    .trim()
    .replace(/^das\s+/i, '');
  const [range, ...more] = clockRanges(plain, 'bare');
  return range && more.length === 0 && range.from === 0 && range.to === plain.length ? range : undefined;
}

/** True when a text has a time of day with a mark (`9h`, `09:00`). */
export function hasClock(text: string): boolean {
  return clocksIn(plainDashes(text)).some((clock) => clock.marked);
}

/** Writes minutes from midnight as `HH:MM`. */
export function clockText(minutes: number): string {
  const ofDay = minutes % DAY_MIN;
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`;
}
