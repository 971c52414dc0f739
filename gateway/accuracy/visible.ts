import { unitCode } from '../values/units.ts';
import { amount, isMoney, isWords, plainWords, unitKey } from './comparable.ts';
import type { FieldName } from './truth.ts';

/** The words of a document, prepared for searching. */
export interface PageWords {
  readonly has: (name: FieldName, value: string) => boolean;
  /** True when every word of the text is on the page. */
  readonly hasWords: (text: string) => boolean;
  readonly hasAmount: (value: string) => boolean;
  readonly hasUnit: (unit: string) => boolean;
}

/** The words to use for a truth that comes from the page itself: every value counts as shown. */
export const EVERYTHING: PageWords = {
  has: () => true,
  hasWords: () => true,
  hasAmount: () => true,
  hasUnit: () => true,
};

/**
 * Prepares the words of a page for the search. If the truth comes from another source, these words show which of its
 * values the page prints.
 */
export function pageWordsOf(pageText: string): PageWords {
  const page = pageText.toUpperCase().replace(/\s/g, '');
  const words = new Set(plainWords(pageText).split(' ').flatMap(wordAndBare));
  const units = new Set([...words].map((word) => unitKey(unitCode(word))));
  const has = (name: FieldName, value: string): boolean => {
    if (isMoney(name)) return hasAmount(page, value);
    if (isWords(name)) return hasWords(words, value);
    if (name === 'currency') return hasCurrency(page, value);
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return hasDate(page, value);
    const bare = value.toUpperCase().replace(/\s/g, '');
    const unpunctuated = (text: string): string => text.replace(/[.\-/]/g, '');
    return page.includes(bare) || unpunctuated(page).includes(unpunctuated(bare));
  };
  return {
    has,
    hasWords: (text) => hasWords(words, text),
    hasAmount: (value) => hasAmount(page, value),
    hasUnit: (unit) => unitKey(unit) === 'a piece' || units.has(unitKey(unit)),
  };
}

/** Returns a word with and without the signs around it: `(Lda.),` and `Lda`. */
function wordAndBare(word: string): string[] {
  return [word, word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')];
}

function hasWords(words: ReadonlySet<string>, text: string): boolean {
  return plainWords(text)
    .split(' ')
    .every((word) => wordAndBare(word).some((form) => form === '' || words.has(form)));
}

function hasAmount(page: string, value: string): boolean {
  const [whole = '0', decimals = '00'] = (amount(value)?.abs().toFixed(2) ?? value).split('.');
  const grouped = (mark: string): string => whole.replace(/\B(?=(\d{3})+$)/g, mark);
  return [
    `${whole},${decimals}`,
    `${whole}.${decimals}`,
    `${grouped('.')},${decimals}`,
    `${grouped(',')}.${decimals}`,
    `${grouped("'")}.${decimals}`,
  ].some((shape) => page.includes(shape));
}

const CURRENCY_SIGNS: Readonly<Record<string, RegExp>> = { EUR: /€|EUR/, USD: /\$|USD/, GBP: /£|GBP/ };

function hasCurrency(page: string, code: string): boolean {
  return (CURRENCY_SIGNS[code] ?? new RegExp(code)).test(page);
}

function hasDate(page: string, value: string): boolean {
  const [y = '', m = '', d = ''] = value.split('-');
  const m1 = String(Number(m));
  const d1 = String(Number(d));
  const shapes = ['/', '.', '-'].flatMap((s) => [
    `${d}${s}${m}${s}${y}`,
    `${d1}${s}${m1}${s}${y}`,
    `${y}${s}${m}${s}${d}`,
    `${m}${s}${d}${s}${y}`,
    `${m1}${s}${d1}${s}${y}`,
    `${d}${s}${m}${s}${y.slice(2)}`,
    `${m}${s}${d}${s}${y.slice(2)}`,
  ]);
  const worded = `${d1}[.,]?(DE)?\\p{L}{3,9}[.,]?(DE)?,?${y}|\\p{L}{3,9}${d1}(ST|ND|RD|TH)?,?${y}`;
  return shapes.some((shape) => page.includes(shape)) || new RegExp(worded, 'u').test(page);
}
