import Big from 'big.js';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { isIncludedTax } from '../reading/included-tax.ts';
import { parseValue } from '../reading/value-parsers.ts';

/** A line of the totals that states a rate and its tax (`MwSt. 19 %  23,75`), and possibly the basis. */
export interface VatTotalLine {
  readonly rate: Found;
  readonly basis: Found | undefined;
  readonly tax: Found;
}

/** A printed tax may differ from rate times printed basis by this many cents. */
const ROUNDING_CENTS = 1;

/** Finds the lines below the items that state a label of VAT, a rate and an amount. Each rate is taken once. */
export function vatTotalLines(document: ReadDocument, itemLines: ReadonlySet<number>): VatTotalLine[] {
  const byRate = new Map<string, VatTotalLine>();
  for (const { hit } of document.hitsByOwner.get('field:tax') ?? []) {
    if (itemLines.has(hit.line.index) || isIncludedTax(hit)) continue;
    const found = ratesOn(hit.line.tokens.slice(hit.to), document);
    if (found && !byRate.has(found.rate.value)) byRate.set(found.rate.value, found);
  }
  return [...byRate.values()];
}

function ratesOn(
  tokens: ReadDocument['lines'][number]['tokens'],
  document: ReadDocument,
): VatTotalLine | undefined {
  let rate: Found | undefined;
  const amounts: Found[] = [];
  for (let at = 0; at < tokens.length;) {
    const rest = tokens.slice(at);
    const percent = rate ? undefined : parseValue('percent', rest, document.notation);
    if (percent?.fit === 1) {
      const used = rest.slice(0, percent.count);
      rate = foundIn(new Big(percent.value).toString(), used, 'rate in the totals', 0.9);
      at += percent.count;
      continue;
    }
    const money = parseValue('money', rest, document.notation);
    if (money?.fit === 1) {
      amounts.push(foundIn(money.value, rest.slice(0, money.count), 'VAT in the totals', 0.9));
      at += money.count;
    } else at += 1;
  }
  const tax = amounts.at(-1);
  if (!rate || !tax || amounts.length > 2) return undefined;
  const basis = amounts.length === 2 ? amounts[0] : undefined;
  if (basis && !isTaxOf(basis.value, rate.value, tax.value)) return undefined;
  return { rate, basis, tax };
}

/** True when the tax is the rate times the basis, to the cent. */
export function isTaxOf(basis: string, rate: string, tax: string): boolean {
  const wanted = new Big(basis).times(rate).div(100).round(2, Big.roundHalfUp);
  return wanted.minus(tax).abs().times(100).lte(ROUNDING_CENTS);
}
