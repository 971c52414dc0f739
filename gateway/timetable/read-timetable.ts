import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import type { Token, TokenLine } from '../reading/tokens.ts';
import { cellsOf, keyOf, textOf, tokenLines } from '../reading/tokens.ts';

/** Something that happens every week: weekday 0 is Monday, times are `HH:MM` in the timetable's own zone. */
export interface WeeklyEvent {
  readonly weekday: number;
  readonly start: string;
  readonly end: string;
  readonly title: string;
  readonly place: string | undefined;
  readonly page: number;
  /** The entry as printed, where it stands (points from the page's top left), and what it was read from. */
  readonly raw: string;
  readonly box: Box | undefined;
  readonly rule: string;
}

/** A time range as printed: `09:00 - 10:30`, `9h00-10h30`, `9.00 às 10.30`. */
const RANGE =
  /(?:^|\s)([01]?\d|2[0-3])\s?[:h.]\s?([0-5]\d)?\s?(?:h|horas)?\s?(?:-|–|—|às|as|a|to|bis|à)\s?([01]?\d|2[0-3])\s?[:h.]\s?([0-5]\d)?\s?(?:h|Uhr)?(?:\s|$)/i;
const PLACE =
  /\b(?:sala|room|raum|salle|aula|auditório|lab\.?|laboratório|ginásio)\s*:?\s*([\p{L}\d.\-/]{1,20})/iu;

/** Events of a timetable, be it a grid (weekdays across, times down) or a list (one event a line). */
export function readTimetable(text: PdfText, mapping: TimetableMapping): WeeklyEvent[] {
  const lines = tokenLines(text.pages).filter((line) => !line.rotated);
  const weekdayByKey = new Map(
    mapping.weekdays.flatMap((names, day) => names.map((name) => [keyOf(name), day] as const)),
  );
  const grids = lines.filter((line) => gridDays(line, weekdayByKey).length >= 2);
  const events =
    grids.length > 0
      ? grids.flatMap((head, i) => readGrid(head, grids[i + 1]?.index ?? lines.length, lines, weekdayByKey))
      : readList(lines, weekdayByKey);
  const seen = new Set<string>();
  return events.filter((event) => {
    const key = `${event.weekday}|${event.start}|${event.end}|${event.title}|${event.place}`;
    return event.start < event.end && event.title !== '' && !seen.has(key) && seen.add(key);
  });
}

interface DayColumn {
  readonly weekday: number;
  readonly x0: number;
  readonly x1: number;
}

function gridDays(line: TokenLine, weekdayByKey: ReadonlyMap<string, number>): DayColumn[] {
  return cellsOf(line).flatMap((cell) => {
    const weekday =
      weekdayByKey.get(cell.map((token) => token.key).join('')) ?? weekdayByKey.get(cell[0]?.key ?? '');
    return weekday === undefined ? [] : [{ weekday, x0: cell[0]?.x0 ?? 0, x1: cell.at(-1)?.x1 ?? 0 }];
  });
}

function timesIn(text: string): { start: string; end: string } | undefined {
  const match = RANGE.exec(text);
  if (!match) return undefined;
  const at = (hour: string | undefined, minute: string | undefined): string =>
    `${(hour ?? '0').padStart(2, '0')}:${minute ?? '00'}`;
  return { start: at(match[1], match[2]), end: at(match[3], match[4]) };
}

/** Rows begin at a time range in the first column; what stands in a day's column until the next row is its event. */
function readGrid(
  head: TokenLine,
  until: number,
  lines: readonly TokenLine[],
  weekdayByKey: ReadonlyMap<string, number>,
): WeeklyEvent[] {
  const days = gridDays(head, weekdayByKey);
  const left = Math.min(...days.map((day) => day.x0));
  const pitch = days.length > 1 ? ((days.at(-1)?.x0 ?? 0) - left) / (days.length - 1) : 100;
  const body = lines.filter(
    (line) => line.index > head.index && line.index < until && line.page === head.page,
  );
  const rows = body.flatMap((line) => {
    const first = line.tokens.filter((token) => token.x1 < left + 2);
    const times = timesIn(textOf(first));
    return times ? [{ ...times, y: line.y }] : [];
  });
  return rows.flatMap((row, i) => {
    const top = row.y - Math.min(8, (row.y - (rows[i - 1]?.y ?? head.y)) * 0.45);
    const bottom = rows[i + 1]
      ? (rows[i + 1] as { y: number }).y - Math.min(8, ((rows[i + 1] as { y: number }).y - row.y) * 0.45)
      : row.y + 60;
    const inRow = body.filter((line) => line.y >= top && line.y < bottom);
    return days.flatMap((day, d) => {
      const from = day.x0 - pitch * 0.3;
      const to = days[d + 1] ? (days[d + 1] as DayColumn).x0 - pitch * 0.3 : Number.POSITIVE_INFINITY;
      const tokens = inRow.flatMap((line) =>
        line.tokens.filter((token) => token.x0 >= Math.max(from, left - 12) && token.x0 < to),
      );
      return eventOf(day.weekday, row, tokens, 'grid');
    });
  });
}

/** One event a line: a weekday, a time range, and what remains is the title; the weekday may stand on a line of its own. */
function readList(lines: readonly TokenLine[], weekdayByKey: ReadonlyMap<string, number>): WeeklyEvent[] {
  let current: number | undefined;
  return lines.flatMap((line) => {
    const dayAt = line.tokens.findIndex((token) => weekdayByKey.has(token.key));
    if (dayAt >= 0) current = weekdayByKey.get(line.tokens[dayAt]?.key ?? '');
    const text = textOf(line.tokens);
    const times = timesIn(text);
    if (!times || current === undefined) return [];
    const rest = line.tokens.filter(
      (token, i) =>
        i !== dayAt &&
        !/^(?:\d{1,2}\s?[:h.]\s?\d{0,2}h?|-|–|—|às|as|to|bis|feira|a)$/i.test(token.text) &&
        !/^\d{1,2}[:h.]\d{2}h?[-–]\d{1,2}[:h.]\d{2}h?$/i.test(token.text),
    );
    return eventOf(current, times, rest, 'list');
  });
}

function eventOf(
  weekday: number,
  times: { start: string; end: string },
  tokens: readonly Token[],
  rule: string,
): WeeklyEvent[] {
  const text = tokens
    .map((token) => token.text)
    .join(' ')
    .replace(/^[-–:\s]+/, '')
    .trim();
  if (text === '' || /^[-–—]+$/.test(text)) return [];
  const place = PLACE.exec(text);
  const title = place
    ? text
        .replace(place[0], '')
        .replace(/[\s,(–-]+\)?$/, '')
        .trim()
    : text;
  return [
    {
      weekday,
      start: times.start,
      end: times.end,
      title: title === '' ? text : title,
      place: place?.[0],
      page: tokens[0]?.word.page ?? 0,
      raw: text,
      box: tokens.length > 0 ? tokens.map((token) => token.word.box).reduce(union) : undefined,
      rule,
    },
  ];
}
