import Big from 'big.js';
import type { Found } from '../printed/provenance.ts';
import { derived } from '../printed/provenance.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import type { InvoiceLine, VatRow } from '../found-invoice/invoice.ts';
import type { ReadTable } from '../reading/table-rows.ts';

/**
 * Gives lines the rates of their codes (`1`, `A`), as the breakdown lists them. Every line must have a code of the
 * breakdown, and no rate of the breakdown may equal such a code.
 */
export function withRatesOfCodes(
  lines: readonly InvoiceLine[],
  { rows }: ReadTable,
  breakdown: ReadTable,
): readonly InvoiceLine[] {
  const rates = new Map<string, Found>();
  for (const { cells } of breakdown.rows) {
    const code = cells.get('code')?.value.toUpperCase();
    const rate = cells.get('rate');
    if (code !== undefined && rate) rates.set(code, rate);
  }
  const codes = rows.map(({ cells }) => cells.get('rateCode')?.value ?? cells.get('rate')?.raw ?? '');
  const isCode = (code: string): boolean =>
    rates.has(code) && ![...rates.values()].some(({ value }) => /^\d/.test(code) && new Big(value).eq(code));
  if (lines.length === 0 || lines.length !== rows.length || !codes.every(isCode)) return lines;
  return lines.map((line, i) => {
    const rate = rates.get(codes[i] ?? '');
    return rate ? { ...line, rate: derived(rate.value, 'code of the rate') } : line;
  });
}

/**
 * The most lines that are divided. With more lines, several divisions would be possible, so the lines would get no
 * rate.
 */
const LINES_PARTED_MAX = 14;

/**
 * Gives each line without a rate a rate of the breakdown. A single rate goes to all lines. Otherwise the lines are
 * divided so that the lines of each rate add up to its basis, to the cent. If there are several such divisions, the
 * lines get no rate.
 */
export function withRates(lines: readonly InvoiceLine[], vat: readonly VatRow[]): InvoiceLine[] {
  const [only] = vat;
  if (vat.length === 1 && only) return lines.map((line) => (line.rate ? line : { ...line, rate: only.rate }));
  if (vat.length < 2 || lines.some((line) => line.rate) || lines.length > LINES_PARTED_MAX) return [...lines];
  const ways = waysToPart(
    lines.map((line) => lineNet(line)),
    vat.map((row) => new Big(row.basis.value)),
  );
  const [way] = ways;
  if (ways.length !== 1 || !way) return [...lines];
  return lines.map((line, i) => {
    const rate = vat[way[i] ?? 0]?.rate;
    return rate ? { ...line, rate: derived(rate.value, 'basis that the line is part of') } : line;
  });
}

/**
 * Finds up to two ways to assign the amounts to the bases. A way lists the row of each amount. Negative amounts are
 * possible, so a basis can still change until the last amount.
 */
function waysToPart(amounts: readonly Big[], bases: readonly Big[]): number[][] {
  const ways: number[][] = [];
  const hasMinus = amounts.some((amount) => amount.lt(0));
  const visit = (at: number, left: readonly Big[], taken: readonly number[]): void => {
    if (ways.length > 1) return;
    const amount = amounts[at];
    if (amount === undefined) {
      if (left.every((rest) => rest.eq(0))) ways.push([...taken]);
      return;
    }
    left.forEach((rest, row) => {
      if (!hasMinus && rest.lt(amount)) return;
      visit(
        at + 1,
        left.map((other, i) => (i === row ? other.minus(amount) : other)),
        [...taken, row],
      );
    });
  };
  visit(0, bases, []);
  return ways;
}
