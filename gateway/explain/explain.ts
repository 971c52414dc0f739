import type { PDFDocumentProxy } from 'pdfjs-dist';
import { failureMessage } from '../checks/run-checks.ts';
import { judgeInvoice } from '../invoice/convert-invoice.ts';
import type { JudgedReading } from '../invoice/convert-invoice.ts';
import type { InvoiceMapping, Mapping } from '../mapping/mapping-schema.ts';
import type { Found } from '../reading/provenance.ts';
import { embeddedInvoices } from '../embedded/convert-embedded.ts';
import { DEFAULT_READ_LIMITS, readPdf } from '../pdf/read-pdf.ts';
import { readTimetable } from '../timetable/read-timetable.ts';

/** Candidates shown for each field. */
const candidatesShownMax = 8;

/** How a document was read: which mapping and why, each value and its rivals, each check and its two sides. */
export async function explain(mapping: Mapping, document: PDFDocumentProxy): Promise<object> {
  const head = {
    mapping: { id: mapping.id, version: mapping.version, label: mapping.label, reader: mapping.reader },
    pages: document.numPages,
  };
  switch (mapping.reader) {
    case 'invoice':
      return { ...head, ...explainInvoice(mapping, await judgeInvoice(mapping, document)) };
    case 'embedded': {
      const found = await embeddedInvoices(mapping, document);
      return {
        ...head,
        embedded: found.map(({ filename, root, bytes }) => ({ filename, root, bytes: bytes.byteLength })),
      };
    }
    case 'timetable':
      return { ...head, events: readTimetable(await readPdf(document, DEFAULT_READ_LIMITS), mapping) };
    case 'layout': {
      const text = await readPdf(document, DEFAULT_READ_LIMITS);
      return {
        ...head,
        hidden: text.hidden,
        lines: text.pages.map((page) => ({ page: page.page, lines: page.lines.length })),
      };
    }
  }
}

function explainInvoice(mapping: InvoiceMapping, reading: JudgedReading): object {
  const { invoice } = reading;
  const failure = failureMessage(reading.findings);
  return {
    result: failure === undefined ? { code: 'OK' } : { code: 'CHECKS_FAILED', message: failure },
    matched: reading.matched,
    documentType: { type: invoice.documentType, typeCode: invoice.typeCode, creditNote: invoice.credit },
    regions: Object.fromEntries(reading.areas),
    fields: Object.keys(mapping.fields).map((name) => ({
      name,
      required: mapping.fields[name]?.required ?? false,
      found: invoice.fields.get(name) ?? null,
      candidates: (reading.candidates.get(name) ?? [])
        .slice(0, candidatesShownMax)
        .map(({ value, raw, page, box, rule, score }) => ({ value, raw, page, box, rule, score })),
    })),
    parties: { seller: invoice.seller, buyer: invoice.buyer },
    tables: Object.fromEntries(
      Object.entries(reading.tables).map(([name, table]) => [
        name,
        {
          headers: table.headers.map((header) => ({ page: header.page, columns: header.columns })),
          rows: table.rows.map((row) => ({ page: row.page, cells: Object.fromEntries(row.cells) })),
        },
      ]),
    ),
    vat: invoice.vat,
    qr: reading.qr.map((code) => Object.fromEntries(code)),
    checks: reading.findings,
    hiddenText: reading.text.hidden,
  };
}

/** Every placed value of a reading with the name it goes by. */
export function placedValues(
  reading: JudgedReading,
): { name: string; found: Found; kind: 'field' | 'party' | 'cell' }[] {
  const { invoice } = reading;
  const values: { name: string; found: Found | undefined; kind: 'field' | 'party' | 'cell' }[] = [];
  for (const [name, found] of invoice.fields) values.push({ name, found, kind: 'field' });
  for (const role of ['seller', 'buyer'] as const) {
    for (const part of ['name', 'vatId', 'street'] as const)
      values.push({ name: `${role} ${part}`, found: invoice[role][part], kind: 'party' });
  }
  for (const table of Object.values(reading.tables))
    for (const row of table.rows)
      for (const [name, found] of row.cells) values.push({ name, found, kind: 'cell' });
  return values.flatMap(({ name, found, kind }) => (found?.box ? [{ name, found, kind }] : []));
}
