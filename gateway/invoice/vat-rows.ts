import Big from 'big.js';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../reading/provenance.ts';
import { derived, foundIn } from '../reading/provenance.ts';
import type { ReadTable } from '../reading/table-rows.ts';
import { EXEMPTION_CATEGORIES, exemptionCodeIn } from './exemptions.ts';
import type { InvoiceLine, VatCategory, VatRow } from './invoice.ts';

/** The VAT breakdown: as printed where there is a table of it, else from the lines or from the totals. */
export function vatRows(
  mapping: InvoiceMapping,
  document: ReadDocument,
  table: ReadTable,
  lines: readonly InvoiceLine[],
  fields: ReadonlyMap<string, Found>,
): VatRow[] {
  void mapping;
  const printed = fromTable(table);
  const rows = printed.length > 0 ? printed : fromLines(lines, fields);
  const reason = exemptionIn(document);
  return mergeRates(rows).map((row) => categorise(row, reason));
}

interface RawRow {
  readonly rate: Found;
  readonly basis: Found;
  readonly tax: Found;
  readonly reason: Found | undefined;
}

function fromTable(table: ReadTable): RawRow[] {
  const rows: RawRow[] = [];
  for (const { cells } of table.rows) {
    const basis = cells.get('basis');
    const tax = cells.get('tax');
    if (!basis || !tax) continue;
    const rate = cells.get('rate') ?? rateFrom(basis, tax);
    if (rate) rows.push({ rate, basis, tax, reason: cells.get('reason') });
  }
  return rows;
}

/** A whole-number rate that explains the two amounts, where the rate itself is not printed. */
function rateFrom(basis: Found, tax: Found): Found | undefined {
  if (new Big(basis.value).eq(0)) return undefined;
  const rate = new Big(tax.value).div(basis.value).times(100);
  const rounded = rate.round(0);
  return rate.minus(rounded).abs().lt(0.3) ? derived(rounded.toString(), 'tax / basis') : undefined;
}

/** Groups the lines by rate; only for documents without a printed breakdown. */
function fromLines(lines: readonly InvoiceLine[], fields: ReadonlyMap<string, Found>): RawRow[] {
  const net = fields.get('net');
  const tax = fields.get('tax');
  const rates = new Set(lines.map((line) => line.rate?.value));
  if (net && tax && (rates.size <= 1 || lines.length === 0)) {
    const rate =
      lines[0]?.rate ??
      fields.get('taxRate') ??
      rateFrom(net, tax) ??
      (new Big(tax.value).eq(0) ? derived('0', 'no tax') : undefined);
    return rate ? [{ rate, basis: net, tax, reason: undefined }] : [];
  }
  if (rates.has(undefined)) return [];
  return [...rates].map((value) => {
    const own = lines.filter((line) => line.rate?.value === value);
    const basis = own.reduce((sum, line) => sum.plus(line.total?.value ?? 0), new Big(0));
    const rate = own[0]?.rate as Found;
    const amount = basis.times(rate.value).div(100).round(2, Big.roundHalfUp);
    return {
      rate,
      basis: derived(basis.toFixed(2), 'sum of the lines at the rate'),
      tax: derived(amount.toFixed(2), 'basis × rate'),
      reason: undefined,
    };
  });
}

/** Breakdowns may list one rate twice (two reasons); rates are unique in the result unless their reasons differ. */
function mergeRates(rows: readonly RawRow[]): RawRow[] {
  const byKey = new Map<string, RawRow>();
  for (const row of rows) {
    const key = `${new Big(row.rate.value).toString()}|${row.reason?.value ?? ''}`;
    const known = byKey.get(key);
    const plus = (a: Found, b: Found): Found =>
      derived(new Big(a.value).plus(b.value).toFixed(2), 'sum of rows at one rate');
    byKey.set(
      key,
      known ? { ...known, basis: plus(known.basis, row.basis), tax: plus(known.tax, row.tax) } : row,
    );
  }
  return [...byKey.values()];
}

function categorise(row: RawRow, documentReason: Found | undefined): VatRow {
  if (!new Big(row.rate.value).eq(0)) return { ...row, category: 'S', reason: undefined };
  // `Isento` in the place of the rate is a printed reason too, the weakest one.
  const inRate = /\p{L}{4}/u.test(row.rate.raw) ? { ...row.rate, value: row.rate.raw } : undefined;
  const reason = row.reason && /\p{L}/u.test(row.reason.value) ? row.reason : (documentReason ?? inRate);
  return { ...row, category: categoryOf(reason?.value), reason };
}

function categoryOf(reason: string | undefined): VatCategory {
  if (reason === undefined) return 'E';
  const code = exemptionCodeIn(reason);
  if (code !== undefined) return EXEMPTION_CATEGORIES[code] ?? 'E';
  if (
    /autoliquida|reverse charge|steuerschuldnerschaft|inversi[oó]n del sujeto|inversione contabile/i.test(
      reason,
    )
  )
    return 'AE';
  if (/intracomun|intra-?commun|innergemeinschaft|intracom/i.test(reason)) return 'K';
  if (/export|ausfuhr/i.test(reason)) return 'G';
  if (/n[aã]o sujei|not subject|nicht steuerbar|hors champ/i.test(reason)) return 'O';
  return 'E';
}

/** The reason printed somewhere on the document: an AT code, or a sentence that names one. */
function exemptionIn(document: ReadDocument): Found | undefined {
  for (const line of document.lines) {
    const { text } = line;
    const code = exemptionCodeIn(text);
    const sentence =
      /\b(isent[oa]|isenção|não sujei|autoliquida|reverse charge|exempt|exonér|steuerfrei|umsatzsteuerbefrei|steuerbefrei|kein(?:e)? umsatzsteuer|§\s?\d+|kleinunternehmer|exent[oa]|esente|vatex)/i.test(
        text,
      );
    if (code === undefined && !sentence) continue;
    const from = line.tokens.findIndex((token) =>
      code !== undefined ? token.text.includes(code) : /\p{L}/u.test(token.text),
    );
    const tokens = line.tokens
      .slice(Math.max(0, from))
      .filter((_, i, all) => all.slice(1, i + 1).every((token) => token.gap < 1.4));
    const value = tokens.map((token) => token.text).join(' ');
    if (value.length >= 3 && value.length <= 300 && (code !== undefined || /\s/.test(value)))
      return foundIn(value, tokens, 'exemption sentence', 0.6);
  }
  return undefined;
}
