import { createHash } from 'node:crypto';
import { Refusal } from '../refusal.ts';
import type { WeeklyEvent } from './read-timetable.ts';

/** When a timetable holds. Dates are `YYYY-MM-DD`, both ends included. */
export interface Term {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly holidays: readonly string[];
}

/** RFC 5545, 3.1: content lines are folded at 75 octets. */
const foldOctets = 73;

/** Writes weekly events as iCalendar (RFC 5545): VTIMEZONE, RRULE until the term's end, EXDATE for holidays, UIDs by content. */
export function calendarText(events: readonly WeeklyEvent[], term: Term): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Docket//schedule_ics_v1//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    ...timezoneLines(term),
  ];
  for (const event of events) lines.push(...eventLines(event, term));
  lines.push('END:VCALENDAR');
  return `${lines.map(fold).join('\r\n')}\r\n`;
}

function eventLines(event: WeeklyEvent, term: Term): string[] {
  const first = firstDay(term.start, event.weekday);
  if (first > term.end) return [];
  const at = (date: string, time: string): string => `${date.replaceAll('-', '')}T${time.replace(':', '')}00`;
  const uid = createHash('sha256')
    .update(
      JSON.stringify([
        event.weekday,
        event.start,
        event.end,
        event.title,
        event.place ?? '',
        term.timezone,
        term.start,
        term.end,
      ]),
    )
    .digest('hex')
    .slice(0, 32);
  const until = new Date(zonedTime(term.end, '23:59', term.timezone));
  const skipped = term.holidays.filter(
    (day) => day >= first && day <= term.end && weekdayOf(day) === event.weekday,
  );
  return [
    'BEGIN:VEVENT',
    `UID:${uid}@docket`,
    `DTSTAMP:${at(term.start, '00:00')}Z`,
    `DTSTART;TZID=${term.timezone}:${at(first, event.start)}`,
    `DTEND;TZID=${term.timezone}:${at(first, event.end)}`,
    `RRULE:FREQ=WEEKLY;UNTIL=${until.toISOString().replace(/[-:]|\.\d{3}/g, '')};BYDAY=${['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][event.weekday]}`,
    ...skipped.map((day) => `EXDATE;TZID=${term.timezone}:${at(day, event.start)}`),
    `SUMMARY:${escapeText(event.title)}`,
    ...(event.place === undefined ? [] : [`LOCATION:${escapeText(event.place)}`]),
    'END:VEVENT',
  ];
}

/** RFC 5545, 3.3.11. */
function escapeText(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[\\;,]/g, (char) => `\\${char}`);
}

function fold(line: string): string {
  const parts: string[] = [];
  let part = '';
  for (const char of line) {
    if (Buffer.byteLength(part + char) > foldOctets) {
      parts.push(part);
      part = ' ';
    }
    part += char;
  }
  return [...parts, part].join('\r\n');
}

function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

function firstDay(from: string, weekday: number): string {
  const days = (weekday - weekdayOf(from) + 7) % 7;
  return new Date(Date.parse(`${from}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Minutes a zone is ahead of UTC at an instant. @throws Refusal `BAD_PARAMETER` for an unknown zone */
function offsetMin(instant: number, timezone: string): number {
  try {
    const parts = Object.fromEntries(
      new Intl.DateTimeFormat('en-US', {
        timeZone: timezone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      })
        .formatToParts(instant)
        .map(({ type, value }) => [type, Number(value)]),
    ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
    return Math.round(
      (Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - instant) / 60_000,
    );
  } catch (error) {
    throw new Refusal('BAD_PARAMETER', 'The parameter timezone is not the name of a time zone.', {
      cause: error,
    });
  }
}

function zonedTime(date: string, time: string, timezone: string): number {
  const local = Date.parse(`${date}T${time}:00Z`);
  const guess = local - offsetMin(local, timezone) * 60_000;
  return local - offsetMin(guess, timezone) * 60_000;
}

/** VTIMEZONE with every change of offset from a year before the term to its end. */
function timezoneLines(term: Term): string[] {
  const begin = Date.parse(`${term.start}T00:00:00Z`) - 366 * 86_400_000;
  const end = Date.parse(`${term.end}T23:59:00Z`);
  const changes: { at: number; from: number; to: number }[] = [];
  let offset = offsetMin(begin, term.timezone);
  for (let at = begin; at < end; at += 86_400_000) {
    const next = offsetMin(at + 86_400_000, term.timezone);
    if (next !== offset)
      changes.push({ at: momentOf(at, at + 86_400_000, offset, term.timezone), from: offset, to: next });
    offset = next;
  }
  const base = changes[0]?.from ?? offset;
  const blocks =
    changes.length === 0
      ? [{ at: begin, from: base, to: base }]
      : [{ at: begin, from: base, to: base }, ...changes];
  const low = Math.min(...blocks.map((block) => block.to));
  const lines = ['BEGIN:VTIMEZONE', `TZID:${term.timezone}`];
  for (const block of blocks) {
    const kind = block.to > low ? 'DAYLIGHT' : 'STANDARD';
    const local = new Date(block.at + block.from * 60_000).toISOString().slice(0, 19).replace(/[-:]/g, '');
    lines.push(
      `BEGIN:${kind}`,
      `DTSTART:${local}`,
      `TZOFFSETFROM:${offsetText(block.from)}`,
      `TZOFFSETTO:${offsetText(block.to)}`,
      `END:${kind}`,
    );
  }
  return [...lines, 'END:VTIMEZONE'];
}

function momentOf(low: number, high: number, before: number, timezone: string): number {
  let [a, b] = [low, high];
  while (b - a > 60_000) {
    const middle = a + Math.floor((b - a) / 120_000) * 60_000;
    if (offsetMin(middle, timezone) === before) a = middle;
    else b = middle;
    if (b - a <= 60_000) break;
  }
  return b;
}

function offsetText(minutes: number): string {
  const value = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(value / 60)).padStart(2, '0')}${String(value % 60).padStart(2, '0')}`;
}
