import Big from 'big.js';
import { baseQuantityLine } from './base-quantity.ts';
import type { ReadDocument } from './document.ts';
import type { ItemCodes } from './item-codes.ts';
import {
  codeLine,
  isCodeLine,
  isTitleOfBoth,
  isTradeNumber,
  itemCodes,
  tradeCodeLine,
} from './item-codes.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { namePart, takeStrayWords, withoutRemarks } from './name-lines.ts';
import { readCell } from './table-cells.ts';
import type { Assigned, PlacedColumn } from './table-columns.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';
import { parseValue } from './value-parsers.ts';
import { workedOut } from './worked-out-cells.ts';

/** A row with the values found in each column. */
export interface TableRow {
  readonly page: number;
  readonly cells: ReadonlyMap<string, Found>;
}

/** A row to which lines can still be added. */
export interface OpenRow {
  readonly page: number;
  readonly cells: Map<string, Found>;
  /** The words of each line, by column, for cells that may have several lines. */
  readonly blocks: Map<string, Token[][]>;
  y: number;
  /** True when the name is complete, because a line about the price stands below it. */
  isNamed: boolean;
  /** The page of the row's last line. */
  lastPage: number;
  readonly top: number;
  readonly size: number;
}

/** A line of the table with its words by column. */
export interface BodyLine {
  readonly line: TokenLine;
  readonly assigned: Assigned;
}

/** The data that is needed to read the cells of a table. */
export interface CellContext {
  readonly columns: readonly PlacedColumn[];
  readonly document: ReadDocument;
  readonly table: string;
}

/** Reads the values on a line, by column. */
export function readCells(assigned: Assigned, { columns, document, table }: CellContext): Map<string, Found> {
  const cells = new Map<string, Found>();
  for (const column of columns) {
    const tokens = assigned.get(column.name);
    if (!tokens || tokens.length === 0 || column.holdsWords) continue;
    for (const [name, found] of readCell(column, tokens, document.notation, table))
      if (!cells.has(name)) cells.set(name, found);
  }
  return cells;
}

/** Columns of amounts whose cell may show a computation over several lines. */
const WORKED_OUT: ReadonlySet<string> = new Set(['price', 'allowanceAmount']);

/** The words of a line for the cells that may have several lines. */
export function blocksOf(assigned: Assigned, columns: readonly PlacedColumn[]): Map<string, Token[][]> {
  const blocks = new Map<string, Token[][]>();
  for (const { name, type } of columns) {
    const tokens = assigned.get(name);
    if (tokens && (type === 'text' || type === 'code' || WORKED_OUT.has(name)))
      blocks.set(name, [[...tokens]]);
  }
  return blocks;
}

/** Adds a line above a row. If the row has no quantity and the line has one, the row takes the values of the line. */
export function prepend(row: OpenRow, { assigned }: BodyLine, context: CellContext): void {
  for (const [name, lines] of blocksOf(assigned, context.columns))
    row.blocks.set(name, [...lines, ...(row.blocks.get(name) ?? [])]);
  if (row.cells.has('qty')) return;
  const cells = readCells(assigned, context);
  if (!cells.has('qty')) return;
  for (const [name, found] of cells) if (!row.cells.has(name)) row.cells.set(name, found);
}

/** Adds a line below a row: words to the cells with several lines, and values to the row's empty columns. */
export function extend(row: OpenRow, { line, assigned }: BodyLine, context: CellContext): void {
  const nameColumn = context.columns.find(({ name }) => name === 'name');
  for (const [name, [words = []]] of blocksOf(assigned, context.columns)) {
    const own = name === 'name' && nameColumn ? withoutRemarks(words, nameColumn) : words;
    if (own.length > 0) row.blocks.set(name, [...(row.blocks.get(name) ?? []), [...own]]);
  }
  const cells = readCells(assigned, context);
  const taken = takenOff(row, line, cells, context);
  if (taken) row.cells.set('takenOff', taken);
  for (const [name, found] of cells) if (!row.cells.has(name)) row.cells.set(name, found);
  row.y = line.y;
  row.lastPage = line.page;
}

/**
 * Finds a discount on its own line below a row: a percentage, and the amount deducted from the row (`5 %   - 2,50`).
 */
function takenOff(
  row: OpenRow,
  line: TokenLine,
  cells: ReadonlyMap<string, Found>,
  { document }: CellContext,
): Found | undefined {
  const total = row.cells.get('total');
  const amount = cells.get('total');
  if (!total || !amount?.value.startsWith('-') || row.cells.has('takenOff')) return undefined;
  const percent = line.tokens
    .map((_, at) => parseValue('percent', line.tokens.slice(at), document.notation))
    .find((parsed) => parsed?.fit === 1);
  if (!percent) return undefined;
  const expected = new Big(total.value).times(percent.value).div(100).round(2, Big.roundHalfUp);
  return expected.plus(amount.value).abs().lte('0.01') ? amount : undefined;
}

/** Completes the row from all lines of the row. */
export function closeRow(row: OpenRow, { columns, document }: CellContext): TableRow {
  takeStrayWords(row, columns);
  for (const { name, type, holdsWords, title, codeAbove } of columns) {
    const printed = row.blocks.get(name);
    const all = printed && codeAbove ? withoutCodeAbove(printed, row.cells) : printed;
    if (!all) continue;
    if (type === 'code') {
      if (name === 'code' && (holdsWords || isTitleOfBoth(title))) setCodes(row.cells, itemCodes(all, title));
      continue;
    }
    const lines =
      name === 'name'
        ? namePart(withoutBaseQuantity(withoutCodeLine(all, row.cells), row.cells, document))
        : all;
    const found = type === 'text' ? wordsOf(lines, name) : workedOut(name, lines, document.notation);
    if (found) row.cells.set(name, found);
  }
  return { page: row.page, cells: row.cells };
}

/** Figures, capitals and marks, with at least one figure. */
const ITEM_NUMBER = /^(?=.*\d)[A-Z\d][A-Z\d ./_-]{0,39}$/;

/** Takes the number of the item from the first line of a name's cell. A number of another column stays as that of the trade. */
function withoutCodeAbove(lines: Token[][], cells: Map<string, Found>): Token[][] {
  const [first = [], ...rest] = lines;
  const code = textOf(first);
  if (rest.length === 0 || !ITEM_NUMBER.test(code)) return lines;
  const other = cells.get('code');
  if (other && isTradeNumber(other.value)) cells.set('standardCode', other);
  cells.set('code', foundIn(code, first, 'number above the name', 0.8));
  return rest;
}

/** Replaces the numbers of a row by the numbers in the row's cell of references. */
function setCodes(cells: Map<string, Found>, { code, standardCode }: ItemCodes): void {
  cells.delete('code');
  if (code) cells.set('code', code);
  if (standardCode) cells.set('standardCode', standardCode);
}

/**
 * Removes the line with the code from a description, and gives the code to a row without a code. A description that
 * begins with an item number is not changed, because it is unknown which line is the name.
 */
function withoutCodeLine(all: Token[][], cells: Map<string, Found>): Token[][] {
  const lines = withoutTradeCode(all, cells);
  const at = lines.findIndex((line, i) => i > 0 && codeLine(line) !== undefined);
  const code = at < 0 ? undefined : codeLine(lines[at] ?? []);
  if (!code || cells.has('code')) return lines;
  cells.set('code', code);
  return isCodeLine(lines[0] ?? []) ? lines : lines.filter((_, i) => i !== at);
}

/**
 * Removes the line with the GTIN from a description under a name. It is the item's standard identifier, or the code
 * in a row without a code.
 */
function withoutTradeCode(lines: Token[][], cells: Map<string, Found>): Token[][] {
  const at = lines.findIndex((line, i) => i > 0 && tradeCodeLine(line) !== undefined);
  const found = at < 0 ? undefined : tradeCodeLine(lines[at] ?? []);
  if (!found || isCodeLine(lines[0] ?? [])) return lines;
  const name = cells.has('code') ? 'standardCode' : 'code';
  if (!cells.has(name)) cells.set(name, found);
  return lines.filter((_, i) => i !== at);
}

/** Removes the line with the number of units of the price from a description, and gives that number to the row. */
function withoutBaseQuantity(
  lines: Token[][],
  cells: Map<string, Found>,
  { notation }: ReadDocument,
): Token[][] {
  const at = lines.findIndex((line, i) => i > 0 && baseQuantityLine(line, notation) !== undefined);
  const base = at < 0 ? undefined : baseQuantityLine(lines[at] ?? [], notation);
  if (!base) return lines;
  if (!cells.has('priceBase')) cells.set('priceBase', base);
  return lines.filter((_, i) => i !== at);
}

/** Words at the start of a line after a hyphen that stands for an omitted word. */
const AND = /^(?:und|oder|bzw\.?|and|or|et|ou|e|y|o)$/i;

/** Joins the words of several lines. After a hyphen, no blank is inserted. */
function wordsOf(lines: readonly (readonly Token[])[], name: string): Found | undefined {
  let text = '';
  for (const line of lines) {
    const words = line.map((token) => token.text).join(' ');
    const goesOn = /[\p{L}\d)][-/]$/u.test(text) && !AND.test(line[0]?.text ?? '');
    text = text === '' || goesOn ? text + words : `${text} ${words}`;
  }
  return text.trim() === '' ? undefined : foundIn(text.trim(), lines.flat(), `column ${name}`, 0.9);
}
