import { bothReadings } from '../values/dates.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { parseValue } from './value-parsers.ts';

/** The first and the last invoiced day (BG-14). */
export interface BillingPeriod {
  readonly start: Found;
  readonly end: Found;
}

/** Labels of the period, without blanks and accents. */
const LABELS = new Set([
  'abrechnungszeitraum', 'lieferleistungszeitraum', 'leistungslieferzeitraum', 'rechnungszeitraum', 'leistungszeitraum', 'lieferzeitraum', 'verbrauchszeitraum', 'billingperiod',
  'invoicingperiod', 'invoiceperiod', 'serviceperiod', 'supplyperiod', 'periodcovered', 'periodedefacturation',
  'periodefacturee', 'periodedeprestation', 'periodedeservice', 'periododefacturacion', 'periodofacturado', 'periododefaturacao',
  'periodofaturado', 'periododeprestacao', 'periododifatturazione', 'periodofatturato', 'periododicompetenza',
]); // prettier-ignore
const MAY_SAY = /zeitraum|period|p[ée]riode|per[íi]odo/i;
const LABEL_TOKENS_MAX = 3;
/** Words between the label and the first date. */
const FROM = /^(?:vom|von|from|du|de|del|dal|desde|a partir)$/i;
/** Words and dashes between the two dates. */
const TO = /^(?:bis|zum|to|until|till|through|au|al|a|à|até|hasta|[-\u2010-\u2015])$/i;

/**
 * Finds the period that a document invoices: `Billing period: 01.10.2025 to 31.10.2025`, above or below its items.
 * @param itemLines lines of the item table; a period on them applies to one item only
 * @returns undefined if there is none, if there are several, or if the order of day and month is unknown
 */
export function billingPeriod(
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): BillingPeriod | undefined {
  if (!MAY_SAY.test(document.text)) return undefined;
  const found = document.lines
    .filter(({ index, rotated }) => !rotated && !itemLines.has(index))
    .flatMap((line) => periodIn(line, document) ?? []);
  const [first] = found;
  const isOne = found.every(
    (each) => each.start.value === first?.start.value && each.end.value === first.end.value,
  );
  return isOne ? first : undefined;
}

function periodIn(line: TokenLine, document: ReadDocument): BillingPeriod | undefined {
  for (let at = 0; at < line.tokens.length; at += 1) {
    const after = labelEnd(line, at);
    if (after === undefined) continue;
    const start = dateAt(line, pass(line, after, FROM), document);
    const end = start && dateAt(line, pass(line, start.next, TO), document);
    if (start && end && start.next < end.from && start.found.value <= end.found.value)
      return { start: start.found, end: end.found };
  }
  return undefined;
}

/** Index of the token after a label that begins at a given token; undefined when no label begins there. */
function labelEnd({ tokens }: TokenLine, from: number): number | undefined {
  let key = '';
  for (const [i, token] of tokens.slice(from, from + LABEL_TOKENS_MAX).entries()) {
    key += token.key;
    if (LABELS.has(key)) return from + i + 1;
  }
  return undefined;
}

function pass({ tokens }: TokenLine, from: number, words: RegExp): number {
  const at = tokens[from]?.text === ':' ? from + 1 : from;
  return words.test(tokens[at]?.text ?? '') ? at + 1 : at;
}

function dateAt(
  { tokens }: TokenLine,
  from: number,
  document: ReadDocument,
): { readonly found: Found; readonly from: number; readonly next: number } | undefined {
  const parsed = parseValue('date', tokens.slice(from), document.notation);
  if (!parsed) return undefined;
  const own = tokens.slice(from, from + parsed.count);
  const found = foundIn(parsed.value, own, 'label of the billing period', 0.9);
  const isUnsure =
    document.dateOrderIsGuess && bothReadings(found.raw, document.notation.order) !== undefined;
  return isUnsure ? undefined : { found, from, next: from + parsed.count };
}
