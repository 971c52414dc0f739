import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayExplanation, ExplainedValue } from '../../schemas/protocols/gateway-explanation.ts';
import { failureMessage, type JudgedFinding } from '../checks/run-checks.ts';
import { detect } from '../detect/detect.ts';
import { embeddedInvoices } from '../embedded/embedded-invoices.ts';
import { judgeInvoice, type JudgedReading } from '../invoice/convert-invoice.ts';
import type { InvoiceMapping, Mapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import { writtenInvoice, type WrittenInvoice } from '../formats/written-invoice.ts';
import { DEFAULT_READ_LIMITS, readPdf } from '../pdf/read-pdf.ts';
import { scanReader } from '../ocr/scan-reader.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { BrokenRule } from '../rules/rule.ts';
import { timetablePages } from '../timetable/convert-timetable.ts';
import { readTimetable } from '../timetable/read-timetable.ts';
import { type PageSize, pageSizes } from './page-sizes.ts';
import { invoiceValues, timetableValues } from './values.ts';
import type { SemanticInvoice, SemanticParty, Text } from '../formats/semantic-invoice.ts';

/** The most candidates that are shown for each field. */
const CANDIDATES_SHOWN_MAX = 8;

type Told = Partial<Pick<GatewayExplanation, 'result' | 'values' | 'missing' | 'checks' | 'details'>>;

/**
 * Explains how a document is read. The explanation has the mapping and the reason for its choice, each value with the
 * other candidates, and each check with its two sides. A document that does not belong to the mapping is explained
 * too: its `result` says so, and it has no values.
 * @throws Refusal `PDF_CORRUPT`, `PDF_LIMIT`
 */
export async function explain(
  mapping: Mapping,
  registry: MappingRegistry,
  document: PDFDocumentProxy,
): Promise<GatewayExplanation> {
  const pages = await pageSizes(document);
  const told = await tell({ mapping, registry, document, pages }).catch((error: unknown): Told => {
    if (!(error instanceof Refusal) || !EXPLAINED_REFUSALS.has(error.code)) throw error;
    return { result: { code: error.code, message: error.message } };
  });
  return {
    mapping: { id: mapping.id, version: mapping.version, label: mapping.label, reader: mapping.reader },
    result: { code: 'OK' },
    pages,
    values: [],
    missing: [],
    checks: [],
    details: {},
    ...told,
  };
}

/** Refusals that depend on what the page shows. Every other refusal means that no page could be read. */
const EXPLAINED_REFUSALS: ReadonlySet<string> = new Set([
  'MAPPING_MISMATCH',
  'NO_TEXT',
  'CHECKS_FAILED',
  'AMBIGUOUS',
  'NO_EMBEDDED_XML',
  'EMBEDDED_XML_REFUSED',
]);

async function tell(of: {
  readonly mapping: Mapping;
  readonly registry: MappingRegistry;
  readonly document: PDFDocumentProxy;
  readonly pages: readonly PageSize[];
}): Promise<Told> {
  const { mapping, registry, document, pages } = of;
  switch (mapping.reader) {
    case 'invoice':
      return explainInvoice(mapping, await judgeInvoice(mapping, document), pages);
    case 'embedded': {
      const { invoices, refused, remarks } = await embeddedInvoices(mapping, document);
      const embedded = invoices.map(({ filename, root, bytes }) => ({
        filename,
        root,
        bytes: bytes.byteLength,
      }));
      return { details: { embedded, refused, remarks } };
    }
    case 'detect': {
      const found = await detect(mapping, registry, document);
      const details = { readBy: found.by, warnings: found.warnings };
      if (found.by === 'embedded') return { values: embeddedValues(found.said), details };
      const told = explainInvoice(found.mapping, found.reading, pages);
      return { ...told, details: { ...told.details, ...details, mapping: found.mapping.id } };
    }
    case 'timetable': {
      const reading = readTimetable(await timetablePages(document), mapping);
      const { entries, leftOut } = reading;
      return { values: timetableValues(entries, pages), details: { events: entries, leftOut } };
    }
    case 'layout': {
      const text = await readPdf(document, DEFAULT_READ_LIMITS, { scan: scanReader() });
      const lines = text.pages.map((page) => ({ page: page.page, lines: page.lines.length }));
      return { details: { hiddenText: text.hidden, lines } };
    }
  }
}

function explainInvoice(mapping: InvoiceMapping, reading: JudgedReading, pages: readonly PageSize[]): Told {
  const { invoice } = reading;
  const written = writtenInvoice(invoice, mapping.output);
  const absent = Object.entries(mapping.fields).filter(([name]) => !invoice.fields.has(name));
  return {
    result: resultOf(reading, written),
    values: invoiceValues(invoice, pages),
    missing: absent.map(([path, rule]) => ({ path, required: rule.required })),
    checks: [...reading.findings.map(checkShown), ...written.broken.map(brokenShown)],
    details: {
      matched: reading.matched,
      documentType: {
        type: invoice.documentType,
        typeCode: invoice.typeCode,
        creditNote: invoice.credit,
      },
      regions: Object.fromEntries(reading.areas),
      candidates: candidatesShown(mapping, reading),
      tables: tablesShown(reading),
      qr: reading.qr.map((code) => Object.fromEntries(code)),
      hiddenText: reading.text.hidden,
    },
  };
}

/** Returns the result that `convertInvoice` would return. */
function resultOf(reading: JudgedReading, written: WrittenInvoice): GatewayExplanation['result'] {
  const failure = failureMessage(reading.findings);
  if (failure !== undefined) return { code: 'CHECKS_FAILED', message: failure };
  return written.failure === undefined
    ? { code: 'OK' }
    : { code: 'OUTPUT_INVALID', message: written.failure };
}

type CheckShown = GatewayExplanation['checks'][number];

function checkShown({ rule, ok, severity, what, left, right }: JudgedFinding): CheckShown {
  return { rule, ok, severity, what, left, right };
}

/** Shows a broken rule of the written document in the same form as a check of the reader. */
function brokenShown({ rule, severity, what, found, expected }: BrokenRule): CheckShown {
  return {
    rule,
    ok: false,
    severity: severity === 'fatal' ? 'error' : 'warning',
    what,
    left: found ?? 'missing',
    right: expected === '' ? 'present' : expected,
  };
}

/** Returns the best candidates of each field, chosen or not. */
function candidatesShown(mapping: InvoiceMapping, reading: JudgedReading): Record<string, object[]> {
  return Object.fromEntries(
    Object.keys(mapping.fields).map((name) => [
      name,
      (reading.candidates.get(name) ?? [])
        .slice(0, CANDIDATES_SHOWN_MAX)
        .map(({ value, raw, page, box, rule, score }) => ({ value, raw, page, box, rule, score })),
    ]),
  );
}

function tablesShown(reading: JudgedReading): Record<string, object> {
  return Object.fromEntries(
    Object.entries(reading.tables).map(([name, table]) => [
      name,
      {
        headers: table.headers.map((header) => ({ page: header.page, columns: header.columns })),
        rows: table.rows.map((row) => ({ page: row.page, cells: Object.fromEntries(row.cells) })),
      },
    ]),
  );
}

type Named = readonly [path: string, kind: ExplainedValue['kind'], value: Text];

/**
 * Returns every value of an embedded e-invoice that a person would look for on the page. These values have no places
 * on the page.
 */
function embeddedValues(invoice: SemanticInvoice): ExplainedValue[] {
  return [...named(invoice)].flatMap(([path, kind, value]) => {
    if (value === undefined) return [];
    const place = { page: 0, box: null, pageWidth: null, pageHeight: null };
    return [{ path, kind, value, raw: '', ...place, rule: 'embedded e-invoice', confidence: 1 }];
  });
}

function* named(invoice: SemanticInvoice): Generator<Named> {
  const { totals } = invoice;
  const fields = {
    number: invoice.number,
    issueDate: invoice.issueDate,
    dueDate: invoice.dueDate,
    currency: invoice.currency,
    net: totals.net,
    tax: totals.tax,
    grand: totals.grand,
    payable: totals.payable,
    iban: invoice.payments[0]?.account,
  };
  for (const [name, value] of Object.entries(fields)) yield [name, 'field', value];
  yield* party('seller', invoice.seller);
  yield* party('buyer', invoice.buyer);
  for (const [i, line] of invoice.lines.entries()) {
    const { sellerCode: code, name, quantity: qty, unit, price, rate, net: total } = line;
    const parts = { code, name, qty, unit, price, rate, total };
    for (const [part, value] of Object.entries(parts)) yield [`lines[${i}].${part}`, 'line', value];
  }
  for (const [i, { rate, basis, tax, reason }] of invoice.vat.entries())
    for (const [part, value] of Object.entries({ rate, basis, tax, reason }))
      yield [`vat[${i}].${part}`, 'vat', value];
}

function* party(role: 'seller' | 'buyer', { name, vatId, address }: SemanticParty): Generator<Named> {
  const parts = {
    name,
    vatId,
    street: address?.line1,
    postalCode: address?.postalCode,
    city: address?.city,
    country: address?.country,
  };
  for (const [part, value] of Object.entries(parts)) yield [`${role}.${part}`, 'party', value];
}
