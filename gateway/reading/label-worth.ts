import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { parseValue } from './value-parsers.ts';

/** Computes the factor of a label for its place: above 1 in a title, below 1 in a sentence. */
export function labelShare(name: string, hit: LabelHit, document: ReadDocument): number {
  return IN_TITLES.has(name) ? titleShare(name, hit, document) : 1;
}

/** Fields that a title may state: `Handelsrechnung (380) Nr. 4711 vom 30.05.2025`. */
const IN_TITLES: ReadonlySet<string> = new Set(['number', 'issueDate']);
const TITLE = /rechnung|gutschrift|invoice|creditnote|facture|avoir|factura|fattura|fatura|notadecredito/;
const IN_TITLE_BONUS = 1.45;
/**
 * The factor for a number within a sentence, which often belongs to another document: `Annule la facture 2024-06903`.
 */
const IN_SENTENCE_SHARE = 0.6;
const TITLE_SIZE_RATIO = 1.15;

function titleShare(name: string, hit: LabelHit, document: ReadDocument): number {
  if (isInTitle(hit, document)) return IN_TITLE_BONUS;
  const before = hit.line.tokens[hit.from - 1];
  const isInSentence =
    before !== undefined &&
    (hit.line.tokens[hit.from]?.gap ?? 9) < SENTENCE_GAP_MAX &&
    /^\p{Ll}{2,}$/u.test(before.text);
  return isInSentence && name === 'number' ? IN_SENTENCE_SHARE : 1;
}

const SENTENCE_GAP_MAX = 0.6;

/** True for a label within the title of the first page, which is a better sign than a label in ordinary text. */
function isInTitle({ line, from }: LabelHit, { bodySize }: ReadDocument): boolean {
  const first = line.tokens[0];
  return (
    from > 0 &&
    line.page === 1 &&
    line.size > TITLE_SIZE_RATIO * bodySize &&
    first !== undefined &&
    TITLE.test(first.key)
  );
}

const UNTIL = /^(?:bis|to|until|au|al|ate|hasta)$/;

/**
 * True in front of two dates with a word for "until" between them: `vom 01.05.2024 bis 31.05.2024`. The first day of a
 * period is hardly ever the issue date.
 */
export function isBeforePeriod({ line, to }: LabelHit, { notation }: ReadDocument): boolean {
  const tokens = line.tokens.slice(to);
  const untilAt = tokens.findIndex(({ key }) => UNTIL.test(key));
  return (
    untilAt > 0 &&
    parseValue('date', tokens.slice(0, untilAt), notation)?.count === untilAt &&
    parseValue('date', tokens.slice(untilAt + 1), notation) !== undefined
  );
}

/** Words of a discount for early payment. A date beside them is not the due date. */
export const EARLY_DISCOUNT = /skonto|discount|escompte|desconto|descuento|sconto|pronto pag/i;
/** Words for the payment in full, beside which the due date stands. */
const IN_FULL = /\bnet(?:to)?\b|ohne abzug|sans escompte|sem desconto|sin descuento|senza sconto/i;
/**
 * Finds the last day of a discount for early payment: `By 06.09. you get 2 % discount`. Returns undefined for a line
 * with several dates or without a discount.
 */
function discountDateOf({ text, tokens }: TokenLine, document: ReadDocument): string | undefined {
  if (!EARLY_DISCOUNT.test(text) || IN_FULL.test(text)) return undefined;
  const dates = tokens.flatMap((_, at) => parseValue('date', tokens.slice(at), document.notation) ?? []);
  return dates.length === 1 ? dates[0]?.value : undefined;
}

/**
 * Collects the last days of discounts for early payment. None of these days is the due date, even if the page prints
 * the day elsewhere too.
 */
export function discountDates(document: ReadDocument): ReadonlySet<string> {
  return new Set(document.lines.flatMap((line) => discountDateOf(line, document) ?? []));
}
