import type { TableRule } from '../mapping/mapping-schema.ts';
import type { HeaderColumn, TableHeader } from './table-header.ts';
import { UNKNOWN_COLUMN } from './table-header.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import type { ColumnType } from './word-forms.ts';
import { ALIEN_NUMBER, costInColumn, formOf } from './word-forms.ts';

/** A column of the header, and the area in which its words may stand. */
export interface PlacedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** True for a column of figures. */
  readonly numeric: boolean;
  readonly x0: number;
  readonly x1: number;
  /** The left edge of the column's title. */
  readonly titleX0: number;
  /** True for a column of codes whose cells may hold any words, because the left edge of the next column is certain. */
  readonly holdsWords: boolean;
  /** The printed words of the column's title. */
  readonly title: string;
  /** True for a column of names with the number of the item above each name. */
  readonly codeAbove: boolean;
}

/** Words of a line by column name, left to right. */
export type Assigned = ReadonlyMap<string, readonly Token[]>;

const NUMERIC = new Set(['money', 'quantity', 'percent', 'integer']);

/**
 * Sets the widths of a header's columns. The cells of a text column are often wider than its title. So a text column
 * reaches from the end of the previous title to the start of the next title. Other columns are as wide as their
 * titles. If the words of a text column begin exactly under its title, all words to their left belong to the column
 * of codes.
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
      codeAbove: column.codeAbove === true,
    };
    if (type === 'code' && after && typeOf(after, rule) === 'text' && beginsUnderTitle(column, after, body))
      return { ...placed, x0: column.x0, x1: after.x0 - 1, holdsWords: true };
    if (type === 'quantity' && before)
      return { ...placed, x0: startOfCells(column, before, body), x1: column.x1 };
    if (type === 'date' && after && typeOf(after, rule) === 'text' && beginsUnderTitle(column, after, body))
      return { ...placed, x0: column.x0, x1: after.x0 - 1 };
    if (type !== 'text') return { ...placed, x0: column.x0, x1: column.x1 };
    const startsAtTitle =
      before && BEFORE_NAME.has(typeOf(before, rule)) && beginsUnderTitle(before, column, body);
    const fromBefore = before ? Math.min(column.x0, before.x1 + 2) : column.x0 - 40;
    return {
      ...placed,
      x0: startsAtTitle ? column.x0 : fromBefore,
      x1: after ? Math.max(column.x1, after.x0 - 2) : column.x1 + 60,
    };
  });
}

/** Columns whose cells may be wider than their titles, in front of the names. */
const BEFORE_NAME: ReadonlySet<PlacedColumn['type']> = new Set(['code', 'date']);

/** A title for numbers of the trade. Such a number is the item's code only if the seller has no codes. */
const TRADE = /^(?:ean|gtin)/i;

/** A number with decimals. It is a quantity and not a code. */
const WITH_DECIMALS = /^\d{1,6},\d{2,3}$/;

/**
 * Decides between two meanings by the cells below: `#` is a position or a quantity, `Item no.` is a position or a code.
 */
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

/** Ending of the column name for numbers of the trade; other unknown columns end with a counter. */
const TRADE_COLUMN = 'Trade';

/** True when most words with figures under the title match the pattern. */
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

/** A quantity with its unit has at most this many words: `12 running metres`. */
const QUANTITY_WORDS_MAX = 3;

/**
 * The left edge of the cells in a quantity column that end under the end of their title. `12 hours` is wider than
 * `Qty`.
 */
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

/** A word stands under a title if their left edges differ by at most this many font sizes. */
const UNDER_TITLE = 0.35;
/** This many lines of a table are searched for the left edges of its columns. */
const LINES_LOOKED_AT_MAX = 60;

/** True when more cells begin under the title of the column than in the blank before that title. */
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
const CROWDED = 45;
const BEYOND_TEXT = 70;
/**
 * The cost of a word that does not stand under the title of an unknown column. A known column into which the word
 * fits only partly costs less.
 */
const FAR_OF_UNKNOWN_COLUMN = 6;

/**
 * Assigns each word of a line to a column, so that words and columns keep their order from left to right. The
 * assignment has the lowest cost. The cost of a word is its distance to the column, plus a cost for a form that the
 * column does not expect.
 */
export function assignColumns(tokens: readonly Token[], columns: readonly PlacedColumn[]): Assigned {
  const width = columns.length;
  // Word after word, the column of the word before it, for each column of its own.
  const from: number[] = [];
  let above: number[] = [];
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] as Token;
    const form = formOf(token.text);
    const isPercent = form.number && tokens[i + 1]?.text === '%';
    const line: number[] = [];
    const split = splitCost(token);
    const asFigures = i === 0 ? 0 : oneFigureCost(tokens[i - 1] as Token, token);
    // The lowest cost of an assignment that ends in an earlier column. The loop updates it column by column.
    let bestLeft = IMPOSSIBLE;
    let leftSource = -1;
    for (let j = 0; j < width; j += 1) {
      const column = columns[j] as PlacedColumn;
      let best = i === 0 ? 0 : bestLeft;
      let source = leftSource < 0 ? j : leftSource;
      if (i > 0) {
        const before = above[j] ?? IMPOSSIBLE;
        const stay = before + togetherCost(token, column, asFigures);
        if (stay < best) {
          best = stay;
          source = j;
        }
        if (before + split < bestLeft) {
          bestLeft = before + split;
          leftSource = j;
        }
      }
      const look =
        column.type === 'unknown'
          ? apartCost(token, column)
          : isPercent && column.type === 'quantity'
            ? ALIEN_NUMBER
            : costInColumn(form, column);
      line.push(best + (placeCost(token, column) + look));
      from.push(source);
    }
    above = line;
  }
  return trace(tokens, columns, above, from);
}

/**
 * Follows the columns back from the last word.
 * @param last the cost of each column for the last word
 * @param from for each word and column, the column of the word before it
 */
function trace(
  tokens: readonly Token[],
  columns: readonly PlacedColumn[],
  last: readonly number[],
  from: readonly number[],
): Assigned {
  const assigned = new Map<string, Token[]>();
  if (tokens.length === 0) return assigned;
  let j = last.indexOf(Math.min(...last));
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const name = columns[j]?.name ?? '';
    const list = assigned.get(name);
    if (list) list.push(tokens[i] as Token);
    else assigned.set(name, [tokens[i] as Token]);
    j = j < 0 ? 0 : (from[i * columns.length + j] ?? 0);
  }
  for (const list of assigned.values()) list.reverse();
  return assigned;
}

/** The cost of a word's place in a column, by its distance in font sizes. */
function placeCost(token: Token, column: PlacedColumn): number {
  const size = Math.max(token.word.size, 1);
  const middle = (token.x0 + token.x1) / 2;
  const isText = column.type === 'text';
  const left = column.x0 - (isText || column.holdsWords ? middle : token.x1);
  const right = (!isText && column.holdsWords ? middle : token.x0) - column.x1;
  const gap = Math.max(0, left, right) / size;
  const edges =
    Math.min(
      Math.abs(token.x0 - column.x0),
      Math.abs(token.x1 - column.x1),
      Math.abs(token.x0 + token.x1 - column.x0 - column.x1) / 2,
    ) / size;
  // A separate cell to the right of a text column does not belong to it, whatever its form.
  const beyond = isText && token.gap > 0.9 && token.x0 > column.x1 + size ? BEYOND_TEXT : 0;
  return gap * 4 + beyond + Math.min(edges, 12) * (column.numeric ? 0.25 : 0.04);
}

/** The cost of a word that does not stand under the title of an unknown column. */
function apartCost(token: Token, column: PlacedColumn): number {
  return Math.abs(token.x0 - column.x0) <= UNDER_TITLE * token.word.size ? 0 : FAR_OF_UNKNOWN_COLUMN;
}

/** Anything but the position of a line. */
const NO_ORDINAL = /^(?!\d{1,6}(?:\.\d{1,4}){0,5}\.?$)/;

/** Cost of a figure after a wide blank, because it seldom belongs to the words before it. */
const FIGURE_APART = 8;
const STARTS_WITH_FIGURE = /^[-+(]?\d/;

/**
 * The cost of a word in the column of the word before it. It is low in a text column.
 * @param asFigures the cost in a column of figures
 */
function togetherCost(token: Token, column: PlacedColumn, asFigures: number): number {
  if (column.type === 'text' || column.type === 'unknown' || column.holdsWords)
    return token.gap > 2.5 ? (STARTS_WITH_FIGURE.test(token.text) ? FIGURE_APART : 1.5) : 0;
  if (column.type === 'code' || column.type === 'date' || column.type === 'unit')
    return token.gap > 0.9 ? 20 : 1;
  return asFigures;
}

/** The cost of two words in a column of figures. They must be parts of one number, or a number and its unit. */
function oneFigureCost(previous: Token, token: Token): number {
  const parts =
    token.gap < 1.3 && !(/\d/.test(previous.text) && /\d/.test(token.text) && !/^\d{3}/.test(token.text));
  return parts ? 0.5 : CROWDED;
}

/** The cost of a column boundary inside a run of words that looks continuous. */
function splitCost(token: Token): number {
  if (token.gap > 0.9) return 0;
  return token.gap > 0.45 ? 0.6 : 1.6;
}
