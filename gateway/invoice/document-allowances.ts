import Big from 'big.js';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { parseValue } from '../reading/value-parsers.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import type { DocumentAllowance, InvoiceLine, VatRow } from '../found-invoice/invoice.ts';
import { categoryCodeIn } from './vat-categories.ts';
import { isSameNumber } from '../values/numbers.ts';

/** A line under the items that states an allowance or a charge on the document. */
export interface AllowanceLine {
  readonly isCharge: boolean;
  /** The printed amount, with its sign. */
  readonly amount: Found;
  /** Percent of VAT; undefined when the line does not print it. */
  readonly rate: string | undefined;
  /** Code of UNCL5305; undefined when the line does not print it. */
  readonly category: string | undefined;
  /** The words of the line in front of its figures. */
  readonly reason: string;
  /** Index of the line. */
  readonly line: number;
}

const ALLOWANCE =
  /^(?:remise|rabais|ristourne|rabatt|nachlass|abschlag|sondernachlass|discount|allowance|desconto|descuento|sconto|abbuono)/iu;
const CHARGE =
  /^(?:charge|zuschlag|frais|transport|fracht|porto|versand|verpackung|freight|shipping|delivery|surcharge|portes|env[ií]o|gastos|spese|suppl[eé]ment|handling)/iu;

/** This many words, such as a code or a number, may stand in front of the word that names the kind. */
const WORDS_BEFORE_MAX = 2;
const LINES_MAX = 60;

/** Finds the lines that begin with a word for an allowance or a charge and end with an amount. */
export function allowanceLines(
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): readonly AllowanceLine[] {
  const lastItem = Math.max(-1, ...itemLines);
  const found: AllowanceLine[] = [];
  for (const line of document.lines) {
    if (line.index <= lastItem || line.rotated || found.length >= LINES_MAX) continue;
    const one = allowanceOn(line, document);
    if (one) found.push(one);
  }
  return found;
}

function allowanceOn(line: TokenLine, document: ReadDocument): AllowanceLine | undefined {
  const first = line.tokens
    .slice(0, WORDS_BEFORE_MAX + 1)
    .findIndex(({ text }) => ALLOWANCE.test(text) || CHARGE.test(text));
  if (first < 0) return undefined;
  const tokens = line.tokens.slice(first);
  let rate: string | undefined;
  let amount: Found | undefined;
  let wordsTo = tokens.length;
  for (let at = 1; at < tokens.length;) {
    const rest = tokens.slice(at);
    const percent = parseValue('percent', rest, document.notation);
    const money = parseValue('money', rest, document.notation);
    if (percent?.fit === 1) rate = new Big(percent.value).toString();
    else if (money?.fit === 1)
      amount = foundIn(money.value, rest.slice(0, money.count), 'line of an allowance or charge', 0.8);
    const taken = percent?.fit === 1 ? percent.count : money?.fit === 1 ? money.count : 0;
    if (taken > 0) wordsTo = Math.min(wordsTo, at);
    at += Math.max(taken, 1);
  }
  if (!amount || (rate === undefined && !hasDash(line))) return undefined;
  const reason = tokens
    .slice(0, wordsTo)
    .map(({ text }) => text)
    .join(' ');
  return {
    isCharge: CHARGE.test(tokens[0]?.text ?? ''),
    amount,
    rate,
    category: categoryCodeIn(line.text),
    reason,
    line: line.index,
  };
}

/** True when the line ends with a dash, which stands for a rate that does not exist. */
function hasDash(line: TokenLine): boolean {
  return /^[-\u2010-\u2015]$/.test(line.tokens.at(-1)?.text ?? '');
}

/** Adds up the allowances and the charges as EN 16931 counts them: an allowance of an ordinary invoice is positive. */
export function totalsOf(
  lines: readonly AllowanceLine[],
  isNegative: boolean,
): { readonly allowance: Big; readonly charge: Big } {
  const total = (some: readonly AllowanceLine[]): Big =>
    some.reduce((sum, line) => sum.plus(amountOf(line, isNegative)), new Big(0));
  return {
    allowance: total(lines.filter(({ isCharge }) => !isCharge)),
    charge: total(lines.filter(({ isCharge }) => isCharge)),
  };
}

function amountOf({ isCharge, amount }: AllowanceLine, isNegative: boolean): Big {
  const printed = new Big(amount.value);
  if (!isNegative) return printed.abs();
  return isCharge ? printed : printed.times(-1);
}

interface Totals {
  readonly lines: readonly InvoiceLine[];
  readonly vat: readonly VatRow[];
  readonly fields: ReadonlyMap<string, Found>;
}

/**
 * Assigns each allowance and charge to a row of the VAT breakdown. Returns no assignment if their sums do not equal
 * the printed totals and every basis.
 */
export function allowancesByRate(
  extras: readonly AllowanceLine[],
  { lines, vat, fields }: Totals,
): readonly DocumentAllowance[] {
  if (extras.length === 0) return [];
  const field = (name: string): Big => new Big(fields.get(name)?.value ?? '0');
  const isNegative = field('net').lt(0);
  const totals = totalsOf(extras, isNegative);
  if (!totals.allowance.eq(field('allowance')) || !totals.charge.eq(field('charge'))) return [];
  const allowances = extras.map((extra) => ({
    isCharge: extra.isCharge,
    amount: amountOf(extra, isNegative),
    reason: extra.reason,
  }));
  const choices = extras.map((extra) => rowsFor(extra, vat));
  return firstThatBalances(choices, (rows) => {
    const placed = allowances.map((one, i) => ({ ...one, row: rows[i] as VatRow }));
    return isBalanced(placed, lines, vat) ? placed : undefined;
  });
}

function rowsFor({ rate, category }: AllowanceLine, vat: readonly VatRow[]): readonly VatRow[] {
  const sameRate = rate === undefined ? vat : vat.filter((row) => new Big(row.rate.value).eq(rate));
  const same = sameRate.filter((row) => row.category === category);
  return same.length > 0 ? same : sameRate;
}

const COMBINATIONS_MAX = 256;

/** Tries every choice of one row for each line, and returns the first result of `place`. */
function firstThatBalances(
  choices: readonly (readonly VatRow[])[],
  place: (rows: readonly VatRow[]) => readonly DocumentAllowance[] | undefined,
): readonly DocumentAllowance[] {
  const count = choices.reduce((product, rows) => product * rows.length, 1);
  for (let n = 0; n < Math.min(count, COMBINATIONS_MAX); n += 1) {
    let rest = n;
    const rows = choices.map((options) => {
      const row = options[rest % options.length] as VatRow;
      rest = Math.floor(rest / options.length);
      return row;
    });
    const placed = place(rows);
    if (placed) return placed;
  }
  return [];
}

/** True when every basis equals the sum of its lines less its allowances plus its charges, to the cent. */
function isBalanced(
  allowances: readonly DocumentAllowance[],
  lines: readonly InvoiceLine[],
  vat: readonly VatRow[],
): boolean {
  return vat.every((row) => {
    // A line states its rate only. When several rows have that rate, all lines of the rate count for the first of
    // these rows.
    const isFirst = vat.find((other) => isSameNumber(other.rate.value, row.rate.value)) === row;
    const own = isFirst
      ? lines.filter((line) => line.rate && isSameNumber(line.rate.value, row.rate.value))
      : [];
    const sum = own.reduce((total, line) => total.plus(lineNet(line)), new Big(0));
    const basis = allowances
      .filter((one) => one.row === row)
      .reduce((total, one) => (one.isCharge ? total.plus(one.amount) : total.minus(one.amount)), sum);
    return basis.eq(row.basis.value);
  });
}
