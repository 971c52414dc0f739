import Big from 'big.js';
import type { InvoiceLine } from '../found-invoice/invoice.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import { derived } from '../printed/provenance.ts';
import type { Found } from '../printed/provenance.ts';
import type { ReadDocument } from '../reading/document.ts';
import { parseValue } from '../reading/value-parsers.ts';
import { isTaxOf } from './vat-total-lines.ts';

/** Rounding may shift the sum by this many cents for each rate. */
const CENTS_PER_RATE = 1;

/**
 * Computes net amount and tax when the page prints only the gross amount and the rates. The computation starts with
 * the sum of the lines or the printed net amount. The result is accepted only if a printed rate leads to the printed
 * gross amount, to the cent.
 */
export function workedOutTotals(
  fields: Map<string, Found>,
  lines: readonly InvoiceLine[],
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): void {
  const grand = fields.get('grand') ?? fields.get('payable');
  if (!grand || grand.page === 0 || fields.has('tax') || lines.length === 0) return;
  const sum = lines.reduce((total, line) => total.plus(lineNet(line)), new Big(0));
  const net = fields.get('net') ?? derived(sum.toFixed(2), 'sum of the lines');
  const tax = new Big(grand.value).minus(net.value);
  if (tax.eq(0)) return;
  const rate = ratesIn(document, itemLines).find((one) => isTaxOf(net.value, one, tax.toFixed(2)));
  const isExplained = rate !== undefined || (sum.eq(net.value) && isTaxOfLines(tax, lines));
  if (!isExplained) return;
  fields.set('net', net);
  fields.set('grand', grand);
  fields.set('tax', derived(tax.toFixed(2), rate === undefined ? 'rates of the lines' : `${rate} % of net`));
}

/** Lists the rates above zero that are printed outside the items. */
function ratesIn(document: ReadDocument, itemLines: ReadonlySet<number>): string[] {
  const rates = new Set<string>();
  for (const { index, tokens, text } of document.lines) {
    if (itemLines.has(index) || !text.includes('%')) continue;
    tokens.forEach((_, at) => {
      const parsed = parseValue('percent', tokens.slice(at), document.notation);
      if (parsed?.fit === 1 && new Big(parsed.value).gt(0)) rates.add(new Big(parsed.value).toString());
    });
  }
  return [...rates];
}

/** True when the tax is the sum of the taxes of the lines, each at its printed rate. */
function isTaxOfLines(tax: Big, lines: readonly InvoiceLine[]): boolean {
  const byRate = new Map<string, Big>();
  for (const line of lines) {
    if (!line.rate) return false;
    const rate = new Big(line.rate.value).toString();
    byRate.set(rate, (byRate.get(rate) ?? new Big(0)).plus(lineNet(line)));
  }
  const sum = [...byRate].reduce(
    (total, [rate, basis]) => total.plus(basis.times(rate).div(100).round(2, Big.roundHalfUp)),
    new Big(0),
  );
  return sum
    .minus(tax)
    .abs()
    .times(100)
    .lte(byRate.size * CENTS_PER_RATE);
}
