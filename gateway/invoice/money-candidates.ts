import Big from 'big.js';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Candidate } from '../reading/candidates.ts';
import type { ReadDocument } from '../reading/document.ts';
import { derived, foundIn } from '../printed/provenance.ts';
import { parseValue } from '../reading/value-parsers.ts';
import type { AllowanceLine } from './document-allowances.ts';
import { totalsOf } from './document-allowances.ts';
import type { VatTotalLine } from './vat-total-lines.ts';

/** The data from which the candidates of amounts are computed. */
interface MoneySources {
  readonly mapping: InvoiceMapping;
  readonly document: ReadDocument;
  readonly itemLines: ReadonlySet<number>;
  readonly vatTotals: readonly VatTotalLine[];
  readonly extras: readonly AllowanceLine[];
}

/** Adds candidates that have no label. The equations then choose among all candidates. */
export function addMoneyCandidates(
  candidates: Map<string, Candidate[]>,
  sums: Map<string, Big>,
  sources: MoneySources,
): void {
  addVatTotals(sources.vatTotals, candidates, sums);
  addTableSums(sources.mapping, candidates, sums);
  addExtras(sources.extras, candidates);
  addNegatives(sources.mapping, candidates);
  addNets(candidates, sums);
  addGross(candidates);
  addDue(candidates, sources);
  addPaid(candidates, sources);
}

/** Adds the sum of several lines of allowances or charges when their total is not printed. */
function addExtras(extras: readonly AllowanceLine[], candidates: Map<string, Candidate[]>): void {
  const totals = totalsOf(extras, isNegative(candidates));
  for (const name of ['allowance', 'charge'] as const) {
    const own = candidates.get(name);
    const total = totals[name];
    if (own && !total.eq(0) && !own.some((c) => total.eq(c.value)))
      own.push({ ...derived(total.toFixed(2), `lines of each ${name}`), score: EXTRAS_SCORE, line: -1 });
  }
}

/** The score, 0 to 1, of the sum of all lines of allowances or charges. A single line out of several scores less. */
const EXTRAS_SCORE = 0.7;
const SURE_AMOUNT = 0.6;

/** True when the totals of the document are printed with a minus. */
function isNegative(candidates: ReadonlyMap<string, readonly Candidate[]>): boolean {
  const best = candidates.get('net')?.[0] ?? candidates.get('grand')?.[0];
  return best !== undefined && best.value.startsWith('-');
}

/** When the totals are negative, also adds each deducted amount with a minus sign. */
function addNegatives(mapping: InvoiceMapping, candidates: Map<string, Candidate[]>): void {
  if (!isNegative(candidates)) return;
  for (const [name, own] of candidates) {
    if (!mapping.fields[name]?.unsigned) continue;
    const turned = own
      .filter((c) => new Big(c.value).gt(0))
      .map((c) => ({ ...c, value: `-${c.value}`, score: c.score * 0.9 }));
    own.push(...turned.filter((c) => !own.some((other) => other.value === c.value)));
  }
}

/** Words in front of an unpaid amount of earlier invoices that is added to this invoice's total. */
const OPEN_BEFORE =
  /^(?:offene|offener|saldovortrag|rückstand|(?:previous|outstanding|opening) |balance b|solde (?:ant|préc)|arriér|impayé|saldo (?:ant|pend|prec)|importes? pend|arretrati)/iu;

/**
 * Adds the difference between the total and the amount due as paid, if the page prints that difference without a label.
 * A debt from earlier invoices increases the amount due, so it counts as a negative payment (BT-113).
 */
function addPaid(candidates: Map<string, Candidate[]>, { document, itemLines }: MoneySources): void {
  const own = candidates.get('paid');
  const grand = candidates.get('grand')?.[0];
  const payable = candidates.get('payable')?.[0];
  if (!own || !grand || !payable || grand.score < SURE_AMOUNT || payable.score < SURE_AMOUNT) return;
  const difference = new Big(grand.value).minus(payable.value);
  const known = [...own, ...(candidates.get('withholding') ?? [])];
  if (difference.eq(0) || known.some((c) => difference.eq(c.value))) return;
  const isOpen = difference.lt(0);
  for (const line of document.lines) {
    if (itemLines.has(line.index) || (isOpen && !OPEN_BEFORE.test(line.text))) continue;
    for (let at = 0; at < line.tokens.length; at += 1) {
      const rest = line.tokens.slice(at);
      const money = parseValue('money', rest, document.notation);
      if (money?.fit !== 1 || !difference.abs().eq(new Big(money.value).abs())) continue;
      const tokens = rest.slice(0, money.count);
      const found = foundIn(difference.toFixed(2), tokens, 'printed, between total and due', 0.7);
      own.push({ ...found, score: SURE_AMOUNT, line: line.index });
      return;
    }
  }
}

/** At most this many lines below the total are searched for what is deducted from it. */
const LINES_BELOW_TOTAL_MAX = 5;

/**
 * Adds the amount due that no label names: below the total, an amount with a minus and then exactly what is left. The
 * buyer pays that amount, whatever the deduction is called.
 */
function addDue(candidates: Map<string, Candidate[]>, { document, itemLines }: MoneySources): void {
  const own = candidates.get('payable');
  const grand = candidates.get('grand')?.find(({ line }) => line >= 0);
  if (!own || !grand || grand.value.startsWith('-')) return;
  let left = new Big(grand.value);
  for (const line of document.lines.slice(grand.line + 1, grand.line + 1 + LINES_BELOW_TOTAL_MAX)) {
    const at = itemLines.has(line.index)
      ? -1
      : line.tokens.findIndex(({ text }) => /^[-\u2212]?\d.*\d$/.test(text));
    const tokens = line.tokens.slice(at);
    const money = at < 1 ? undefined : parseValue('money', tokens, document.notation);
    if (money?.fit !== 1) continue;
    if (money.value.startsWith('-')) left = left.plus(money.value);
    else if (left.eq(money.value) && !left.eq(grand.value)) {
      if (own.some((c) => left.eq(c.value))) return;
      const found = foundIn(money.value, tokens.slice(0, money.count), 'what is left of the total', 0.7);
      own.push({ ...found, score: SURE_AMOUNT, line: line.index });
      return;
    }
  }
}

/** Adds the sum of the tax amounts when the totals list several rates, each with its tax. */
function addVatTotals(
  totals: readonly VatTotalLine[],
  candidates: Map<string, Candidate[]>,
  sums: Map<string, Big>,
): void {
  if (totals.length < 2 || sums.has('vat.tax')) return;
  const sum = totals.reduce((s, line) => s.plus(line.tax.value), new Big(0));
  sums.set('vat.tax', sum);
  const own = candidates.get('tax');
  if (own && !own.some((c) => sum.eq(c.value)))
    own.push({
      ...derived(sum.toFixed(2), 'sum of the rates in the totals'),
      score: TABLE_SUM_SCORE,
      line: -1,
    });
}

/**
 * Adds the sum of the lines with a charge added or an allowance deducted. A subtotal above the charge or allowance is
 * not the net amount.
 */
function addNets(candidates: Map<string, Candidate[]>, sums: ReadonlyMap<string, Big>): void {
  const lines = sums.get('lines.total');
  const own = candidates.get('net');
  if (!lines || !own) return;
  for (const [name, sign] of [
    ['charge', 1],
    ['allowance', -1],
  ] as const)
    for (const { value, confidence } of candidates.get(name) ?? []) {
      const net = lines.plus(new Big(value).abs().times(sign));
      if (confidence < 0.5 || own.some((c) => net.eq(c.value))) continue;
      own.push({ ...derived(net.toFixed(2), `lines and ${name}`), score: TABLE_SUM_SCORE, line: -1 });
    }
}

/** The number of candidates of the net amount, and of the tax, that are tried in sums. */
const SUMS_TRIED_MAX = 3;

/** Adds the sum of net amount and VAT as the total. When tax is withheld, the page may not print this total. */
function addGross(candidates: Map<string, Candidate[]>): void {
  const own = candidates.get('grand');
  if (!own || (candidates.get('withholding') ?? []).length === 0) return;
  for (const net of (candidates.get('net') ?? []).slice(0, SUMS_TRIED_MAX))
    for (const tax of (candidates.get('tax') ?? []).slice(0, SUMS_TRIED_MAX)) {
      const gross = new Big(net.value).plus(tax.value);
      if (!own.some((c) => gross.eq(c.value)))
        own.push({ ...derived(gross.toFixed(2), 'net + tax'), score: TABLE_SUM_SCORE, line: -1 });
    }
}

/** The score, 0 to 1, of a sum of a table's column, which counts less than a printed total. */
const TABLE_SUM_SCORE = 0.42;

/** Adds the sum of a column as a candidate for each field that the mapping derives from that column alone. */
function addTableSums(
  mapping: InvoiceMapping,
  candidates: Map<string, Candidate[]>,
  sums: ReadonlyMap<string, Big>,
): void {
  for (const rule of mapping.derive) {
    const [term] = 'sum' in rule && rule.sum.length === 1 ? rule.sum : [];
    const sum = term === undefined ? undefined : sums.get(term);
    const own = candidates.get(rule.field);
    if (!sum || !own || own.some((c) => sum.eq(c.value))) continue;
    own.push({ ...derived(sum.toFixed(2), `sum of ${term}`), score: TABLE_SUM_SCORE, line: -1 });
  }
}
