import type { TableRule } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { CellContext, OpenRow, TableRow } from './open-rows.ts';
import { closeRow, extend, readCells } from './open-rows.ts';
import type { Part } from './pending-lines.ts';
import { isNear, openRow, takeChain, takePending } from './pending-lines.ts';
import type { LeftOut } from './row-lines.ts';
import {
  completesRow,
  hasQuantityAndPrice,
  isAnchor,
  isRemark,
  isSumOrLater,
  noteAmount,
} from './row-lines.ts';
import type { LabelKeys } from './stop-labels.ts';
import { labelKeys, startsWithAny } from './stop-labels.ts';
import type { Assigned, PlacedColumn } from './table-columns.ts';
import { isAboutPrice } from './name-lines.ts';
import { assignColumns, placeColumns } from './table-columns.ts';
import type { TableHeader } from './table-header.ts';
import { isSureRow, continuationLines } from './table-pages.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';

/** A table with the rows of all its pages. */
export interface ReadTable {
  readonly headers: readonly TableHeader[];
  readonly rows: readonly TableRow[];
  /** Index of the first and the last line of each part, including the header. */
  readonly spans: readonly (readonly [number, number])[];
  /** Lines between the rows that have an amount but belong to no row. */
  readonly leftOut: readonly LeftOut[];
}

/** A table has at most this many rows. */
const ROWS_MAX = 20_000;
/** In a table without continuation lines, a row stands at most this many line heights below the previous row. */
const ROW_DISTANCE_MAX = 4.2;

/** The beginning of a table, and what ends the table in addition to its own stop lines. */
interface TableBounds {
  /** Every place where a header of the table stands. */
  readonly found: readonly TableHeader[];
  /** Headers of other tables. */
  readonly others: readonly TableHeader[];
  /** Labels of totals, which end a table. */
  readonly totals?: readonly string[];
}

/**
 * Reads a table: from each header down to a stop line, another header or the end of the page.
 */
export function readTable(
  name: string,
  rule: TableRule,
  document: ReadDocument,
  { found, others, totals = [] }: TableBounds,
): ReadTable {
  const headers = ofOneTable(
    found.filter((header) => !others.some((o) => overlaps(o, header) && o.score > header.score)),
  );
  const stop = [labelKeys(rule.stop), labelKeys(totals)];
  const rows: TableRow[] = [];
  const spans: [number, number][] = [];
  const leftOut: LeftOut[] = [];
  headers.forEach((header, i) => {
    const until = headers[i + 1]?.fromLine ?? document.lines.length;
    const ends = others.filter((o) => o.fromLine > header.toLine).map((o) => o.fromLine);
    const reach = { untilLine: Math.min(until, ...ends), beforePage: headers[i + 1]?.page ?? Infinity };
    const part = readPart(header, reach, { name, rule, document, stop });
    leftOut.push(...part.leftOut.map((one) => ({ ...one, rowsAbove: one.rowsAbove + rows.length })));
    rows.push(...part.rows);
    if (part.rows.length > 0) spans.push([header.fromLine, part.lastLine]);
  });
  return { headers, rows, spans, leftOut };
}

function overlaps(a: TableHeader, b: TableHeader): boolean {
  return (
    a.fromLine <= b.toLine &&
    b.fromLine <= a.toLine &&
    (a.columns[0]?.x0 ?? 0) < (b.columns.at(-1)?.x1 ?? 0) &&
    (b.columns[0]?.x0 ?? 0) < (a.columns.at(-1)?.x1 ?? 0)
  );
}

/** Keeps the header with the most columns and its repetitions, because a document has one item table. */
export function ofOneTable(headers: readonly TableHeader[]): TableHeader[] {
  const best = headers.reduce<TableHeader | undefined>(
    (a, b) => (a && a.score >= b.score ? a : b),
    undefined,
  );
  if (!best) return [];
  const names = (header: TableHeader): string => header.columns.map((column) => column.name).join();
  return headers.filter(
    (header) => header === best || (names(header) === names(best) && header.page !== best.page),
  );
}

/** The end of a part of a table: the header of another table, or the page with the next copy of its own header. */
interface Reach {
  readonly untilLine: number;
  readonly beforePage: number;
}

/** The document, and the rule by which the table is found. */
interface TableSource {
  readonly name: string;
  readonly rule: TableRule;
  readonly document: ReadDocument;
  readonly stop: readonly LabelKeys[];
}

function readPart(
  header: TableHeader,
  { untilLine, beforePage }: Reach,
  { name, rule, document, stop }: TableSource,
): { rows: TableRow[]; lastLine: number; leftOut: readonly LeftOut[] } {
  const columns = placeColumns(header, rule, document.lines.slice(header.toLine + 1, untilLine));
  const carry = [labelKeys(rule.carry)];
  const part: Part = {
    rows: [],
    pending: [],
    isCentred: false,
    hasLowerAmounts: false,
    lastLine: header.toLine,
    leftOut: [],
    sumAt: 0,
  };
  const context = { columns, document, table: name };
  let { page } = header;
  for (let i = header.toLine + 1; i < untilLine; i += 1) {
    let line = document.lines[i] as TokenLine;
    if (line.rotated || line.page < page) continue;
    if (line.page > page) {
      if (!rule.continuation || line.page >= beforePage) break;
      const next = lineOfNextRow(document.lines.slice(i, untilLine), part, { rule, stop, context });
      const last = turnPage(part, document.lines.slice(i, next?.index ?? untilLine), { rule, stop, context });
      part.lastLine = last ?? part.lastLine;
      if (!next) break;
      page = line.page;
      i = next.index;
      line = next;
    }
    const tokens = withinTable(line, columns, rule);
    if (tokens.length === 0) continue;
    const assigned = assignColumns(tokens, columns);
    const cells = readCells(assigned, context);
    const full = hasQuantityAndPrice(cells);
    if (!full && startsWithAny(tokens, stop) && !isAboutPrice(tokens)) break;
    if (!full && startsWithAny(tokens, carry)) continue;
    if (rule.continuation && !part.isCentred && completesRow(part.rows.at(-1), line, cells)) {
      extend(part.rows.at(-1) as OpenRow, { line, assigned }, context);
      part.hasLowerAmounts = true;
      part.lastLine = i;
    } else if (isAnchor(rule, cells) && !isRemark(tokens, cells, part)) {
      if (rule.continuation && !part.isCentred && isSumOrLater(cells, part)) continue;
      const above = part.rows.at(-1);
      // In a table without continuation lines, text far below the last row belongs to another table.
      if (!rule.continuation && above && line.y - above.y > ROW_DISTANCE_MAX * above.size) break;
      if (part.rows.length >= ROWS_MAX) break;
      openRow(part, { line, assigned }, cells, context);
      part.lastLine = i;
    } else if (rule.continuation || isWordsAlone(assigned, columns)) {
      part.pending.push({ line, assigned });
      if (rule.continuation && !part.isCentred && takePending(part, context)) part.lastLine = i;
      noteAmount(part, line, cells);
    }
  }
  if (part.isCentred) part.lastLine = takeChain(part, part.pending.splice(0), context) ?? part.lastLine;
  return {
    rows: part.rows.map((row) => closeRow(row, context)),
    lastLine: part.lastLine,
    // Lines below the last row are totals.
    leftOut: part.leftOut.filter(({ rowsAbove }) => rowsAbove < part.rows.length),
  };
}

/** The data that is needed to read a line of a table. */
interface Reading {
  readonly rule: TableRule;
  readonly stop: readonly LabelKeys[];
  readonly context: CellContext;
}

/** Finds the first row on a page without titles. Returns undefined if a line that ends the table comes first. */
function lineOfNextRow(
  lines: readonly TokenLine[],
  { rows }: Part,
  { rule, stop, context }: Reading,
): TokenLine | undefined {
  for (const line of lines) {
    if (line.page !== lines[0]?.page) return undefined;
    const tokens = withinTable(line, context.columns, rule);
    if (line.rotated || tokens.length === 0) continue;
    const cells = readCells(assignColumns(tokens, context.columns), context);
    if (isAnchor(rule, cells) && isSureRow(cells, rows)) return line;
    if (startsWithAny(tokens, stop)) return undefined;
  }
  return undefined;
}

/**
 * Gives the lines above the first row of a new page to the row that continues there, or keeps them for the next row.
 */
function turnPage(
  part: Part,
  lines: readonly TokenLine[],
  { rule, stop, context }: Reading,
): number | undefined {
  const chain = part.isCentred ? takeChain(part, part.pending.splice(0), context) : undefined;
  const [below] = part.pending.splice(0);
  const row = part.rows.at(-1);
  const isCut = row && !part.isCentred && !row.isNamed && !(below && isNear(below.line, row));
  const own = isCut ? continuationLines(row, lines, context) : [];
  let last = chain;
  for (const line of lines) {
    const tokens = withinTable(line, context.columns, rule);
    if (line.rotated || tokens.length === 0) continue;
    if (line.page !== lines[0]?.page || startsWithAny(tokens, stop)) break;
    const body = { line, assigned: assignColumns(tokens, context.columns) };
    if (row && own.includes(line)) {
      extend(row, body, context);
      last = line.index;
    } else part.pending.push(body);
  }
  return last;
}

/** The words of a line within the table's width, and one more cell on each side. */
function withinTable(line: TokenLine, columns: readonly PlacedColumn[], rule: TableRule): Token[] {
  const left = (columns[0]?.x0 ?? 0) - 30;
  const last = columns.at(-1);
  const right = (last?.x1 ?? 0) + (last?.type === 'text' ? 40 : 30);
  // If other tables may stand beside this table, only words that start within this table count.
  const strict = rule.continuation ? 60 : 0;
  return line.tokens.filter((token) => token.x1 > left - strict && token.x0 < right + strict);
}

/**
 * True for a line with words only in text columns. In a table without continuation lines, such lines around the first
 * row belong to that row.
 */
function isWordsAlone(assigned: Assigned, columns: readonly PlacedColumn[]): boolean {
  return columns.every(({ name, type }) => type === 'text' || !assigned.has(name));
}
