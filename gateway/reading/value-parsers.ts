import type { DateOrder } from '../values/dates.ts';
import { parseDate } from '../values/dates.ts';
import { ATCUD, ibanLength, isNif, parseIban, parseVatId } from '../values/identifiers.ts';
import type { DecimalMark } from '../values/numbers.ts';
import { currencyOf, parseNumber, plainDashes, withoutCurrency } from '../values/numbers.ts';
import type { FIELD_TYPES } from '../mapping/mapping-schema.ts';
import { remembered } from '../values/remembered.ts';
import { keyOf, textOf } from '../printed/tokens.ts';
import type { Token } from '../printed/tokens.ts';

/** The way in which a document writes numbers and dates. */
export interface Notation {
  readonly mark: DecimalMark;
  readonly order: DateOrder;
}

/** A value read from the start of a list of tokens. */
export interface ParsedValue {
  readonly value: string;
  /** Number of tokens that were read. */
  readonly count: number;
  /** A measure of how well the printed text fits the type, from 0 to 1. */
  readonly fit: number;
}

export type FieldType = (typeof FIELD_TYPES)[number];
type Parser = (tokens: readonly Token[], notation: Notation) => ParsedValue | undefined;

/** Reads a value of the type that begins at the first token; undefined if none begins there. */
export function parseValue(
  type: FieldType,
  tokens: readonly Token[],
  notation: Notation,
): ParsedValue | undefined {
  return PARSERS[type](tokens, notation);
}

/** Tokens closer than this share of the font size can be parts of one number. */
const GROUP_GAP_MAX = 0.55;

const FIGURES_KEPT_MAX = 2000;
const bareFigure = remembered((text) => withoutCurrency(plainDashes(text)), FIGURES_KEPT_MAX);

/** Reads the number at the start, with groups of digits joined (`1 234,56`), and counts its tokens. */
export function numberAt(
  tokens: readonly Token[],
  mark: DecimalMark,
): { value: string; count: number; decimals: number } | undefined {
  const first = tokens[0];
  if (!first || !/\d/.test(first.text)) return undefined;
  let text = bareFigure(first.text);
  let count = 1;
  if (/^[-+(]?\d{1,3}$/.test(text))
    for (
      let next = tokens[count];
      next && next.gap < GROUP_GAP_MAX && /^\d{3}(?:[.,]\d{1,4})?(?:€|\))?$/.test(next.text);
      next = tokens[count]
    ) {
      text = `${text} ${withoutCurrency(next.text)}`;
      count += 1;
      if (/[.,]/.test(next.text)) break;
    }

  let value = parseNumber(text, mark);
  if (value === undefined && count > 1) {
    count = 1;
    value = parseNumber(withoutCurrency(first.text), mark);
  }
  if (value === undefined) return undefined;
  return { value, count, decimals: value.split('.')[1]?.length ?? 0 };
}

const money: Parser = (tokens, notation) => {
  let skipped = 0;
  let sign = '';
  let currency = false;
  for (let token = tokens[0]; token && skipped < 3; token = tokens[skipped]) {
    if (currencyOf(token.text) !== undefined) currency = true;
    else if (/^[-\u2010-\u2015\u2212]$/.test(token.text)) sign = '-';
    else if (!/^[:=+]$/.test(token.text)) break;
    skipped += 1;
  }
  const number = numberAt(tokens.slice(skipped), notation.mark);
  if (!number) return undefined;
  const after = tokens[skipped + number.count];
  if (after && after.gap < 1 && /^%/.test(after.text)) return undefined;
  const trailing = after && after.gap < 1.2 && currencyOf(after.text) !== undefined ? 1 : 0;
  if (number.value.length > 15 && number.value.replace(/\D/g, '').length > 15) return undefined;
  const looksLikeMoney = number.decimals === 2 || currency || trailing > 0;
  const value = sign !== '' && !number.value.startsWith('-') ? `-${number.value}` : number.value;
  return { value, count: skipped + number.count + trailing, fit: looksLikeMoney ? 1 : 0.45 };
};

const percent: Parser = (tokens, notation) => {
  const first = tokens[0];
  if (!first) return undefined;
  const glued = /^([\d.,]+)\s*%/.exec(first.text);
  const number = glued ? parseNumber(glued[1] ?? '', notation.mark) : numberAt(tokens, notation.mark)?.value;
  if (number === undefined || Number(number) > 100) return undefined;
  const sign = !glued && tokens[1] !== undefined && /^%/.test(tokens[1].text);
  return { value: number, count: sign ? 2 : 1, fit: glued || sign ? 1 : 0.5 };
};

const date: Parser = (tokens, notation) => {
  for (const count of [1, 3, 4, 5, 2]) {
    const run = tokens.slice(0, count);
    if (run.length < count || run.slice(1).some((token) => token.gap > 1)) continue;
    // A full stop may follow the year.
    const text = run
      .map((token) => token.text)
      .join(' ')
      .replace(/(\d{4})[.,;]$/, '$1');
    const value = parseDate(text, notation.order);
    if (value !== undefined) return { value, count, fit: 1 };
  }
  return undefined;
};

/** Finds the longest run of tokens in one cell that a parser accepts. */
function longestRun(
  tokens: readonly Token[],
  tokensMax: number,
  parse: (text: string) => string | undefined,
): ParsedValue | undefined {
  let text = '';
  let best: ParsedValue | undefined;
  for (let i = 0; i < Math.min(tokens.length, tokensMax); i += 1) {
    const token = tokens[i] as Token;
    if (i > 0 && token.gap > 1) break;
    text += token.text.replace(/[,;:.]+$/, '');
    const value = parse(text);
    if (value !== undefined) best = { value, count: i + 1, fit: 1 };
  }
  return best;
}

const vatId: Parser = (tokens) => {
  const withPrefix = longestRun(tokens, 7, parseVatId);
  if (withPrefix) return withPrefix;
  // A labelled number with a country's prefix is accepted even if its check digits are wrong.
  const loose = longestRun(
    tokens,
    4,
    (text) => /^[A-Z]{2}\d[\dA-Z]{5,12}$/.exec(text.toUpperCase().replace(/[\s.-]/g, ''))?.[0],
  );
  if (loose) return { ...loose, fit: 0.6 };
  const bare = nif(tokens, { mark: 'comma', order: 'dmy' });
  return bare && { ...bare, fit: 0.7 };
};

const nif: Parser = (tokens) => {
  const run = longestRun(
    tokens,
    4,
    (text) => /^(?:PT)?[-\s]?([1-9]\d{8})$/i.exec(text.replace(/[\s.]/g, ''))?.[1],
  );
  return run && { ...run, fit: isNif(run.value) ? 1 : 0.5 };
};

const iban: Parser = (tokens) =>
  longestRun(tokens, 12, (text) => {
    const value = parseIban(text);
    return value !== undefined && value.length <= (ibanLength(value) ?? 0) ? value : undefined;
  });

/** Words between a label and the number: `n.º`, `No.`, `#`. */
const NUMBER_WORDS = new Set(['n', 'no', 'nr', 'num', 'numero', 'number', '#', 'nrs', 'nummer', 'serie']);

/** True for the key of a word between a label and the number: `nº` in `Abono nº: 4711`. */
export const isNumberWord = (key: string): boolean => NUMBER_WORDS.has(key);

const numberText = (token: Token): string => plainDashes(token.text).replace(/^#+|[,;]+$/g, '');

/** Matches parts of a number that is printed with blanks (`RE 2025 0118`): figures and short words in capitals. */
const NUMBER_PART = /^(?:[A-Z]{1,4}|[A-Z\d./_-]*\d[A-Z\d./_-]*)$/;
const NUMBER_PARTS_MAX = 4;
const PART_GAP_MAX = 0.6;

/** The parts of a number that fills its cell; undefined for a cell with anything else. */
function numberParts(tokens: readonly Token[]): string[] | undefined {
  const end = tokens.findIndex((token, i) => i > 0 && token.gap > PART_GAP_MAX);
  const cell = tokens.slice(0, end < 0 ? undefined : end).map(numberText);
  if (cell.length < 2 || cell.length > NUMBER_PARTS_MAX) return undefined;
  const fits = cell.every(
    (part) =>
      NUMBER_PART.test(part) && parseDate(part, 'dmy') === undefined && currencyOf(part) === undefined,
  );
  return fits && cell.some((part) => /\d/.test(part)) && !/^\d+[.,]\d{2}$/.test(cell.at(-1) ?? '')
    ? cell
    : undefined;
}

const documentNumber: Parser = (tokens) => {
  let skipped = 0;
  while (
    tokens[skipped] &&
    (NUMBER_WORDS.has(tokens[skipped]?.key ?? '') || /^[:#.-]$/.test(tokens[skipped]?.text ?? ''))
  )
    skipped += 1;
  const [a, b, c] = tokens.slice(skipped).map(numberText);
  const near = (i: number): boolean => (tokens[skipped + i]?.gap ?? 9) < 1;
  if (a === undefined) return undefined;
  // SAF-T (PT): internal document code, blank, series, slash, number (Portaria 302/2016, field 4.1.4.1).
  if (/^[A-Z][A-Z0-9]{0,5}$/.test(a) && b !== undefined && near(1)) {
    if (/^[^\s/]+\/\d+$/.test(b)) return { value: `${a} ${b}`, count: skipped + 2, fit: 1 };
    if (c !== undefined && near(2) && /^[^\s/]+\/$/.test(b) && /^\d+$/.test(c))
      return { value: `${a} ${b}${c}`, count: skipped + 3, fit: 1 };
  }
  const parts = numberParts(tokens.slice(skipped));
  if (parts) return { value: parts.join(' '), count: skipped + parts.length, fit: 0.9 };
  if (!/\d/.test(a) || !/^[\p{L}\d][\p{L}\d./_#-]*$/u.test(a) || a.length > 40) return undefined;
  const value = a.replace(/[.]+$/, '');
  if (parseDate(value, 'dmy') !== undefined && !/^\d{8}$/.test(value)) return undefined;
  if (currencyOf(b ?? '') !== undefined || /^\d+[.,]\d{2}$/.test(value)) return undefined;
  const goesOn = b !== undefined && near(1) && /^\p{L}{3,}$/u.test(b) && !AFTER_NUMBER.has(keyOf(b));
  if (goesOn && /^\d{1,5}$/.test(value)) return { value, count: skipped + 1, fit: 0.4 };
  return { value, count: skipped + 1, fit: value.length > 1 ? 0.9 : 0.6 };
};

/** Words that may continue a document's number. After other words, a few digits belong to an address or an amount. */
const AFTER_NUMBER = new Set([
  'vom',
  'von',
  'del',
  'from',
  'dated',
  'issued',
  'of',
  'du',
  'le',
  'den',
  'am',
  'on',
  'de',
  'em',
  'a',
  'para',
  'date',
  'datum',
  'data',
  'fecha',
  'page',
  'seite',
]);

/**
 * The words right after a document's number (`210111 (Bau Nord)`). Words of a sentence that is known to follow
 * numbers do not count.
 */
export function wordsAfterNumber(tokens: readonly Token[]): string | undefined {
  const end = tokens.findIndex(({ gap, key }) => gap > PART_GAP_MAX || AFTER_NUMBER.has(key));
  const words = textOf(tokens.slice(0, end < 0 ? undefined : end));
  return /^\p{L}/u.test(words) ? words : undefined;
}

const currency: Parser = (tokens) => {
  for (const [i, token] of tokens.slice(0, 3).entries()) {
    const code = currencyOf(token.text);
    if (code !== undefined) return { value: code, count: i + 1, fit: 1 };
  }
  return undefined;
};

const text: Parser = (tokens) => {
  let count = 0;
  while (tokens[count] && (count === 0 || (tokens[count]?.gap ?? 9) <= 1.2)) count += 1;
  const value = tokens
    .slice(0, count)
    .map((token) => token.text)
    .join(' ')
    .replace(/^[:\-\s]+/, '')
    .trim();
  return value === '' ? undefined : { value, count, fit: 0.9 };
};

const atcudLike: Parser = (tokens) => {
  const match = ATCUD.exec(tokens[0]?.text ?? '');
  return match?.[1] === undefined ? undefined : { value: match[1], count: 1, fit: 1 };
};

const PARSERS: Readonly<Record<FieldType, Parser>> = {
  money,
  percent,
  date,
  vatId,
  nif,
  iban,
  documentNumber,
  currency,
  text,
  pattern: atcudLike,
};
