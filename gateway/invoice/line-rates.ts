import Big from 'big.js';
import { derived } from '../printed/provenance.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import type { InvoiceLine, VatRow } from '../found-invoice/invoice.ts';

/** With more lines, too many ways to divide them fit to tell which one is right. */
const LINES_PARTED_MAX = 14;

/**
 * Gives lines without a rate the rate of the breakdown that they fall under: the only one there is, or that of the one
 * way to part the lines so that each basis is what its lines come to, to the cent. Where there are several ways, none.
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

/** The row of each amount, for at most two ways; amounts below zero keep a basis open until the last. */
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
