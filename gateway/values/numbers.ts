import Big from 'big.js';
import { remembered } from './remembered.ts';

/** The decimal mark that a document uses. */
export type DecimalMark = 'comma' | 'point';

const DASHES = /[\u2010-\u2015\u2212]/g;
const ASCII = /^[\x20-\x7e]*$/;

/** Writes every kind of dash, hyphen and minus sign as `-`, because programs use one for another. */
export function plainDashes(text: string): string {
  return ASCII.test(text) ? text : text.replace(DASHES, '-');
}

/** Digits, with groups of three separated by point, comma, apostrophe or space, and at most one decimal part. */
const NUMBER = /^(?:\d{1,3}(?:[.,'’ ]\d{3})+|\d+)(?:[.,]\d{1,6})?$/;

/**
 * Reads a printed number into plain decimal notation (`-1234.50`) and keeps its decimals. A single separator in front
 * of exactly three digits is a decimal mark only if it is the document's decimal mark.
 * @returns undefined when the text is not a number.
 */
export function parseNumber(raw: string, mark: DecimalMark): string | undefined {
  return READ_BY_MARK[mark](raw);
}

const NUMBERS_KEPT_MAX = 2000;
/** Pages repeat amounts, and an amount is read for the table and for several fields. */
const READ_BY_MARK = {
  comma: remembered((raw) => readNumber(raw, 'comma'), NUMBERS_KEPT_MAX),
  point: remembered((raw) => readNumber(raw, 'point'), NUMBERS_KEPT_MAX),
} as const;

function readNumber(raw: string, mark: DecimalMark): string | undefined {
  let text = plainDashes(raw.trim());
  let negative = false;
  const bracketed = /^\((.+)\)$/.exec(text);
  if (bracketed) {
    negative = true;
    text = bracketed[1] ?? '';
  }
  if (/^-/.test(text) || /-$/.test(text)) {
    negative = true;
    text = text.replace(/^-\s*|\s*-$/g, '');
  }
  text = text.replace(/^\+/, '');
  if (text.length > 24 || !NUMBER.test(text)) return undefined;
  const plain = toPlain(text, mark);
  if (plain === undefined) return undefined;
  return negative && !/^[0.]+$/.test(plain) ? `-${plain}` : plain;
}

function toPlain(text: string, mark: DecimalMark): string | undefined {
  const own = mark === 'comma' ? ',' : '.';
  const other = mark === 'comma' ? '.' : ',';
  const bare = text.replace(/['’ ]/g, '');
  const ownAt = bare.lastIndexOf(own);
  const otherAt = bare.lastIndexOf(other);
  if (ownAt < 0 && otherAt < 0) return strip(bare, '');
  if (ownAt >= 0 && otherAt >= 0)
    // If both marks are printed, the last mark is the decimal mark.
    return ownAt > otherAt
      ? strip(bare.slice(0, ownAt), bare.slice(ownAt + 1))
      : strip(bare.slice(0, otherAt), bare.slice(otherAt + 1));

  if (ownAt >= 0) {
    const several = bare.indexOf(own) !== ownAt;
    if (several) return strip(bare, '');
    return strip(bare.slice(0, ownAt), bare.slice(ownAt + 1));
  }
  const several = bare.indexOf(other) !== otherAt;
  const decimals = bare.length - otherAt - 1;
  // The other mark separates thousands if the digits allow it; otherwise it is the decimal mark.
  if (several || (decimals === 3 && otherAt <= 3 && !/^0/.test(bare))) return strip(bare, '');
  return strip(bare.slice(0, otherAt), bare.slice(otherAt + 1));
}

function strip(whole: string, decimals: string): string {
  const digits = whole.replace(/[^\d]/g, '').replace(/^0+(?=\d)/, '');
  return decimals === '' ? digits : `${digits === '' ? '0' : digits}.${decimals}`;
}

/**
 * True for two plain decimals with the same value, such as `6` and `6.00`. Equal values have equal floats, so most
 * pairs need no exact comparison.
 */
export function isSameNumber(one: string, other: string): boolean {
  return one === other || (Number(one) === Number(other) && new Big(one).eq(other));
}

/** Matches a positive amount with two decimals, as most amounts are printed and written. */
const CENTS = /^(?:0|[1-9]\d*)\.\d\d$/;

/** True for a positive amount that is already written with two decimals. */
export function isInCents(amount: string): boolean {
  return CENTS.test(amount);
}

/** Finds the document's decimal mark by its amounts with two decimals. In a tie, the fallback decides. */
export function decimalMarkOf(texts: Iterable<string>, fallback: DecimalMark): DecimalMark {
  let comma = 0;
  let point = 0;
  for (const text of texts) {
    if (!text.includes(',') && !text.includes('.')) continue;
    const match = /(?:^|[^\d.,])(\d{1,3}(?:[.,' ]?\d{3})*)([.,])(\d{2})\)?-?[€$£%]?$/.exec(text);
    if (!match || (/^\d{1,2}\.\d{2}$/.test(text) === false && /^\d{2}[.]\d{2}[.]\d{2,4}$/.test(text)))
      continue;
    const weight = /[.,]/.test(match[1] ?? '') ? 3 : 1;
    if (match[2] === ',') comma += weight;
    else point += weight;
  }
  if (comma === point) return fallback;
  return comma > point ? 'comma' : 'point';
}

/** Currency signs and codes as printed, by ISO 4217 code. */
const CURRENCY_MARKS = new Map(Object.entries({
  '€': 'EUR', eur: 'EUR', euro: 'EUR', euros: 'EUR', '$': 'USD', usd: 'USD', us$: 'USD', '£': 'GBP', gbp: 'GBP',
  chf: 'CHF', pln: 'PLN', zł: 'PLN', sek: 'SEK', nok: 'NOK', dkk: 'DKK', czk: 'CZK', huf: 'HUF', ron: 'RON',
  bgn: 'BGN', brl: 'BRL', r$: 'BRL', aoa: 'AOA', kz: 'AOA', cad: 'CAD', aud: 'AUD', jpy: 'JPY', cny: 'CNY',
})); // prettier-ignore

/** The codes of the characters `0` and `9`. */
const ZERO = 48;
const NINE = 57;
const LETTERS_ONLY = /^[A-Za-z]+$/;
const markLengthMax = Math.max(...[...CURRENCY_MARKS.keys()].map((mark) => mark.length));

/** The ISO 4217 code of a printed currency sign or code. */
export function currencyOf(word: string): string | undefined {
  const first = word.charCodeAt(0);
  if (first >= ZERO && first <= NINE) return undefined;
  const plain = LETTERS_ONLY.test(word) ? word : word.replace(/^[([]|[)\].:,;]+$/g, '');
  return plain.length > markLengthMax ? undefined : CURRENCY_MARKS.get(plain.toLowerCase());
}

/**
 * Matches words of only figures or only letters, as most words are. Such words contain no currency next to a figure.
 */
const FIGURES_OR_LETTERS = /^(?:[\d.,]+|[A-Za-z]+)$/;

const SIGNS = '(?:€|£|us\\$|r\\$|\\$|zł|eur|usd|gbp|chf|pln|aoa|kz|brl|sek|nok|dkk|czk|huf|ron)';
const BEFORE = new RegExp(`^[-+(]?(${SIGNS})\\s*(?=[-+(\\d])`, 'i');
const AFTER = new RegExp(`(?<=[\\d)-])\\s*(${SIGNS})\\.?$`, 'i');

/**
 * Removes a currency sign that touches an amount: `€1.234,56`, `99,00€`, `EUR12.00`. It keeps a minus in front of the
 * sign.
 */
export function withoutCurrency(word: string): string {
  if (FIGURES_OR_LETTERS.test(word)) return word;
  return word.replace(BEFORE, (match, sign: string) => match.replace(sign, '').trim()).replace(AFTER, '');
}

/** The currency whose sign touches an amount. */
export function gluedCurrencyOf(word: string): string | undefined {
  if (FIGURES_OR_LETTERS.test(word) || !/\d/.test(word)) return undefined;
  const plain = plainDashes(word);
  const sign = BEFORE.exec(plain)?.[1] ?? AFTER.exec(plain)?.[1];
  return sign === undefined ? undefined : CURRENCY_MARKS.get(sign.toLowerCase());
}
