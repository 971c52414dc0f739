import Big from 'big.js';
import { plainDashes } from '../values/numbers.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { Token } from '../printed/tokens.ts';
import { keyOf } from '../printed/tokens.ts';
import type { Notation } from './value-parsers.ts';
import { numberAt } from './value-parsers.ts';

/** Words in front of an amount in a computation, by the kind of the amount. */
const NET = new Set(['net', 'netto', 'neto', 'nett', 'liquido', 'preisnetto', 'prixnet', 'netprice']);

interface Amount {
  readonly value: string;
  /** The key of the words in front of the amount; `=` in front of a result. */
  readonly label: string;
  readonly tokens: readonly Token[];
}

/**
 * Reads the amount that a cell computes over several lines. For a price, it takes the net price: `Gross: 60.00`,
 * `Discount: 5.00`, `Net: 55.00`, or `20.00`, `- 1.00`, `= 19.00`. For allowances and charges, it takes their sum. It
 * does not change a cell with a single amount.
 */
export function workedOut(
  column: string,
  lines: readonly (readonly Token[])[],
  notation: Notation,
): Found | undefined {
  const amounts = lines.flatMap((line) => amountsOn(line, notation));
  if (amounts.length === 0 || (amounts.length === 1 && amounts[0]?.label === '')) return undefined;
  const rule = `column ${column}, worked out`;
  if (column === 'allowanceAmount') {
    const sum = amounts.reduce((total, { value }) => total.plus(value), new Big(0));
    return foundIn(sum.toFixed(2), amounts.flatMap(({ tokens }) => tokens), rule, 0.9); // prettier-ignore
  }
  const net = amounts.find(({ label }) => NET.has(label)) ?? amounts.findLast(({ label }) => label === '=');
  return net && foundIn(net.value, net.tokens, rule, 0.95);
}

function amountsOn(line: readonly Token[], notation: Notation): Amount[] {
  const amounts: Amount[] = [];
  let label = '';
  let isNegative = false;
  for (let at = 0; at < line.length;) {
    const token = line[at] as Token;
    const number = numberAt(line.slice(at), notation.mark);
    if (number) {
      const value = isNegative && !number.value.startsWith('-') ? `-${number.value}` : number.value;
      amounts.push({ value, label, tokens: line.slice(at, at + number.count) });
      label = '';
      isNegative = false;
      at += number.count;
      continue;
    }
    // The closing bracket of the number belongs to the bracket that opened the label: `(Net: 60.00)`.
    const inBrackets = /^[-+(]?[\d.,]+\)$/.test(token.text) ? token.text.slice(0, -1) : undefined;
    const value = inBrackets && numberAt([{ ...token, text: inBrackets }], notation.mark)?.value;
    if (value !== undefined && value !== '') {
      amounts.push({ value, label, tokens: [token] });
      label = '';
    } else if (token.text === '=') label = '=';
    else if (plainDashes(token.text) === '-') isNegative = true;
    else label += keyOf(token.text);
    at += 1;
  }
  return amounts;
}
