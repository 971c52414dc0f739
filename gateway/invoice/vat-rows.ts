import Big from 'big.js';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import { derived, foundIn } from '../printed/provenance.ts';
import type { TableRow } from '../reading/open-rows.ts';
import type { ReadTable } from '../reading/table-rows.ts';
import { exemptionCodeIn } from './exemptions.ts';
import type { InvoiceLine, VatCategory, VatRow } from '../found-invoice/invoice.ts';
import { categoryCodeIn, categoryOf, exemptionsOf, withoutCategoryCode } from './vat-categories.ts';
import { isTaxOf } from './vat-total-lines.ts';
import type { VatTotalLine } from './vat-total-lines.ts';
import { isSameNumber } from '../values/numbers.ts';

/** The values from which the breakdown is computed when no table of it is printed. */
export interface VatSources {
  readonly lines: readonly InvoiceLine[];
  readonly fields: ReadonlyMap<string, Found>;
  readonly totals: readonly VatTotalLine[];
  /** The printed reason for charging no VAT. */
  readonly exemption: Found | undefined;
}

/** Reads the VAT breakdown from its table. If there is none, computes it from the totals or from the lines. */
export function vatRows(table: ReadTable, { lines, fields, totals, exemption }: VatSources): VatRow[] {
  const printed = fromTable(table);
  const added = printed.length > 0 ? printed : fromTotals(totals, lines, fields);
  const rows = added.length > 0 ? added : fromLines(lines, fields);
  return mergeRates(rows).map((row) => categorise(row, exemption));
}

/** The highest possible rate of VAT, in percent. */
const RATE_MAX = 50;

/**
 * Removes the rows that are no part of a breakdown: totals side by side, with more tax than any rate gives for the
 * basis, and a row without a rate that is the sum of all rows above it.
 */
export function breakdownOnly(table: ReadTable): ReadTable {
  const rows = table.rows.filter(({ cells }, at) => {
    const basis = cells.get('basis');
    const tax = cells.get('tax');
    if (!basis || !tax) return true;
    const above = table.rows.slice(0, at);
    if (!cells.has('rate') && isSumOf(above, 'basis', basis) && isSumOf(above, 'tax', tax)) return false;
    return new Big(tax.value).abs().times(100).lte(new Big(basis.value).abs().times(RATE_MAX));
  });
  return rows.length === table.rows.length ? table : { ...table, rows };
}

function isSumOf(rows: readonly TableRow[], column: string, { value }: Found): boolean {
  return (
    rows.length > 0 &&
    rows.reduce((sum, { cells }) => sum.plus(cells.get(column)?.value ?? 0), new Big(0)).eq(value)
  );
}

interface RawRow {
  readonly rate: Found;
  readonly basis: Found;
  readonly tax: Found;
  readonly reason: Found | undefined;
  /** The category, if its code is printed. */
  readonly code?: VatCategory | undefined;
}

function fromTable(table: ReadTable): RawRow[] {
  const rows: RawRow[] = [];
  for (const { cells } of table.rows) {
    const basis = cells.get('basis');
    const tax = cells.get('tax');
    if (!basis || !tax) continue;
    const rate = cells.get('rate') ?? rateFrom(basis, tax);
    const reason = cells.get('reason');
    const code = categoryCodeIn(cells.get('code')?.value ?? '') ?? categoryCodeIn(reason?.value ?? '');
    if (rate) rows.push({ rate, basis, tax, reason: reason && saidBy(reason), code });
  }
  return rows;
}

/** The reason without the name of the tax; undefined when nothing else is printed. */
function saidBy(reason: Found): Found | undefined {
  const value = withoutCategoryCode(reason.value);
  return value === '' ? undefined : { ...reason, value };
}

const RATE_DECIMALS_MAX = 2;

/**
 * Computes a rate that is not printed: of all rates that give the tax to the cent, the rate with the fewest decimals.
 */
function rateFrom(basis: Found, tax: Found): Found | undefined {
  if (new Big(basis.value).eq(0)) return undefined;
  const rate = new Big(tax.value).div(basis.value).times(100);
  for (let decimals = 0; decimals <= RATE_DECIMALS_MAX; decimals += 1) {
    const rounded = rate.round(decimals, Big.roundHalfUp);
    if (isTaxOf(basis.value, rounded.toString(), tax.value))
      return derived(rounded.toString(), 'tax / basis');
  }
  return undefined;
}

/**
 * Makes rows of the lines in the totals that state a rate and a tax. If no basis is printed, the basis is the sum of
 * the lines with that rate.
 */
function fromTotals(
  totals: readonly VatTotalLine[],
  lines: readonly InvoiceLine[],
  fields: ReadonlyMap<string, Found>,
): RawRow[] {
  const net = fields.get('net');
  const rows = totals.map(({ rate, basis, tax }): RawRow | undefined => {
    const own = lines.filter((line) => line.rate && isSameNumber(line.rate.value, rate.value));
    const sum = own.reduce((s, line) => s.plus(line.total?.value ?? 0), new Big(0));
    const alone = totals.length === 1 && net && isTaxOf(net.value, rate.value, tax.value) ? net : undefined;
    const added = own.length > 0 ? derived(sum.toFixed(2), 'sum of the lines at the rate') : undefined;
    const found = basis ?? alone ?? added;
    return found && isTaxOf(found.value, rate.value, tax.value)
      ? { rate, basis: found, tax, reason: undefined }
      : undefined;
  });
  return rows.every((row) => row !== undefined) ? rows : [];
}

/** Groups the lines by rate. This is used only for documents that print no breakdown. */
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

/** Adds up the rows of one rate. A breakdown may list a rate twice, for two reasons; such rows are not added up. */
function mergeRates(rows: readonly RawRow[]): RawRow[] {
  const byKey = new Map<string, RawRow>();
  for (const row of rows) {
    const key = `${new Big(row.rate.value).toString()}|${row.code ?? ''}|${row.reason?.value ?? ''}`;
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

function categorise({ code, ...row }: RawRow, documentReason: Found | undefined): VatRow {
  if (!new Big(row.rate.value).eq(0)) return { ...row, category: 'S', reason: undefined };
  // `Isento` (exempt) in the place of a rate is also a printed reason, but any other reason is preferred.
  const inRate = /\p{L}{4}/u.test(row.rate.raw) ? { ...row.rate, value: row.rate.raw } : undefined;
  const reason = row.reason && /\p{L}/u.test(row.reason.value) ? row.reason : (documentReason ?? inRate);
  const category = code ?? categoryOf(reason?.value);
  // BR-Z-10 forbids a reason for zero-rated items.
  return { ...row, category, reason: category === 'Z' ? undefined : reason };
}

/** Finds the reason that the document prints anywhere: a code of the AT, or a sentence. */
export function exemptionIn(document: ReadDocument): Found | undefined {
  const isExemption = exemptionsOf(document.text);
  if (!isExemption) return undefined;
  for (const line of document.lines) {
    const { text } = line;
    const code = exemptionCodeIn(text);
    if (code === undefined && !isExemption(text)) continue;
    const from = line.tokens.findIndex((token) =>
      code !== undefined ? token.text.includes(code) : /\p{L}/u.test(token.text),
    );
    const tokens = line.tokens
      .slice(Math.max(0, from))
      .filter((_, i, all) => all.slice(1, i + 1).every((token) => token.gap < 1.4));
    const value = tokens.map((token) => token.text).join(' ');
    if (
      value.length >= 3 &&
      value.length <= 300 &&
      (code !== undefined || /\s/.test(value) || categoryOf(value) !== 'E')
    )
      return foundIn(value, tokens, 'exemption sentence', 0.6);
  }
  return undefined;
}
