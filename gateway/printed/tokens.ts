import { union } from '../pdf/matrix.ts';
import { together } from '../pdf/recognised.ts';
import type { Line, PageText, Word } from '../pdf/words.ts';
import { remembered } from '../values/remembered.ts';

/** A word that is prepared for matching. Labels are compared by `key`, which has no case, accents or punctuation. */
export interface Token {
  readonly text: string;
  readonly key: string;
  readonly word: Word;
  readonly x0: number;
  readonly x1: number;
  /** The blank in front of the token on its line, as a share of the font size; a large number for the first token. */
  readonly gap: number;
}

/** A line of tokens, with its place among all lines of the document. */
export interface TokenLine {
  readonly index: number;
  readonly page: number;
  readonly y: number;
  readonly size: number;
  readonly rotated: boolean;
  readonly tokens: readonly Token[];
  /** The printed words of the line, separated by one blank. */
  readonly text: string;
}

/** A gap wider than this share of the font size separates two cells of a line. */
export const CELL_GAP_RATIO = 0.9;

const LETTERS = /^[A-Za-z0-9]+$/;
const PLAIN = /^[\x20-\x7e]*$/;
const NOT_PLAIN_LETTERS = /[^a-z0-9]/g;

const KEYS_KEPT_MAX = 2000;

/** The key of a text: lower case, no accents, only letters and digits. A single `%`, `#` or `€` is kept. */
export const keyOf = remembered(madeKey, KEYS_KEPT_MAX);

function madeKey(text: string): string {
  if (LETTERS.test(text)) return text.toLowerCase();
  if (PLAIN.test(text)) {
    const letters = text.toLowerCase().replace(NOT_PLAIN_LETTERS, '');
    if (letters !== '') return letters;
  }
  const plain = text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/º|°/g, 'o')
    .replace(/ª/g, 'a')
    .replace(/ß/g, 'ss');
  const letters = plain.replace(/[^\p{L}\p{N}]/gu, '');
  if (letters !== '') return letters;
  return /[%#€]/.exec(text)?.[0] ?? '';
}

/** Tokens of all lines of the document, page by page, from top to bottom. */
export function tokenLines(pages: readonly PageText[]): TokenLine[] {
  const lines: TokenLine[] = [];
  for (const page of pages)
    for (const line of page.lines) {
      const tokens = tokensOf(line);
      if (tokens.length === 0) continue;
      lines.push({
        index: lines.length,
        page: line.page,
        y: line.y,
        size: line.size,
        rotated: line.rotated,
        tokens,
        text: tokens.map((token) => token.text).join(' '),
      });
    }

  return lines;
}

/** In monospaced type, the widths of two characters differ by at most this share of the font size. */
const SAME_WIDTH = 0.012;
/**
 * Width of a blank in ordinary type, as a share of the font size. In monospaced type a blank is as wide as a letter.
 */
const ORDINARY_BLANK = 0.28;

/** The width of each character of a line in monospaced type, as a share of the font size; undefined for other type. */
function characterWidth({ words }: Line): number | undefined {
  let width: number | undefined;
  let hasLetters = false;
  for (const { text, x0, x1, size } of words) {
    const own = (x1 - x0) / Math.max(text.length * size, 1);
    width ??= own;
    if (Math.abs(own - width) > SAME_WIDTH) return undefined;
    hasLetters ||= /\p{L}{3}/u.test(text);
  }
  return hasLetters && words.length > 1 ? width : undefined;
}

function tokensOf(line: Line): Token[] {
  const tokens: Token[] = [];
  const width = characterWidth(line);
  for (let i = 0; i < line.words.length; i += 1) {
    const word = line.words[i] as Word;
    const parts = splitWord(word);
    if (!parts) tokens.push(tokenOf(word, word, tokens.at(-1), width));
    else for (const part of parts) tokens.push(tokenOf(part, word, tokens.at(-1), width));
  }
  return tokens.some((_, at) => groupedDigits(tokens, at) > 1) ? joinGroups(tokens) : tokens;
}

type Part = Pick<Word, 'text' | 'x0' | 'x1'>;

/** @param width the width of each character in monospaced type, as `characterWidth` returns it */
function tokenOf(
  { text, x0, x1 }: Part,
  word: Word,
  previous: Token | undefined,
  width: number | undefined,
): Token {
  const printed = previous ? (x0 - previous.x1) / Math.max(word.size, 1) : Number.POSITIVE_INFINITY;
  const isBlank = width !== undefined && Math.abs(printed - width) < 3 * SAME_WIDTH;
  return { text, x0, x1, key: keyOf(text), word, gap: isBlank ? ORDINARY_BLANK : printed };
}

/** Joins groups of digits (`1 234,56`) into one number if the last group has decimals. */
function joinGroups(tokens: Token[]): Token[] {
  const joined: Token[] = [];
  for (let at = 0; at < tokens.length;) {
    const count = groupedDigits(tokens, at);
    joined.push(count === 1 ? (tokens[at] as Token) : joinTokens(tokens.slice(at, at + count)));
    at += count;
  }
  return joined;
}

/** A blank inside a number is at most this share of the font size. */
const GROUP_GAP_MAX = 0.4;
/** Length of a group of three digits and a sign in front of it. */
const GROUP_START_LENGTH = 4;

function groupedDigits(tokens: readonly Token[], at: number): number {
  const first = tokens[at]?.text ?? '';
  if (first.length > GROUP_START_LENGTH || !/^[-+(€]?\d{1,3}$/.test(first)) return 1;
  for (let next = at + 1; next < Math.min(tokens.length, at + 5); next += 1) {
    const token = tokens[next] as Token;
    if (token.gap > GROUP_GAP_MAX) return 1;
    if (/^\d{3}[.,]\d{1,4}(?:\)|€|-)?$/.test(token.text)) return next - at + 1;
    if (!/^\d{3}$/.test(token.text)) return 1;
  }
  return 1;
}

function joinTokens(parts: readonly Token[]): Token {
  const first = parts[0] as Token;
  const last = parts.at(-1) as Token;
  const text = parts.map((part) => part.text).join(' ');
  const word = {
    ...first.word,
    text,
    x1: last.word.x1,
    box: parts.map((part) => part.word.box).reduce(union),
    ...(first.word.ocr ? { ocr: together(parts.map((part) => part.word)) } : {}),
  };
  return { text, key: keyOf(text), word, x0: first.x0, x1: last.x1, gap: first.gap };
}

/**
 * `NIF:123` is a label and a value, and `Total(EUR)` is two words. `10:30`, `https://x` and `A:1*B:2` are not split.
 */
const LABEL_AND_VALUE = /^([^\d:/]*\p{L}[^:/\d]*:)([^/].*)$/u;
const WORD_AND_BRACKET = /^(\p{L}[\p{L}.]*)(\(.+)$/u;
/** Two amounts that touch: `163,16183,14` is 163,16 and 183,14, because an amount ends with two decimals. */
const TWO_AMOUNTS =
  /^([-+]?(?:\d{1,3}(?:[.'’]\d{3})+|\d+),\d{2})([-+]?(?:\d{1,3}(?:[.'’]\d{3})+|\d+),\d{2})$|^([-+]?(?:\d{1,3}(?:[,'’]\d{3})+|\d+)\.\d{2})([-+]?(?:\d{1,3}(?:[,'’]\d{3})+|\d+)\.\d{2})$/u;
const AMOUNT_LENGTH_MAX = 40;
/** Length of `1,002,00`, the shortest text of two amounts that touch. */
const TWO_AMOUNTS_LENGTH_MIN = 8;

function mayBeTwoAmounts(text: string): boolean {
  const { length } = text;
  const last = text[length - 1] ?? '';
  return length >= TWO_AMOUNTS_LENGTH_MIN && length < AMOUNT_LENGTH_MAX && last >= '0' && last <= '9';
}

/** Returns the parts of a word; undefined for a word that is not split. */
function splitWord(word: Word): readonly Part[] | undefined {
  const { text } = word;
  const match =
    text.length > 200 || text.includes('*')
      ? null
      : ((text.includes(':') ? LABEL_AND_VALUE.exec(text) : null) ??
        (text.includes('(') ? WORD_AND_BRACKET.exec(text) : null) ??
        (mayBeTwoAmounts(text) ? TWO_AMOUNTS.exec(text) : null));
  if (match === null) return undefined;
  const [left = '', right = ''] = match.slice(1).filter((part) => part !== undefined);
  const middle = word.x0 + ((word.x1 - word.x0) * left.length) / word.text.length;
  return [
    { text: left, x0: word.x0, x1: middle },
    { text: right, x0: middle, x1: word.x1 },
  ];
}

/** Splits a line into cells at its wide gaps. */
export function cellsOf(line: TokenLine, gapRatio = CELL_GAP_RATIO): Token[][] {
  const cells: Token[][] = [];
  let cell: Token[] | undefined;
  for (const token of line.tokens)
    if (cell === undefined || token.gap > gapRatio) {
      cell = [token];
      cells.push(cell);
    } else cell.push(token);

  return cells;
}

/** The printed text of tokens, with one blank between words. */
export function textOf(tokens: readonly Token[]): string {
  let text = '';
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] as Token;
    text += i > 0 && token.word !== tokens[i - 1]?.word ? ` ${token.text}` : token.text;
  }
  return text;
}
