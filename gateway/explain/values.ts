import type { ExplainedValue } from '../../schemas/protocols/gateway-explanation.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { PageSize } from './page-sizes.ts';
import type { Found } from '../printed/provenance.ts';
import { clockText } from '../timetable/clock-times.ts';
import type { TimetableEntry } from '../timetable/timetable-entry.ts';

/**
 * The most values that are returned for one document. Further values are left out, because nobody reads a list of
 * 2,000 pages.
 */
export const EXPLAINED_VALUES_MAX = 20_000;

type Named = readonly [path: string, kind: ExplainedValue['kind'], found: Found | undefined];

/** Returns the values of an invoice that the result contains. Each has its path and its place on a page. */
export function invoiceValues(invoice: Invoice, pages: readonly PageSize[]): ExplainedValue[] {
  return placed([...namedValues(invoice)], pages);
}

function* namedValues(invoice: Invoice): Generator<Named> {
  for (const [name, found] of invoice.fields) yield [name, 'field', found];
  if (!invoice.fields.has('currency')) yield ['currency', 'field', invoice.currency];
  for (const role of ['seller', 'buyer'] as const)
    for (const part of ['name', 'vatId', 'street', 'postalCode', 'city', 'country'] as const)
      yield [`${role}.${part}`, 'party', invoice[role][part]];
  for (const [i, line] of invoice.lines.entries())
    for (const part of ['code', 'name', 'qty', 'unit', 'price', 'discount', 'rate', 'total'] as const)
      yield [`lines[${i}].${part}`, 'line', line[part]];
  for (const [i, row] of invoice.vat.entries())
    for (const part of ['rate', 'basis', 'tax', 'reason'] as const)
      yield [`vat[${i}].${part}`, 'vat', row[part]];
}

/** Returns every event of a timetable: its title with the box of the whole entry, its time and its place. */
export function timetableValues(
  events: readonly TimetableEntry[],
  pages: readonly PageSize[],
): ExplainedValue[] {
  const named = events.flatMap((event, i): Named[] => {
    const found = (value: string): Found => ({
      value,
      raw: event.raw,
      page: event.page,
      box: event.box,
      rule: event.rule,
      confidence: 0.8,
    });
    return [
      [`events[${i}].title`, 'event', found(event.title)],
      [
        `events[${i}].time`,
        'event',
        found(`${event.date ?? WEEKDAYS[event.weekday]} ${clockText(event.start)}-${clockText(event.end)}`),
      ],
      [`events[${i}].place`, 'event', event.place === undefined ? undefined : found(event.place)],
      [`events[${i}].teacher`, 'event', event.teacher === undefined ? undefined : found(event.teacher)],
    ];
  });
  return placed(named, pages);
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

function placed(named: readonly Named[], pages: readonly PageSize[]): ExplainedValue[] {
  return named
    .flatMap(([path, kind, found]): ExplainedValue[] => {
      if (!found) return [];
      const size = found.box ? pages[found.page - 1] : undefined;
      const { value, raw, rule, confidence } = found;
      return [
        {
          path,
          kind,
          value,
          raw,
          rule,
          confidence,
          page: size ? found.page : 0,
          box: size && found.box ? found.box : null,
          pageWidth: size?.width ?? null,
          pageHeight: size?.height ?? null,
        },
      ];
    })
    .slice(0, EXPLAINED_VALUES_MAX);
}
