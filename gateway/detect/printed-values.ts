import type { PdfText } from '../pdf/read-pdf.ts';
import { parseDate } from '../values/dates.ts';

/** The values that a page prints. A look-up does not need their place on the page. */
export interface PrintedValues {
  /**
   * True when the page prints this amount.
   * @param amount a plain decimal
   */
  hasAmount(amount: string): boolean;
  /**
   * True when the page prints this date, in any notation.
   * @param date YYYY-MM-DD
   */
  hasDate(date: string): boolean;
  /** True when the page prints the letters and digits of this identifier, with any signs between them. */
  hasIdentifier(id: string): boolean;
}

/** The most words that are read. A longer document is a book, whose numbers prove nothing. */
const WORDS_MAX = 50_000;
const DATE_WORDS_MAX = 5;
const AMOUNT = /\d{1,3}(?:[ .,'\u2019]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,4})?/g;

/** Collects the amounts, dates and identifiers that a document prints. */
export function printedValues({ pages }: PdfText): PrintedValues {
  const lines: string[][] = [];
  let words = 0;
  for (const { words: own } of pages.flatMap((page) => page.lines)) {
    words += own.length;
    if (words > WORDS_MAX) break;
    lines.push(own.map(({ text }) => text));
  }
  const amounts = new Set(lines.flatMap((line) => line.join(' ').match(AMOUNT) ?? []).flatMap(hundredths));
  const dates = new Set(lines.flatMap(datesOn));
  const plain = plainId(lines.map((line) => line.join('')).join(''));
  return {
    hasAmount: (amount) => hundredths(amount.replace(/^-/, '')).some((each) => amounts.has(each)),
    hasDate: (date) => dates.has(date),
    hasIdentifier: (id) => plain.includes(plainId(id)),
  };
}

/**
 * Returns a printed amount in hundredths, without leading zeros. The amount has two readings when a mark may either
 * group thousands or begin the decimals.
 */
function hundredths(printed: string): string[] {
  const digits = (text: string): string => text.replace(/\D/g, '').replace(/^0+(?=\d)/, '');
  const decimals = /[.,](\d{1,4})$/.exec(printed)?.[1] ?? '';
  const whole = printed.slice(0, printed.length - (decimals === '' ? 0 : decimals.length + 1));
  const tail = decimals.padEnd(2, '0');
  const exact = /^0*$/.test(tail.slice(2)) ? [digits(whole + tail.slice(0, 2))] : [];
  return decimals.length === 3 || decimals === '' ? [...exact, digits(`${printed}00`)] : exact;
}

function* windows(words: readonly string[]): Generator<string> {
  for (let from = 0; from < words.length; from += 1)
    for (let to = from + 1; to <= Math.min(words.length, from + DATE_WORDS_MAX); to += 1)
      yield words.slice(from, to).join(' ');
}

/** Reads each printed date in both orders of day and month. */
function datesOn(words: readonly string[]): string[] {
  if (!words.some((word) => /\d/.test(word))) return [];
  return [...windows(words)].flatMap((text) => {
    const bare = text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    return [parseDate(bare, 'dmy'), parseDate(bare, 'mdy')].filter((date) => date !== undefined);
  });
}

function plainId(text: string): string {
  return text.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
}
