import type { PDFDocumentProxy } from 'pdfjs-dist';
import { linearPattern } from '../mapping/linear-pattern.ts';
import type { TimetableMapping } from '../mapping/mapping-schema.ts';
import { hiddenWarnings, requireText } from '../pdf/hidden-warnings.ts';
import { DEFAULT_READ_LIMITS, readPdf } from '../pdf/read-pdf.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import type { ConverterSuccess } from '../pool/child-protocol.ts';
import { keyOf, textOf, tokenLines } from '../reading/tokens.ts';
import { Refusal } from '../refusal.ts';
import { parseDate } from '../values/dates.ts';
import type { Term } from './calendar.ts';
import { calendarText } from './calendar.ts';
import { readTimetable } from './read-timetable.ts';

/**
 * A timetable as iCalendar.
 * @param given parameters of the request: timezone, termStart, termEnd, holidays
 * @throws Refusal `MAPPING_MISMATCH` without a timetable, `BAD_PARAMETER`, `CHECKS_FAILED` without the term's dates
 */
export async function convertTimetable(
  mapping: TimetableMapping,
  document: PDFDocumentProxy,
  given: Readonly<Record<string, string>>,
): Promise<ConverterSuccess> {
  const text = await readPdf(document, DEFAULT_READ_LIMITS);
  requireText(text);
  const events = readTimetable(text, mapping);
  if (events.length === 0)
    throw new Refusal(
      'MAPPING_MISMATCH',
      'No timetable was found: neither weekdays over times nor a list of them.',
    );
  if (events.length > mapping.eventsMax)
    throw new Refusal('PDF_LIMIT', `The timetable has more than ${mapping.eventsMax} events.`);
  const body = new TextEncoder().encode(calendarText(events, termOf(mapping, given, text)));
  return {
    ok: true,
    body,
    mediaType: mapping.mediaType,
    pages: text.pages.length,
    mappingVersion: mapping.version,
    warnings: hiddenWarnings(text.hidden),
  };
}

function termOf(mapping: TimetableMapping, given: Readonly<Record<string, string>>, text: PdfText): Term {
  const values: Record<string, string | undefined> = {};
  for (const name of Object.keys(given))
    if (!mapping.parameters[name])
      throw new Refusal('BAD_PARAMETER', `The mapping has no parameter ${name}.`);
  for (const [name, rule] of Object.entries(mapping.parameters)) {
    const value = given[name] ?? rule.default;
    if (value !== undefined && !linearPattern(rule.pattern).test(value))
      throw new Refusal('BAD_PARAMETER', `The parameter ${name} must be ${rule.description}.`);
    values[name] = value;
  }
  const start = values['termStart'] ?? printedDate(mapping, text, 'start');
  const end = values['termEnd'] ?? printedDate(mapping, text, 'end');
  if (start === undefined || end === undefined)
    throw new Refusal(
      'CHECKS_FAILED',
      'When the timetable begins and ends is not printed on it; give the parameters termStart and termEnd.',
    );
  if (end < start) throw new Refusal('BAD_PARAMETER', 'The term ends before it begins.');
  return {
    timezone: values['timezone'] ?? 'Europe/Lisbon',
    start,
    end,
    holidays: (values['holidays'] ?? '').split(',').filter((day) => day !== ''),
  };
}

/** A date after one of the term's labels on the same line. */
function printedDate(mapping: TimetableMapping, text: PdfText, which: 'start' | 'end'): string | undefined {
  const keys = mapping.termLabels[which].map((label) =>
    (typeof label === 'string' ? label : label.text).split(/\s+/).map(keyOf).join(''),
  );
  for (const line of tokenLines(text.pages)) {
    const key = line.tokens.map((token) => token.key).join('');
    if (!keys.some((wanted) => key.includes(wanted))) continue;
    const dates = line.tokens
      .map(
        (_, i) =>
          parseDate(line.tokens[i]?.text ?? '', 'dmy') ??
          parseDate(textOf(line.tokens.slice(i, i + 5)), 'dmy'),
      )
      .filter((date) => date !== undefined);
    const found = which === 'start' ? dates[0] : dates.at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}
