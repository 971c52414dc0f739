import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { clockText } from './clock-times.ts';
import type { TimetableEntry, TimetableReading } from './timetable-entry.ts';

/** Removes duplicate entries and warns once about each kind of doubt. */
export function judgeEntries(reading: TimetableReading): {
  entries: TimetableEntry[];
  warnings: GatewayWarning[];
} {
  const byText = new Map(reading.entries.map((entry) => [identity(entry), entry]));
  const entries = [...byText.values()].sort((a, b) => startOf(a) - startOf(b));
  const overlapping = overlaps(entries);
  const warnings = [
    counted(
      'ENTRIES_TWICE',
      'Entries that are printed twice and were taken once',
      reading.entries.length - entries.length,
    ),
    counted(
      'ENTRIES_OVERLAP',
      'Pairs of entries at the same time',
      overlapping.length,
      overlapping[0]?.map(named).join(' and '),
    ),
    counted(
      'TEXT_LEFT_OUT',
      'Texts beside or under the entries that were left out',
      reading.leftOut.length,
      reading.leftOut[0] && `"${reading.leftOut[0].slice(0, 80)}"`,
    ),
    counted(
      'TITLE_LINES',
      'Titles of several lines, among which a name or a room may be',
      reading.severalLines,
    ),
  ];
  return { entries, warnings: warnings.filter((warning) => warning !== undefined) };
}

/** Makes a warning with a number and the first example; no warning for 0. */
export function counted(
  code: string,
  what: string,
  count: number,
  first?: string,
): GatewayWarning | undefined {
  const example = first === undefined || first === '' ? '' : `; the first: ${first}`;
  return count === 0 ? undefined : { code, message: `${what}: ${count}${example}.` };
}

function identity(entry: TimetableEntry): string {
  const { weekday, date, start, end, title, place, teacher, heading } = entry;
  return JSON.stringify([weekday, date, start, end, title, place, teacher, heading]);
}

function named(entry: TimetableEntry): string {
  return `"${entry.title.slice(0, 40)}" at ${clockText(entry.start)}`;
}

const DAY_MIN = 1440;
const WEEK_MIN = 7 * DAY_MIN;
/** Most overlapping pairs that are counted. */
const PAIRS_MAX = 1000;

function overlaps(entries: readonly TimetableEntry[]): [TimetableEntry, TimetableEntry][] {
  const pairs: [TimetableEntry, TimetableEntry][] = [];
  const spans = entries
    .map((entry) => ({ entry, start: startOf(entry), end: startOf(entry) + entry.end - entry.start }))
    .sort((a, b) => a.start - b.start);
  // A shift on Sunday night continues in Monday's hours of the next week.
  const wrapped = spans
    .filter(({ entry, end }) => entry.date === undefined && end > WEEK_MIN)
    .map(({ entry, end }) => ({ entry, start: 0, end: end - WEEK_MIN }));
  const all = [...wrapped, ...spans].sort((a, b) => a.start - b.start);
  for (let i = 0; i < all.length; i += 1)
    for (let k = i + 1; k < all.length && pairs.length < PAIRS_MAX; k += 1) {
      const one = all[i];
      const two = all[k];
      if (!one || !two || two.start >= one.end) break;
      if (one.entry !== two.entry) pairs.push([one.entry, two.entry]);
    }
  return pairs;
}

/**
 * Returns a time in minutes: since Monday for a weekly entry, since 1970 for a dated entry. The two ranges never
 * overlap.
 */
function startOf({ weekday, date, start }: TimetableEntry): number {
  return (date === undefined ? weekday * DAY_MIN : Date.parse(`${date}T00:00:00Z`) / 60_000) + start;
}
