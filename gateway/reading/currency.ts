import { currencyOf, gluedCurrencyOf } from '../values/numbers.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { OCR_SURE } from '../pdf/recognised.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';

/** The blank between an amount and its currency is at most this share of the font size. */
const BESIDE_GAP_MAX = 1.3;
const FIGURES = /^[-+(]?\d[\d.,'’ ]*\)?-?$/;

/**
 * Finds the currency of a document by the signs and words beside its amounts.
 * @param totals the totals that were read; a currency beside one of them decides
 * @returns undefined if no amount has a currency, or if amounts have different currencies and no total decides
 */
export function currencyBesideAmounts(
  document: ReadDocument,
  totals: readonly (Found | undefined)[],
): Found | undefined {
  const printed = totals.filter((total) => total?.box !== undefined) as readonly Found[];
  const besideTotals = document.lines
    .filter((line) => printed.some((total) => mayReach(line, total)))
    .flatMap(marksOf)
    .filter(({ token }) => printed.some((total) => isBeside(token, total)));
  return (
    onlyOne(besideTotals) ??
    onlyOne(document.lines.flatMap(marksOf)) ??
    onlyOne(document.lines.flatMap(wordsAlone))
  );
}

/**
 * False for a line that is too far from a total to have a word beside the total. The test looks only at the first and
 * last word.
 */
function mayReach({ page, size, tokens }: TokenLine, { page: totalPage, box }: Found): boolean {
  const first = tokens[0]?.word.box;
  const last = tokens.at(-1)?.word.box;
  if (!box || !first || !last || page !== totalPage) return false;
  return Math.max(first.y1, last.y1) + size > box.y0 && Math.min(first.y0, last.y0) - size < box.y1;
}

/** True for a sign that OCR read with low confidence, because the texture of paper can look like a sign. */
function isDoubtful({ word }: Token): boolean {
  return word.ocr !== undefined && word.ocr.certainty < OCR_SURE;
}

interface Mark {
  readonly code: string;
  readonly token: Token;
}

function marksOf(line: TokenLine): Mark[] {
  const marks: Mark[] = [];
  for (let i = 0; i < line.tokens.length; i += 1) {
    const token = line.tokens[i] as Token;
    if (isDoubtful(token)) continue;
    const glued = gluedCurrencyOf(token.text);
    if (glued !== undefined) marks.push({ code: glued, token });
    const code = currencyOf(token.text);
    if (code === undefined) continue;
    const before = line.tokens[i - 1];
    const after = line.tokens[i + 1];
    const beside =
      (before && token.gap <= BESIDE_GAP_MAX && FIGURES.test(before.text)) ||
      (after && after.gap <= BESIDE_GAP_MAX && FIGURES.test(after.text));
    if (beside === true) marks.push({ code, token });
  }
  return marks;
}

/** Finds the currency in titles when no amount has one: `Preço (EUR)`, `Total €`, `Betrag/€`, `All amounts in GBP`. */
function wordsAlone(line: TokenLine): Mark[] {
  return line.tokens.flatMap((token) => {
    const word = /^\p{L}[\p{L}.]*\/(\S+)$/u.exec(token.text)?.[1] ?? token.text;
    const code = currencyOf(word);
    return code !== undefined && (/^[^\p{Ll}]+$/u.test(word) || /^euros?$/i.test(word))
      ? [{ code, token }]
      : [];
  });
}

/** Codes of ISO 4217 that the euro replaced, and abbreviations for two of these currencies. */
const REPLACED =
  'ATS BEF CYP DEM DM EEK ESP FF FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE SIT SKK'.split(' ');
const CODES = new Set([...Intl.supportedValuesOf('currency'), ...REPLACED]);

/** True when a word of the page can be a currency: a sign or code in use, or a replaced code (DEM, FRF). */
export function namesCurrency({ lines }: ReadDocument): boolean {
  return lines.some(({ tokens }) =>
    tokens.some(
      ({ text }) =>
        currencyOf(text) !== undefined ||
        gluedCurrencyOf(text) !== undefined ||
        /\p{Sc}/u.test(text) ||
        text.split(/[^A-Z]+/).some((word) => CODES.has(word)),
    ),
  );
}

function isBeside(token: Token, total: Found): boolean {
  const box = total.box;
  if (!box || token.word.page !== total.page) return false;
  const reach = 2 * token.word.size;
  const own = token.word.box;
  return own.y1 > box.y0 && own.y0 < box.y1 && own.x1 > box.x0 - reach && own.x0 < box.x1 + reach;
}

function onlyOne(marks: readonly Mark[]): Found | undefined {
  const [first, ...more] = marks;
  if (!first || more.some((mark) => mark.code !== first.code)) return undefined;
  return foundIn(first.code, [first.token], 'sign or word beside an amount', 0.9);
}
