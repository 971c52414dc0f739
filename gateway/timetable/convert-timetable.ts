import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { linearPattern } from '../mapping/linear-pattern.ts';
import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import { hiddenWarnings, requireText } from '../pdf/hidden-warnings.ts';
import type { Box } from '../pdf/matrix.ts';
import { DEFAULT_READ_LIMITS, readPdf } from '../pdf/read-pdf.ts';
import type { PageVisitor } from '../pdf/read-pdf.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { checksFailed, Refusal } from '../protocol/refusal.ts';
import type { Making, Term } from './calendar.ts';
import { calendarText } from './calendar.ts';
import { counted, judgeEntries } from './judge-entries.ts';
import { addDays, isDate } from './printed-dates.ts';
import { pageDateOrder, readTimetable } from './read-timetable.ts';
import type { TimetablePages } from './read-timetable.ts';
import type { PrintedTerm } from './term-dates.ts';
import { printedTerm } from './term-dates.ts';
import type { TimetableEntry } from './timetable-entry.ts';

/**
 * The parts of a request besides its PDF: the parameters of the mapping, and the time at which the calendar is made.
 */
export interface TimetableRequest extends Making {
  readonly parameters: Readonly<Record<string, string>>;
}

/** The most years of a term. A longer term is a misprint. */
const TERM_YEARS_MAX = 3;

/**
 * Converts a timetable to iCalendar.
 * @param request.parameters timeZone, termStart, termEnd, holidays
 * @throws Refusal `MAPPING_MISMATCH` without a timetable, `BAD_PARAMETER`, `CHECKS_FAILED` for an entry that is not
 * understood
 */
export async function convertTimetable(
  mapping: TimetableMapping,
  document: PDFDocumentProxy,
  request: TimetableRequest,
): Promise<ConverterSuccess> {
  const given = checkedParameters(mapping, request.parameters);
  const pages = await timetablePages(document);
  requireText(pages.text);
  const reading = readTimetable(pages, mapping, yearsOf(given));
  if (reading.entries.length === 0)
    throw new Refusal(
      'MAPPING_MISMATCH',
      'No timetable was found: neither weekdays over times nor a list of them.',
    );
  const { entries, warnings } = judgeEntries(reading);
  if (entries.length > mapping.eventsMax)
    throw new Refusal('PDF_LIMIT', `The timetable has more than ${mapping.eventsMax} events.`);
  const printed = printedTerm(pages.text, mapping, pageDateOrder(pages.text, mapping));
  const calendar = calendarText(entries, termOf(given, printed, entries), request);
  if (calendar.events === 0)
    throw checksFailed('No entry of the timetable has a day between termStart and termEnd.');
  const more = [
    counted('ENTRIES_OUTSIDE_TERM', 'Entries without a day in the term, left out', calendar.outsideTerm),
    counted(
      'HOLIDAYS_NOT_READ',
      'Lines about holidays without a date that could be read',
      printed.holidaysUnread,
    ),
    given['timeZone'] === undefined ? zoneAssumed(mapping) : undefined,
  ];
  return {
    ok: true,
    body: new TextEncoder().encode(calendar.text),
    mediaType: mapping.mediaType,
    pages: pages.text.pages.length,
    mappingVersion: mapping.version,
    warnings: [
      ...warnings,
      ...more.filter((warning) => warning !== undefined),
      ...hiddenWarnings(pages.text.hidden),
    ],
  };
}

/** Reads the words and the drawn edges of every page. */
export async function timetablePages(document: PDFDocumentProxy): Promise<TimetablePages> {
  const edges = new Map<number, readonly Box[]>();
  const visit: PageVisitor = (content) => void edges.set(content.pageNumber, content.edges);
  const text = await readPdf(document, DEFAULT_READ_LIMITS, { visit, edges: true });
  return { text, edges };
}

function zoneAssumed(mapping: TimetableMapping): GatewayWarning {
  return {
    code: 'TIME_ZONE_ASSUMED',
    message: `No time zone was given; the times are taken as ${mapping.parameters['timeZone']?.default ?? ''}.`,
  };
}

function checkedParameters(
  mapping: TimetableMapping,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
  for (const [name, value] of Object.entries(given)) {
    const rule = mapping.parameters[name];
    if (!rule) throw new Refusal('BAD_PARAMETER', `The mapping has no parameter ${name}.`);
    const isDated = name !== 'timeZone' && value !== '';
    if (!linearPattern(rule.pattern).test(value) || (isDated && !value.split(',').every(isDate)))
      throw new Refusal('BAD_PARAMETER', `The parameter ${name} must be ${rule.description}.`);
  }
  return { ...given, zone: given['timeZone'] ?? mapping.parameters['timeZone']?.default };
}

function yearsOf(given: Readonly<Record<string, string | undefined>>): number[] {
  return [given['termStart'], given['termEnd']].flatMap((date) =>
    date === undefined ? [] : [Number(date.slice(0, 4))],
  );
}

/**
 * Returns the period that the request gives, or else the period that the page prints. Without both, the period is
 * from the first to the last dated entry.
 */
function termOf(
  given: Readonly<Record<string, string | undefined>>,
  printed: PrintedTerm,
  entries: readonly TimetableEntry[],
): Term {
  const dates = entries.flatMap(({ date }) => (date === undefined ? [] : [date])).sort();
  const areDated = dates.length === entries.length;
  const start = given['termStart'] ?? printed.start ?? (areDated ? dates[0] : undefined);
  const end = given['termEnd'] ?? printed.end ?? (areDated ? dates.at(-1) : undefined);
  if (start === undefined || end === undefined)
    throw checksFailed(
      'The timetable does not print when it begins and ends; give the parameters termStart and termEnd.',
    );
  if (end < start)
    throw new Refusal('BAD_PARAMETER', `The term ends on ${end}, before it begins on ${start}.`);
  if (Number(end.slice(0, 4)) - Number(start.slice(0, 4)) > TERM_YEARS_MAX)
    throw checksFailed(`The term from ${start} to ${end} is too long.`);
  if (printed.isOneWeek && !areDated && end > addDays(start, 6))
    throw checksFailed(
      'The page is the plan of one week and does not repeat; give the first and the last day of that week as termStart and termEnd.',
    );
  const asked = (given['holidays'] ?? '').split(',').filter((day) => day !== '');
  return { timezone: given['zone'] ?? 'UTC', start, end, holidays: [...asked, ...printed.holidays] };
}
