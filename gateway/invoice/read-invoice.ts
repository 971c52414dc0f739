import Big from 'big.js';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { JudgedFinding } from '../checks/run-checks.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { linearPattern } from '../mapping/linear-pattern.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { Candidate } from '../reading/candidates.ts';
import { candidatesFor } from '../reading/candidates.ts';
import type { ReadDocument } from '../reading/document.ts';
import { readDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import { derived } from '../printed/provenance.ts';
import type { Area } from '../reading/regions.ts';
import { findRegions } from '../reading/regions.ts';
import { solve, sumOf } from '../reading/solve.ts';
import { findHeaders } from '../reading/table-header.ts';
import type { ReadTable } from '../reading/table-rows.ts';
import { ofOneTable, readTable } from '../reading/table-rows.ts';
import { bothReadings } from '../values/dates.ts';
import { ATCUD } from '../values/identifiers.ts';
import { refuseOtherKinds } from './document-kind.ts';
import { refuseSeveral } from './several-invoices.ts';
import { workedOutTotals } from './worked-out-totals.ts';
import { vatTotalLines } from './vat-total-lines.ts';
import { allowanceLines, allowancesByRate } from './document-allowances.ts';
import { addMoneyCandidates } from './money-candidates.ts';
import { addDelivery } from './add-delivery.ts';
import { documentTypeOf } from './document-type.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import { givenParties } from './given-parties.ts';
import { invoiceCurrency } from './invoice-currency.ts';
import { lineItems } from './line-items.ts';
import { withRates, withRatesOfCodes } from './line-rates.ts';
import { withoutSums } from './sums-of-lines.ts';
import { readParties } from './read-parties.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import { preferQr } from './prefer-qr.ts';
import {
  baseWarnings,
  dueDateWarnings,
  lineWarnings,
  nameWarnings,
  numberWarnings,
  priceWarnings,
  rowWarnings,
} from './reading-warnings.ts';
import { breakdownOnly, exemptionIn, vatRows } from './vat-rows.ts';

/** An invoice, with everything that led to its values. `explain` shows these things. */
export interface InvoiceReading {
  readonly invoice: Invoice;
  readonly candidates: ReadonlyMap<string, readonly Candidate[]>;
  readonly matched: readonly string[];
  readonly areas: ReadonlyMap<string, Area>;
  readonly tables: { readonly lines: ReadTable; readonly vat: ReadTable };
  readonly qr: readonly QrPayload[];
  /** The findings of the page for and against the parties that the mapping gives. */
  readonly given: readonly JudgedFinding[];
  /** Warnings about values that were read and may be wrong. */
  readonly doubts: readonly GatewayWarning[];
}

/**
 * Reads an invoice from the words of a document.
 * @throws Refusal `MAPPING_MISMATCH` when the mapping is for another kind of document
 */
export function readInvoice(
  text: PdfText,
  mapping: InvoiceMapping,
  qr: readonly QrPayload[],
): InvoiceReading {
  const document = readDocument(text, mapping);
  const matched = matchOf(mapping, document);
  refuseOtherKinds(document);
  const areas = findRegions(mapping, document);
  const { printedLines, vatTable } = readTables(mapping, document);
  const linesTable = withoutSums(printedLines);
  const itemLines = new Set(
    linesTable.spans.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
  );
  const extras = allowanceLines(document, itemLines);
  // A row of the breakdown or of an allowance names the tax but is not the total tax.
  const ofRates = new Set([...itemLines, ...rowLines(vatTable), ...extras.map(({ line }) => line)]);
  const candidates = new Map(
    Object.entries(mapping.fields).map(([name, rule]) => {
      const area = rule.region === undefined ? undefined : areas.get(rule.region);
      const searched = { area, itemLines: name === 'tax' ? ofRates : itemLines };
      return [name, preferQr(name, candidatesFor(name, rule, document, searched), qr[0])];
    }),
  );
  refuseSeveral(mapping, document, candidates.get('number') ?? [], itemLines);
  const sums = columnSums(linesTable, vatTable);
  const vatTotals = vatTotalLines(document, itemLines);
  addMoneyCandidates(candidates, sums, { mapping, document, itemLines, vatTotals, extras });
  const chosen = solve(
    candidates,
    mapping.equations,
    sums,
    new Set(Object.keys(mapping.fields).filter((name) => mapping.fields[name]?.onlyIfBalanced)),
  );
  const fields = new Map<string, Found>(chosen);
  refuseUnsureDates(document, fields);
  const exemption = exemptionIn(document);
  if (!fields.has('tax') && !sums.has('vat.tax') && exemption)
    fields.set('tax', { ...exemption, value: '0.00', rule: `no VAT: ${exemption.rule}` });
  const items = withRatesOfCodes(lineItems(linesTable), linesTable, vatTable);
  if (!sums.has('vat.tax')) workedOutTotals(fields, items, document, itemLines);
  derive(mapping, fields, sums);
  const vat = vatRows(vatTable, { lines: items, fields, totals: vatTotals, exemption });
  const lines = withRates(items, vat);
  addDelivery(fields, vat, document, itemLines);
  const tableStart = linesTable.headers[0]?.fromLine ?? document.lines.length;
  const read = readParties({ mapping, document, areas, tableStart, qr: qr[0] });
  for (const [name, found] of read.sellerFields) fields.set(name, found);
  const { seller, buyer, findings: given } = givenParties(mapping, document, read, qr[0]);
  const invoice: Invoice = {
    ...documentTypeOf(mapping, document, fields.get('number')?.value),
    currency: invoiceCurrency({ mapping, document, fields, seller }),
    fields,
    seller,
    buyer,
    lines,
    vat,
    allowances: allowancesByRate(extras, { lines, vat, fields }),
    atcudByPage: atcudByPage(document),
    pages: document.pages,
  };
  const doubts = [
    ...numberWarnings(fields.get('number'), candidates.get('number') ?? []),
    ...dueDateWarnings(fields.get('dueDate'), fields.get('issueDate'), candidates.get('dueDate') ?? []),
    ...rowWarnings(printedLines),
    ...lineWarnings(lines),
    ...baseWarnings(lines),
    ...priceWarnings(lines),
    ...nameWarnings(lines),
  ];
  const tables = { lines: linesTable, vat: vatTable };
  return { invoice, candidates, matched, areas, tables, qr, given, doubts };
}

/** Reads the table of items and the table of the VAT breakdown. Each table ends at the beginning of the other table. */
function readTables(
  mapping: InvoiceMapping,
  document: ReadDocument,
): { printedLines: ReadTable; vatTable: ReadTable } {
  const { tables } = mapping;
  const lineHeaders = findHeaders(tables.lines, document);
  const vatHeaders = findHeaders(tables.vat, document);
  const ofLines = { found: lineHeaders, others: vatHeaders, totals: totalLabels(mapping) };
  const ofVat = { found: vatHeaders, others: ofOneTable(lineHeaders) };
  return {
    printedLines: readTable('lines', tables.lines, document, ofLines),
    vatTable: breakdownOnly(readTable('vat', tables.vat, document, ofVat)),
  };
}

/** The lines of a table's rows, without the lines of its titles. */
function rowLines({ headers, rows, spans }: ReadTable): number[] {
  if (rows.length === 0) return [];
  const titles = new Map(headers.map(({ fromLine, toLine }) => [fromLine, toLine]));
  return spans.flatMap(([from, to]) => {
    const first = (titles.get(from) ?? from) + 1;
    return Array.from({ length: Math.max(0, to - first + 1) }, (_, i) => first + i);
  });
}

function matchOf(mapping: InvoiceMapping, document: ReadDocument): string[] {
  const text = document.text.slice(0, 400_000);
  const hits = (patterns: readonly string[]): string[] =>
    patterns.filter((source) => linearPattern(source).test(text));
  const any = hits(mapping.match.anyOf);
  const evidence = hits(mapping.match.evidence);
  if (any.length === 0 || evidence.length < mapping.match.evidenceMin) {
    const lacks =
      any.length === 0
        ? 'none of the words that name such a document is on it'
        : `${evidence.length} of at least ${mapping.match.evidenceMin} further signs are on it`;
    throw new Refusal(
      'MAPPING_MISMATCH',
      `The document does not look like what the mapping ${mapping.id} reads: ${lacks}.`,
    );
  }
  return [...any, ...evidence];
}

const TOTAL_FIELDS = ['net', 'tax', 'grand', 'payable'] as const;
const SURE_LABEL_WEIGHT = 0.7;

const totalLabelsOf = new WeakMap<InvoiceMapping, readonly string[]>();

/** Labels that only name a total. They are computed once for each mapping. */
function totalLabels(mapping: InvoiceMapping): readonly string[] {
  const known = totalLabelsOf.get(mapping);
  if (known) return known;
  const labels = TOTAL_FIELDS.flatMap((name) => mapping.fields[name]?.labels ?? []).flatMap((label) =>
    typeof label === 'string' ? [label] : label.weight >= SURE_LABEL_WEIGHT ? [label.text] : [],
  );
  totalLabelsOf.set(mapping, labels);
  return labels;
}

/** Sums of the table columns that equations name: `lines.total`, `vat.basis`, `vat.tax`. */
function columnSums(lines: ReadTable, vat: ReadTable): Map<string, Big> {
  const sums = new Map<string, Big>();
  const add = (name: string, table: ReadTable, column: string): void => {
    const values = table.rows.map((row) => row.cells.get(column)?.value).filter((v) => v !== undefined);
    if (values.length > 0)
      sums.set(
        name,
        values.reduce((sum, v) => sum.plus(v), new Big(0)),
      );
  };
  add('lines.total', lines, 'total');
  add('lines.gross', lines, 'gross');
  add('vat.basis', vat, 'basis');
  add('vat.tax', vat, 'tax');
  return sums;
}

/** Fills empty fields by the mapping's rules. A printed value is never replaced. */
function derive(mapping: InvoiceMapping, fields: Map<string, Found>, sums: ReadonlyMap<string, Big>): void {
  for (const rule of mapping.derive) {
    if (fields.has(rule.field)) continue;
    if ('value' in rule) fields.set(rule.field, derived(rule.value, 'a fixed value'));
    else if ('copy' in rule) {
      const source = fields.get(rule.copy);
      if (source)
        fields.set(rule.field, {
          ...source,
          rule: `derived from ${rule.copy}: ${source.rule}`,
          confidence: source.confidence * 0.8,
        });
    } else {
      const amounts = new Map<string, Big>(sums);
      for (const term of rule.sum.map((t) => t.replace(/^-/, ''))) {
        const value = fields.get(term)?.value;
        if (value !== undefined && mapping.fields[term]?.type === 'money') amounts.set(term, new Big(value));
      }
      const sum = sumOf(rule.sum, amounts);
      if (sum) fields.set(rule.field, derived(sum.toFixed(2), rule.sum.join(' + ')));
    }
  }
}

/**
 * Refuses a date that can be read in two ways when nothing on the page shows the order of day and month.
 * @throws Refusal `CHECKS_FAILED` with both readings
 */
function refuseUnsureDates(document: ReadDocument, fields: ReadonlyMap<string, Found>): void {
  if (!document.dateOrderIsGuess) return;
  for (const name of ['issueDate', 'dueDate', 'deliveryDate']) {
    const raw = fields.get(name)?.raw ?? '';
    const readings = bothReadings(raw, document.notation.order);
    if (readings)
      throw new Refusal(
        'CHECKS_FAILED',
        `DATE-ORDER: the date ${raw} reads as ${readings.join(' and as ')}, and nothing on the page tells which.`,
      );
  }
}

function atcudByPage(document: ReadDocument): Map<number, string> {
  const pages = new Map<number, string>();
  for (const line of document.lines) {
    if (pages.has(line.page) || !/atcud/i.test(line.text)) continue;
    for (const [i, token] of line.tokens.entries()) {
      const code = ATCUD.exec(token.text)?.[1];
      if (code === undefined || pages.has(line.page)) continue;
      if (/^atcud/i.test(token.text) || /atcud:?$/i.test(line.tokens[i - 1]?.text ?? ''))
        pages.set(line.page, code);
    }
  }
  return pages;
}
