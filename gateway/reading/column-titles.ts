import type { TableRule } from '../mapping/mapping-schema.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { keyOf, textOf } from '../printed/tokens.ts';

/** A title of a column: its place, and all columns that it can mean. */
export interface Title {
  readonly names: readonly string[];
  /** The printed words of the title. If several titles touch in one cell, the words of the whole cell. */
  readonly text: string;
  readonly x0: number;
  readonly x1: number;
  /** True for the title of an item number above that of a name. The cells then hold both, one above the other. */
  readonly codeAbove?: boolean;
}

/** Words below or beside one another that may be one title, or several titles that touch. */
export interface TitleCell {
  readonly x0: number;
  readonly x1: number;
  readonly tokens: readonly Token[];
}

/** The synonyms of one table's columns, by key. */
export interface ColumnIndex {
  /**
   * The columns that a title can mean. A title with several meanings (`IVA`: the rate or the tax) goes to the first
   * column without a title.
   */
  readonly byKey: ReadonlyMap<string, readonly string[]>;
  /** All beginnings of all titles, each with the columns that its titles can mean, as bits. */
  readonly prefixes: ReadonlyMap<string, number>;
  /** Known results of `segment`, because the same cells are tried in every band of lines. */
  readonly splits: Map<string, readonly Part[]>;
  /** For each known word: true when a title can begin with it. */
  readonly begins: Map<string, boolean>;
  /** For each known word, the columns of the titles that can begin in it, as bits. */
  readonly beginning: Map<string, number>;
  /** A bit for each column. */
  readonly bits: ReadonlyMap<string, number>;
  /** The columns that a header needs: one bit mask for each set of columns that is enough. */
  readonly needs: readonly number[];
}

const indexes = new WeakMap<TableRule, ColumnIndex>();

/** Builds the index of a table's synonyms, once for each table. */
export function columnIndex(rule: TableRule): ColumnIndex {
  const made = indexes.get(rule);
  if (made) return made;
  const byKey = new Map<string, string[]>();
  for (const [name, column] of Object.entries(rule.columns))
    for (const synonym of column.synonyms) {
      const key = synonym.split(/\s+/).map(keyOf).join('');
      byKey.set(key, [...new Set([...(byKey.get(key) ?? []), name])]);
    }

  const { bits, needs } = columnBits(rule);
  const prefixes = new Map<string, number>();
  for (const [key, names] of byKey)
    for (let end = 1; end <= key.length; end += 1) {
      const prefix = key.slice(0, end);
      prefixes.set(prefix, (prefixes.get(prefix) ?? 0) | bitsOf(names, bits));
    }
  const known = { splits: new Map(), begins: new Map(), beginning: new Map() };
  const index = { byKey, prefixes, bits, needs, ...known };
  indexes.set(rule, index);
  return index;
}

const BITS_MAX = 31;

/** If a table has more columns than a number has bits, every header counts as complete. */
function columnBits({ columns, headerNeeds }: TableRule): Pick<ColumnIndex, 'bits' | 'needs'> {
  const names = [...new Set([...Object.keys(columns), ...headerNeeds.flat()])];
  if (names.length > BITS_MAX) return { bits: new Map(), needs: [0] };
  const bits = new Map(names.map((name, at) => [name, 1 << at]));
  const needs = headerNeeds.map((set) => set.reduce((sum, name) => sum | (bits.get(name) ?? 0), 0));
  return { bits, needs };
}

/** The columns that a title can mean, as bits. Several numbers of the item can together mean its code. */
function bitsOf(names: readonly string[], bits: ReadonlyMap<string, number>): number {
  let meant = names.some((name) => ITEM_NUMBERS.has(name)) ? (bits.get('code') ?? 0) : 0;
  for (const name of names) meant |= bits.get(name) ?? 0;
  return meant;
}

/** The columns that the titles can mean, as bits. */
export function meantBy(titles: readonly Title[], { bits }: ColumnIndex): number {
  let meant = 0;
  for (const { names } of titles) for (const name of names) meant |= bits.get(name) ?? 0;
  return meant;
}

/** An unknown title is only taken for the description if at least this many columns are known. */
export const KNOWN_COLUMNS_MIN = 4;

/** False if titles for only these columns cannot form a header. */
export function mayBeHeader(meant: number, { needs, bits }: ColumnIndex): boolean {
  const name = bits.get('name') ?? 0;
  const withName = countOfBits(meant & ~name) >= KNOWN_COLUMNS_MIN ? meant | name : meant;
  return needs.some((need) => (withName & need) === need);
}

function countOfBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * True for a line on which a header may begin: a word begins a title, or begins with a title (`Un.Pr.`). Most lines
 * of a page have no such word.
 */
export function mayBegin(line: TokenLine, index: ColumnIndex): boolean {
  for (let at = 0; at < line.tokens.length; at += 1)
    if (beginsTitle(line.tokens[at]?.key ?? '', index)) return true;
  return false;
}

/** True for a word that a title begins with, or that begins with a title. */
function beginsTitle(key: string, index: ColumnIndex): boolean {
  let begins = index.begins.get(key);
  if (begins === undefined) {
    if (index.begins.size >= KEYS_KEPT_MAX) index.begins.clear();
    begins = isBeginning(key, index);
    index.begins.set(key, begins);
  }
  return begins;
}

/**
 * The columns of all titles that can begin on a line, as bits. Titles that touch may begin inside a word, so every
 * letter counts as a beginning. No header can have a column that none of its lines counts here.
 */
export function mayMean({ tokens }: TokenLine, index: ColumnIndex): number {
  let meant = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const { key } = tokens[at] as Token;
    let own = index.beginning.get(key);
    if (own === undefined) {
      if (index.beginning.size >= KEYS_KEPT_MAX) index.beginning.clear();
      own = beginningIn(key, index);
      index.beginning.set(key, own);
    }
    meant |= own;
  }
  return meant;
}

function beginningIn(key: string, { byKey, prefixes, bits }: ColumnIndex): number {
  let meant = 0;
  for (let start = 0; start < key.length; start += 1)
    for (let end = start + 1; end <= key.length; end += 1) {
      const part = key.slice(start, end);
      const ofPrefix = prefixes.get(part);
      if (ofPrefix === undefined) break;
      meant |= end === key.length ? ofPrefix : bitsOf(byKey.get(part) ?? [], bits);
    }
  return meant;
}

function isBeginning(key: string, index: ColumnIndex): boolean {
  if (index.prefixes.has(key)) return true;
  for (let end = 1; end < key.length && index.prefixes.has(key.slice(0, end)); end += 1)
    if (index.byKey.has(key.slice(0, end))) return true;
  return false;
}

/**
 * Finds the titles in a cell: usually one, but two if their words touch (`Un.Pr. Unitário`). Returns none for unknown
 * words.
 */
export function titlesIn(cell: TitleCell, index: ColumnIndex): readonly Title[] {
  if (!mayHoldTitle(cell.tokens, index)) return NO_TITLES;
  const titles = titlesOf(cell, index);
  if (titles.length === 1) return titles;
  const piled = titlesOfPiles(cell, index);
  return piled.length > 0 ? piled : titles;
}

const NO_TITLES: readonly Title[] = [];

/**
 * False for most cells, because no title begins with their first word. A word in brackets may be left out, so the
 * word after it counts too. With this test, the search for headers takes a third of the time.
 */
function mayHoldTitle(tokens: readonly Token[], index: ColumnIndex): boolean {
  for (let at = 0; at < tokens.length; at += 1) {
    const { key, text } = tokens[at] as Token;
    if (key === '') continue;
    if (beginsTitle(key, index)) return true;
    if (!IN_BRACKETS.test(text)) return false;
  }
  return false;
}

/** Piles need at least two words side by side, and one word below them. */
const WORDS_OF_PILES_MIN = 3;

/**
 * Finds the titles of a cell whose first line holds several titles that touch. The rest of each title stands below it.
 */
function titlesOfPiles(cell: TitleCell, index: ColumnIndex): Title[] {
  if (cell.tokens.length < WORDS_OF_PILES_MIN) return [];
  const piles: Token[][] = [];
  for (const token of cell.tokens) {
    const pile = piles.find((own) => own.some((above) => token.x0 < above.x1 && token.x1 > above.x0));
    if (pile) pile.push(token);
    else piles.push([token]);
  }
  if (piles.length < 2 || piles.length === cell.tokens.length) return [];
  const titles = piles.map((tokens) => titlesOf({ ...extentOf(tokens), tokens }, index));
  return titles.every((own) => own.length === 1) ? titles.flat() : [];
}

function extentOf(tokens: readonly Token[]): { x0: number; x1: number } {
  return { x0: Math.min(...tokens.map(({ x0 }) => x0)), x1: Math.max(...tokens.map(({ x1 }) => x1)) };
}

function titlesOf(cell: TitleCell, index: ColumnIndex): readonly Title[] {
  const titles = titlesOfWords(cell, index);
  if (titles.length > 0) return titles;
  // Words in brackets explain a title: `Item no. (kind)`, `Unit price (excl. VAT)`.
  const from = cell.tokens.findIndex(({ text }) => text.startsWith('('));
  if (from < 0) return NO_TITLES;
  const to = cell.tokens.findIndex(({ text }) => text.endsWith(')'));
  const inside = to < from || to - from >= WORDS_IN_BRACKETS_MAX ? [] : cell.tokens.slice(from, to + 1);
  const tokens = cell.tokens.filter((token) => !inside.includes(token));
  if (inside.length === 0 || tokens.length === 0) return NO_TITLES;
  const bare = titlesOfWords({ ...cell, tokens }, index);
  return INCLUDES_VAT.test(textOf(inside)) ? bare.map(withVat) : bare;
}

const WORDS_IN_BRACKETS_MAX = 4;

/** Words in brackets behind the title of amounts that include the VAT. */
const INCLUDES_VAT = /^\((?:in[ck]l|ttc\b|con iva|com iva|c\/ ?iva|iva incl|mit )/iu;

/** The same title for amounts that include the VAT. A price with VAT is no column that is read. */
function withVat(title: Title): Title {
  const isTotal = title.names.includes('total') || title.names.includes('gross');
  return { ...title, names: isTotal ? ['gross'] : [] };
}

const IN_BRACKETS = /^\(\p{L}[\p{L}.]*\)$/u;

function titlesOfWords(cell: TitleCell, index: ColumnIndex): readonly Title[] {
  if (!mayHoldTitle(cell.tokens, index)) return NO_TITLES;
  let key = '';
  for (let at = 0; at < cell.tokens.length; at += 1) key += cell.tokens[at]?.key ?? '';
  const whole = index.byKey.get(key) ?? index.byKey.get(withoutCurrencyKey(key));
  if (whole !== undefined) return [{ names: whole, text: textOf(cell.tokens), x0: cell.x0, x1: cell.x1 }];
  const split = segment(key, index);
  if (!split) return [];
  const meant = inTwoLanguages(split, cell);
  if (meant.length > 0) return [{ names: meant, text: textOf(cell.tokens), x0: cell.x0, x1: cell.x1 }];
  if (isCodeAboveName(split, cell))
    return [{ names: ['name'], text: textOf(cell.tokens), x0: cell.x0, x1: cell.x1, codeAbove: true }];
  const text = textOf(cell.tokens);
  const places = letterPlaces(cell);
  let at = 0;
  return split.map(({ names, length }) => {
    const own = places.slice(at, at + length);
    at += length;
    return {
      names,
      text,
      x0: Math.min(...own.map(([x0]) => x0)),
      x1: Math.max(...own.map(([, x1]) => x1)),
    };
  });
}

/**
 * Finds the columns that two titles in one cell can both mean: `Menge / Quantity`. Without a slash or a bar in
 * between, both titles must mean the same: `Desc. Descrição` is discount and description.
 */
function inTwoLanguages(parts: readonly Part[], cell: TitleCell): string[] {
  const [first, second, ...more] = parts;
  if (!first || !second) return [];
  if (more.length > 0) return shared(parts);
  const both = first.names.filter((name) => second.names.includes(name));
  const isParted = cell.tokens.some(({ text }) => /[/|]/.test(text));
  return isParted || both.length === first.names.length || isUpperLine(first, cell.tokens) ? both : [];
}

/** True for the title of an item number with that of the name below it or behind a slash: `Material/Description`. */
function isCodeAboveName([first, second, ...more]: readonly Part[], { tokens }: TitleCell): boolean {
  if (!first || !second || more.length > 0) return false;
  if (!first.names.includes('code') || !second.names.includes('name')) return false;
  if (tokens.some(({ text }) => text.includes('/'))) return true;
  return isUpperLine(first, tokens);
}

/** True when a part is the whole upper line of a cell. */
function isUpperLine({ length }: Part, tokens: readonly Token[]): boolean {
  const top = tokens[0]?.word.box.y0 ?? 0;
  const upper = tokens.filter(({ word }) => word.box.y0 - top < word.size / 2);
  return upper.length < tokens.length && upper.reduce((sum, { key }) => sum + key.length, 0) === length;
}

/**
 * For each letter of a cell's key, the places where the letter begins and ends on the line, estimated from the words.
 */
function letterPlaces(cell: TitleCell): [number, number][] {
  return cell.tokens.flatMap((token) => {
    const width = (token.x1 - token.x0) / Math.max(token.key.length, 1);
    return [...token.key].map((_, i): [number, number] => [token.x0 + i * width, token.x0 + (i + 1) * width]);
  });
}

/** Last letters of the words for currencies that may follow a title. Most words end with another letter. */
const ENDS_LIKE_A_CURRENCY = new Set(['r', 's', '€', '%', 'f', 'd', 'p', 'n', 'k']);

function withoutCurrencyKey(key: string): string {
  return ENDS_LIKE_A_CURRENCY.has(key.at(-1) ?? '')
    ? key.replace(/(?:eur|euros|€|%|chf|usd|gbp|pln|ron|sek|nok|dkk|czk)$/, '')
    : key;
}

/** At most this many titles of different columns touch each other. */
const TITLES_TOUCHING_MAX = 5;

/** The columns that all titles in a cell can mean: `Your no.` over `Our no.` over `EAN` is one column of numbers. */
function shared([first, ...others]: readonly Part[]): string[] {
  return (first?.names ?? []).filter((name) => others.every((part) => part.names.includes(name)));
}

interface Part {
  readonly names: readonly string[];
  readonly length: number;
}

/** The most keys of each kind that a table remembers. When there are more, it forgets all of them. */
const KEYS_KEPT_MAX = 2000;

const NO_SPLIT: readonly Part[] = [];

/**
 * Splits a run of letters into titles of different columns, using the longest titles. Returns undefined if letters are
 * left over.
 */
function segment(text: string, index: ColumnIndex): readonly Part[] | undefined {
  if (text.length > 60) return undefined;
  const known = index.splits.get(text);
  if (known !== undefined) return known === NO_SPLIT ? undefined : known;
  if (index.splits.size >= KEYS_KEPT_MAX) index.splits.clear();
  const best: (Part[] | undefined)[] = [[]];
  for (let start = 0; start < text.length; start += 1) {
    const before = best[start];
    if (!before) continue;
    for (let end = start + 1; end <= text.length; end += 1) {
      const key = text.slice(start, end);
      if (!index.prefixes.has(key)) break;
      const names = index.byKey.get(key);
      const known = best[end];
      if (names !== undefined && (!known || known.length > before.length + 1))
        best[end] = [...before, { names, length: end - start }];
    }
  }
  const found = best[text.length];
  const parts = found && withNumbersTogether(found);
  const result = parts && parts.length <= TITLES_TOUCHING_MAX ? parts : undefined;
  index.splits.set(text, result ?? NO_SPLIT);
  return result;
}

/** Columns for the numbers of the item that the seller, the trade and the buyer use. */
const ITEM_NUMBERS: ReadonlySet<string> = new Set(['code', 'buyerCode']);

/**
 * Joins titles for several numbers of an item, one below the other, into one column for the seller's number: `Your no.
 * / Our no.`.
 */
function withNumbersTogether(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    if (before && isItemNumber(before) && isItemNumber(part))
      joined[joined.length - 1] = { names: ['code'], length: before.length + part.length };
    else joined.push(part);
  }
  return joined;
}

function isItemNumber({ names }: Part): boolean {
  return names.every((name) => ITEM_NUMBERS.has(name));
}
