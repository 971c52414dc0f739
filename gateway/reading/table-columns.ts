import type { TableRule } from '../mapping/mapping-schema.ts';
import { isUnit } from '../values/units.ts';
import { currencyOf, plainDashes, withoutCurrency } from '../values/numbers.ts';
import type { HeaderColumn, TableHeader } from './table-header.ts';
import { UNKNOWN_COLUMN } from './table-header.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';

/** A column with the width its words may take. */
export interface PlacedColumn {
  readonly name: string;
  readonly type: TableRule['columns'][string]['type'] | 'unknown';
  /** Holds figures. */
  readonly numeric: boolean;
  readonly x0: number;
  readonly x1: number;
  /** Where its title begins. */
  readonly titleX0: number;
  /** A column of codes whose cells hold any words: where the column after it begins is known for sure. */
  readonly holdsWords: boolean;
  /** The words of its title, as printed. */
  readonly title: string;
}

/** Words of a line by column name, left to right. */
export type Assigned = ReadonlyMap<string, readonly Token[]>;

const NUMERIC = new Set(['money', 'quantity', 'percent', 'integer']);

/**
 * Gives the columns of a header their widths: a text column reaches from the end of the title before it to the start
 * of the title after it, since its words start left of and run past its own title; the others keep their titles'.
 * Where the words of a text column begin under its title, what stands before that is the code's, whatever it says.
 * @param body the lines under the header
 */
export function placeColumns(
  header: TableHeader,
  rule: TableRule,
  body: readonly TokenLine[],
): PlacedColumn[] {
  const columns = withCodes(header.columns, rule, body);
  return columns.map((column, i) => {
    const type = typeOf(column, rule);
    const numeric = NUMERIC.has(type);
    const before = columns[i - 1];
    const after = columns[i + 1];
    const placed = {
      name: column.name,
      type,
      numeric,
      titleX0: column.x0,
      title: column.title,
      holdsWords: false,
    };
    if (type === 'code' && after && typeOf(after, rule) === 'text' && beginsUnderTitle(column, after, body))
      return { ...placed, x0: column.x0, x1: after.x0 - 1, holdsWords: true };
    if (type === 'quantity' && before)
      return { ...placed, x0: startOfCells(column, before, body), x1: column.x1 };
    if (type !== 'text') return { ...placed, x0: column.x0, x1: column.x1 };
    const startsAtTitle = before && typeOf(before, rule) === 'code' && beginsUnderTitle(before, column, body);
    const fromBefore = before ? Math.min(column.x0, before.x1 + 2) : column.x0 - 40;
    return {
      ...placed,
      x0: startsAtTitle ? column.x0 : fromBefore,
      x1: after ? Math.max(column.x1, after.x0 - 2) : column.x1 + 60,
    };
  });
}

/** A title of a column of numbers of the trade, which stand for the item only where the seller has no codes. */
const TRADE = /^(?:ean|gtin)/i;

/** A number with decimals: how much, and not which. */
const WITH_DECIMALS = /^\d{1,6},\d{2,3}$/;

/** `#` is a position or a quantity, and `Item no.` a position or a code; what stands under it tells. */
function withCodes(
  columns: readonly HeaderColumn[],
  rule: TableRule,
  body: readonly TokenLine[],
): readonly HeaderColumn[] {
  const counted = columns.find(({ name }) => name === 'pos');
  if (counted && !columns.some(({ name }) => name === 'qty') && mostUnder(counted, body, WITH_DECIMALS))
    return columns.map((column) => (column === counted ? { ...column, name: 'qty' } : column));
  const code = columns.find(({ name }) => name === 'code');
  if (rule.columns['code'] === undefined || (code && !TRADE.test(code.title))) return columns;
  const own = columns.find((column) => column.name === 'pos' && mostUnder(column, body, NO_ORDINAL));
  if (!own) return columns;
  return columns.map((column) =>
    column === own
      ? { ...column, name: 'code' }
      : column === code
        ? { ...column, name: `${UNKNOWN_COLUMN}${TRADE_COLUMN}` }
        : column,
  );
}

/** Tells the column of the trade's numbers from those that are counted as unknown. */
const TRADE_COLUMN = 'Trade';

/** True when most words with figures that begin under the title of a column look so. */
function mostUnder(column: HeaderColumn, body: readonly TokenLine[], look: RegExp): boolean {
  const under = body
    .slice(0, LINES_LOOKED_AT_MAX)
    .flatMap((line) => line.tokens)
    .filter(
      (token) => Math.abs(token.x0 - column.x0) <= UNDER_TITLE * token.word.size && /\d/.test(token.text),
    );
  return under.length > 0 && under.filter((token) => look.test(token.text)).length * 2 > under.length;
}

function typeOf(column: HeaderColumn, rule: TableRule): PlacedColumn['type'] {
  return rule.columns[column.name]?.type ?? (column.name.startsWith(UNKNOWN_COLUMN) ? 'unknown' : 'text');
}

/** Words of a quantity with its unit: `12 running metres`. */
const QUANTITY_WORDS_MAX = 3;

/** Where the cells of a quantity column begin that end under the end of its title: `12 hours` reaches out over `Qty`. */
function startOfCells(column: HeaderColumn, before: HeaderColumn, body: readonly TokenLine[]): number {
  let start = column.x0;
  for (const line of body.slice(0, LINES_LOOKED_AT_MAX))
    for (const cell of cellsOf(line)) {
      const first = cell[0] as Token;
      const last = cell.at(-1) as Token;
      const ends = Math.abs(last.x1 - column.x1) <= UNDER_TITLE * last.word.size;
      const isQuantity = cell.length <= QUANTITY_WORDS_MAX && STARTS_WITH_FIGURE.test(first.text);
      if (ends && isQuantity && first.x0 > before.x1) start = Math.min(start, first.x0);
    }

  return start;
}

/** How far from the start of its title, in font sizes, a word may begin that stands under it. */
const UNDER_TITLE = 0.35;
/** Lines of a table that are looked at to see where its columns begin. */
const LINES_LOOKED_AT_MAX = 60;

/** True when cells begin under the title of the column and not in the blank between it and the title before. */
function beginsUnderTitle(before: HeaderColumn, column: HeaderColumn, body: readonly TokenLine[]): boolean {
  let under = 0;
  let between = 0;
  for (const line of body.slice(0, LINES_LOOKED_AT_MAX))
    for (const token of line.tokens)
      if (Math.abs(token.x0 - column.x0) <= UNDER_TITLE * token.word.size) under += 1;
      else if (token.gap > 0.9 && token.x0 > before.x1 && token.x0 < column.x0) between += 1;

  return under > 0 && under >= between;
}

const IMPOSSIBLE = 1e6;
const ALIEN_NUMBER = 14;
const ALIEN_TEXT = 60;
const CROWDED = 45;
const BEYOND_TEXT = 70;
/** More than a word costs that looks a little odd in a known column. */
const FAR_OF_UNKNOWN_COLUMN = 6;

/**
 * Puts each word of a line into a column: the assignment that keeps words and columns in order from left to right
 * and costs least, where cost is the distance to the column plus what the word's look says against it.
 */
export function assignColumns(tokens: readonly Token[], columns: readonly PlacedColumn[]): Assigned {
  const rows = tokens.length;
  const width = columns.length;
  const cost: number[][] = [];
  const from: number[][] = [];
  for (let i = 0; i < rows; i += 1) {
    const token = tokens[i] as Token;
    const look = { ...lookOf(token), ofPercent: tokens[i + 1]?.text === '%' };
    const line: number[] = [];
    const back: number[] = [];
    const split = splitCost(token);
    // The cheapest way to come from a column further left, known to that of the column before.
    let bestLeft = IMPOSSIBLE;
    let leftSource = -1;
    for (let j = 0; j < width; j += 1) {
      const column = columns[j] as PlacedColumn;
      const own = tokenCost(token, look, column);
      let best = i === 0 ? 0 : bestLeft;
      let source = leftSource < 0 ? j : leftSource;
      if (i > 0) {
        const before = cost[i - 1]?.[j] ?? IMPOSSIBLE;
        const stay = before + togetherCost(tokens[i - 1] as Token, token, column);
        if (stay < best) {
          best = stay;
          source = j;
        }
        if (before + split < bestLeft) {
          bestLeft = before + split;
          leftSource = j;
        }
      }
      line.push(best + own);
      back.push(source);
    }
    cost.push(line);
    from.push(back);
  }
  return trace(tokens, columns, cost, from);
}

function trace(
  tokens: readonly Token[],
  columns: readonly PlacedColumn[],
  cost: number[][],
  from: number[][],
): Assigned {
  const assigned = new Map<string, Token[]>();
  const last = cost.at(-1);
  if (!last) return assigned;
  let j = last.indexOf(Math.min(...last));
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const name = columns[j]?.name ?? '';
    const list = assigned.get(name) ?? [];
    list.unshift(tokens[i] as Token);
    assigned.set(name, list);
    j = from[i]?.[j] ?? 0;
  }
  return assigned;
}

/** Distance in font sizes from the word to the column, and what speaks against its look. */
function tokenCost(token: Token, look: Look, column: PlacedColumn): number {
  const size = Math.max(token.word.size, 1);
  const middle = (token.x0 + token.x1) / 2;
  const gap =
    (column.type === 'text'
      ? Math.max(0, column.x0 - middle, token.x0 - column.x1)
      : column.holdsWords
        ? Math.max(0, column.x0 - middle, middle - column.x1)
        : Math.max(0, column.x0 - token.x1, token.x0 - column.x1)) / size;
  const edges =
    Math.min(
      Math.abs(token.x0 - column.x0),
      Math.abs(token.x1 - column.x1),
      Math.abs(token.x0 + token.x1 - column.x0 - column.x1) / 2,
    ) / size;
  // A cell of its own right of a text column's end is not that column's, whatever it looks like.
  const beyond = column.type === 'text' && token.gap > 0.9 && token.x0 > column.x1 + size ? BEYOND_TEXT : 0;
  return (
    gap * 4 + beyond + Math.min(edges, 12) * (column.numeric ? 0.25 : 0.04) + lookCost(token, look, column)
  );
}

/** The shape of a word, whatever column it may stand in. */
interface Look {
  /** A figure with a sign of percent behind it. */
  readonly ofPercent: boolean;
  readonly number: boolean;
  readonly money: boolean;
  readonly sign: boolean;
}

/** Looks of words, which tables repeat; when so many are known, it begins anew. */
const looks = new Map<string, Omit<Look, 'ofPercent'>>();
const LOOKS_KEPT_MAX = 2000;
const LOOKED_AT_LENGTH_MAX = 40;

function lookOf({ text }: Token): Omit<Look, 'ofPercent'> {
  const known = looks.get(text);
  if (known) return known;
  const bare = plainDashes(withoutCurrency(text));
  const look = {
    number: /^[-+(]?\d[\d.,'’ ]*\)?-?%?$/.test(bare),
    money: /^[-+(]?\d[\d.,'’ ]*[.,]\d{2,5}\)?-?$/.test(bare),
    sign: currencyOf(text) !== undefined || /^[%:=\-\u2010-\u2015\u2212]$/.test(text),
  };
  if (looks.size >= LOOKS_KEPT_MAX) looks.clear();
  if (text.length <= LOOKED_AT_LENGTH_MAX) looks.set(text, look);
  return look;
}

/** A word before one of several amounts in a cell: `(Gross:`. */
const LABEL_IN_CELL = /^\(\p{L}[\p{L}.]*\)?:$/u;

/** Positions of lines: `1`, `000010`, `01.02.003`. */
const ORDINAL = /^\d{1,6}(?:\.\d{1,4}){0,5}\.?$/;
const NO_ORDINAL = /^(?!\d{1,6}(?:\.\d{1,4}){0,5}\.?$)/;

function lookCost(token: Token, { number, money, sign, ofPercent }: Look, column: PlacedColumn): number {
  switch (column.type) {
    case 'money':
      return number
        ? token.text.endsWith('%')
          ? ALIEN_NUMBER
          : money
            ? 0
            : 3
        : sign
          ? 1
          : LABEL_IN_CELL.test(token.text)
            ? 8
            : ALIEN_TEXT;
    case 'quantity':
      return number
        ? ofPercent || token.text.endsWith('%')
          ? ALIEN_NUMBER
          : 0
        : isUnit(token.text)
          ? 2
          : /^[\p{L}²³.%/]{1,10}$/u.test(token.text)
            ? 8
            : ALIEN_TEXT;
    case 'percent':
      return number || token.text === '%'
        ? 0
        : /^(?:\(?[A-Z]{1,4}\d?\)?|isento|exempt|isenta|-)$/i.test(token.text)
          ? 2
          : ALIEN_TEXT / 2;
    case 'integer':
      return ORDINAL.test(token.text) ? 0 : ALIEN_TEXT;
    case 'unit':
      return number ? ALIEN_NUMBER : /^[\p{L}²³./%]{1,12}$/u.test(token.text) ? 0 : 10;
    case 'date':
      return /\d/.test(token.text) ? 0 : 8;
    case 'code':
      if (column.holdsWords) return 0;
      return /^[\p{L}\d][\p{L}\d./_-]*$/u.test(token.text) ? (/\d/.test(token.text) ? 0 : 0.5) : 4;
    case 'text':
      return money ? 4 : 0;
    case 'unknown':
      return Math.abs(token.x0 - column.x0) <= UNDER_TITLE * token.word.size ? 0 : FAR_OF_UNKNOWN_COLUMN;
  }
}

/** A figure with a wide blank before it is no part of the words before that. */
const FIGURE_APART = 8;
const STARTS_WITH_FIGURE = /^[-+(]?\d/;

/** Two words in one column: usual for text; for figures only parts of one number or its unit. */
function togetherCost(previous: Token, token: Token, column: PlacedColumn): number {
  if (column.type === 'text' || column.type === 'unknown' || column.holdsWords)
    return token.gap > 2.5 ? (STARTS_WITH_FIGURE.test(token.text) ? FIGURE_APART : 1.5) : 0;
  if (column.type === 'code' || column.type === 'date' || column.type === 'unit')
    return token.gap > 0.9 ? 20 : 1;
  const parts =
    token.gap < 1.3 && !(/\d/.test(previous.text) && /\d/.test(token.text) && !/^\d{3}/.test(token.text));
  return parts ? 0.5 : CROWDED;
}

/** The next column begins inside what looks like one run of words. */
function splitCost(token: Token): number {
  if (token.gap > 0.9) return 0;
  return token.gap > 0.45 ? 0.6 : 1.6;
}
