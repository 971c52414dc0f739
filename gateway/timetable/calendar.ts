import { Refusal } from '../protocol/refusal.ts';
import { clockText } from './clock-times.ts';
import { addDays, weekdayOf } from './printed-dates.ts';
import type { TimetableEntry } from './timetable-entry.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** The period of a timetable. Dates are `YYYY-MM-DD`, and both ends are included. */
export interface Term {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly holidays: readonly string[];
}

/** RFC 5545, 3.1 folds content lines at 75 octets. A continuation begins with a blank. */
const FOLD_OCTETS = 73;

/**
 * The time at which the calendar is made. The caller sets it: `YYYY-MM-DDTHH:MM:SSZ`, with or without parts of a
 * second.
 */
export interface Making {
  readonly madeAt: string;
}

/** A calendar, and the number of entries without a day in the term. */
export interface WrittenCalendar {
  readonly text: string;
  readonly events: number;
  readonly outsideTerm: number;
}

/**
 * Writes entries as iCalendar (RFC 5545): VTIMEZONE, RRULE until the term's end, EXDATE for holidays. ADR 0150 defines
 * UID and SEQUENCE. A new room, teacher or end does not change the UID.
 */
export function calendarText(
  entries: readonly TimetableEntry[],
  term: Term,
  { madeAt }: Making,
): WrittenCalendar {
  const seen = new Map<string, number>();
  const events = entries.map((entry) => {
    const name = nameOf(entry, term);
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    return eventLines(entry, term, { uid: uidOf(name, nth), madeAt });
  });
  const written = events.filter((lines) => lines.length > 0);
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Docket//schedule_ics_v1//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    ...timezoneLines(term),
    ...written.flat(),
    'END:VCALENDAR',
  ];
  return {
    text: `${lines.map(fold).join('\r\n')}\r\n`,
    events: written.length,
    outsideTerm: events.length - written.length,
  };
}

/** Returns the text that identifies an entry; the UID is made of it. */
function nameOf(entry: TimetableEntry, term: Term): string {
  const when = entry.date ?? [entry.weekday, term.start];
  return JSON.stringify([when, clockText(entry.start), entry.title, entry.heading ?? '']);
}

function uidOf(name: string, nth: number): string {
  return sha256Of(JSON.stringify([name, nth])).slice(0, 32);
}

/** SEQUENCE counts minutes from this moment, so that a later calendar has a greater number. */
const SEQUENCE_EPOCH_MS = Date.UTC(2020, 0, 1);

function eventLines(entry: TimetableEntry, term: Term, made: { uid: string; madeAt: string }): string[] {
  const days = daysOf(entry, term);
  const [first] = days;
  if (first === undefined) return [];
  const skipped = days.filter((day) => entry.date === undefined && term.holidays.includes(day));
  if (skipped.length === days.length) return [];
  const at = (day: string, minutes: number): string =>
    `${addDays(day, Math.floor(minutes / 1440)).replaceAll('-', '')}T${clockText(minutes).replace(':', '')}00`;
  const until = new Date(zonedTime(term.end, '23:59', term.timezone));
  const repeat = `RRULE:FREQ=WEEKLY;UNTIL=${utc(until)};BYDAY=${['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][entry.weekday]}`;
  const { title, place, teacher, heading } = entry;
  return [
    'BEGIN:VEVENT',
    `UID:${made.uid}@docket`,
    `DTSTAMP:${utc(new Date(made.madeAt))}`,
    `SEQUENCE:${Math.max(0, Math.floor((Date.parse(made.madeAt) - SEQUENCE_EPOCH_MS) / 60_000))}`,
    `DTSTART;TZID=${term.timezone}:${at(first, entry.start)}`,
    `DTEND;TZID=${term.timezone}:${at(first, entry.end)}`,
    ...(days.length > 1 ? [repeat] : []),
    ...skipped.map((day) => `EXDATE;TZID=${term.timezone}:${at(day, entry.start)}`),
    `SUMMARY:${escapeText(title)}`,
    ...(place === undefined ? [] : [`LOCATION:${escapeText(place)}`]),
    ...(teacher === undefined ? [] : [`DESCRIPTION:${escapeText(teacher)}`]),
    ...(heading === undefined ? [] : [`CATEGORIES:${escapeText(heading)}`]),
    'END:VEVENT',
  ];
}

/** Returns the days of an entry: its date, or every day of the term with its weekday. */
function daysOf(entry: TimetableEntry, term: Term): string[] {
  if (entry.date !== undefined) return [entry.date];
  const days: string[] = [];
  for (let day = firstDay(term.start, entry.weekday); day <= term.end; day = addDays(day, 7)) days.push(day);
  return days;
}

function utc(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Escapes text by RFC 5545, 3.3.11. */
function escapeText(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[\\;,]/g, (char) => `\\${char}`);
}

function fold(line: string): string {
  const parts: string[] = [];
  let part = '';
  for (const char of line) {
    if (Buffer.byteLength(part + char) > FOLD_OCTETS) {
      parts.push(part);
      part = ' ';
    }
    part += char;
  }
  return [...parts, part].join('\r\n');
}

function firstDay(from: string, weekday: number): string {
  return addDays(from, (weekday - weekdayOf(from) + 7) % 7);
}

/**
 * Returns the number of minutes that a zone is ahead of UTC at an instant.
 * @throws Refusal `BAD_PARAMETER` for an unknown zone
 */
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
    throw new Refusal('BAD_PARAMETER', 'The parameter timeZone is not the name of a time zone.', {
      cause: error,
    });
  }
}

function zonedTime(date: string, time: string, timezone: string): number {
  const local = Date.parse(`${date}T${time}:00Z`);
  const guess = local - offsetMin(local, timezone) * 60_000;
  return local - offsetMin(guess, timezone) * 60_000;
}

/** Writes VTIMEZONE with every change of the offset, from a year before the term to its end. */
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
  let a = low;
  let b = high;
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
