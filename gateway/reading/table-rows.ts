import type { TableRule } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from './provenance.ts';
import { foundIn } from './provenance.ts';
import { readCell } from './table-cells.ts';
import type { Assigned, PlacedColumn } from './table-columns.ts';
import { assignColumns, placeColumns } from './table-columns.ts';
import type { TableHeader } from './table-header.ts';
import type { Token, TokenLine } from './tokens.ts';
import { keyOf } from './tokens.ts';

/** A row: what was found in each column. */
export interface TableRow {
  readonly page: number;
  readonly cells: ReadonlyMap<string, Found>;
}

/** A table as read, over all its pages. */
export interface ReadTable {
  readonly headers: readonly TableHeader[];
  readonly rows: readonly TableRow[];
  /** First and last line index of each part, header included. */
  readonly spans: readonly (readonly [number, number])[];
}

/** Bounds: rows of one table, and how far, in line heights, a continuation line may stand from its row. */
const rowsMax = 20_000;
const continuationLinesMax = 1.62;
const rowDistanceMax = 4.2;

interface OpenRow {
  readonly page: number;
  readonly cells: Map<string, Found>;
  readonly texts: Map<string, Token[]>;
  y: number;
  readonly top: number;
  readonly size: number;
}

/**
 * Reads a table: from each header down to a stop line, another header or the end of the page.
 * @param found every place where its header stands
 * @param others headers of other tables, which end this one
 * @param totals labels of totals, which end it like its own stop lines
 */
export function readTable(
  name: string,
  rule: TableRule,
  document: ReadDocument,
  found: readonly TableHeader[],
  others: readonly TableHeader[],
  totals: readonly string[] = [],
): ReadTable {
  const headers = consistent(
    found.filter((header) => !others.some((o) => overlaps(o, header) && o.score > header.score)),
  );
  const stop = [labelKeys(rule.stop), labelKeys(totals)];
  const rows: TableRow[] = [];
  const spans: [number, number][] = [];
  headers.forEach((header, i) => {
    const until = headers[i + 1]?.fromLine ?? document.lines.length;
    const ends = others.filter((o) => o.fromLine > header.toLine).map((o) => o.fromLine);
    const part = readPart(name, rule, document, header, Math.min(until, ...ends), stop);
    rows.push(...part.rows);
    if (part.rows.length > 0) spans.push([header.fromLine, part.lastLine]);
  });
  return { headers, rows, spans };
}

function overlaps(a: TableHeader, b: TableHeader): boolean {
  return (
    a.fromLine <= b.toLine &&
    b.fromLine <= a.toLine &&
    (a.columns[0]?.x0 ?? 0) < (b.columns.at(-1)?.x1 ?? 0) &&
    (b.columns[0]?.x0 ?? 0) < (a.columns.at(-1)?.x1 ?? 0)
  );
}

/** One document has one item table: the header with most columns, and its repetitions. */
function consistent(headers: TableHeader[]): TableHeader[] {
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

function readPart(
  name: string,
  rule: TableRule,
  document: ReadDocument,
  header: TableHeader,
  untilLine: number,
  stop: readonly ReadonlySet<string>[],
): { rows: TableRow[]; lastLine: number } {
  const columns = placeColumns(header, rule);
  const carry = [labelKeys(rule.carry)];
  const rows: OpenRow[] = [];
  const pending: { line: TokenLine; assigned: Assigned }[] = [];
  let lastLine = header.toLine;
  for (let i = header.toLine + 1; i < untilLine; i++) {
    const line = document.lines[i] as TokenLine;
    if (line.rotated || line.page < header.page) continue;
    if (line.page > header.page) break;
    const tokens = withinTable(line, columns, rule);
    if (tokens.length === 0) continue;
    const assigned = assignColumns(tokens, columns);
    const cells = readCells(assigned, columns, document, name);
    const full = hasQuantityAndPrice(cells);
    if (!full && startsWithAny(tokens, stop)) break;
    if (!full && startsWithAny(tokens, carry)) continue;
    if (isAnchor(rule, cells)) {
      const above = rows.at(-1);
      // What stands far below the last row of a table without continuation lines is another table's.
      if (!rule.continuation && above && line.y - above.y > rowDistanceMax * above.size) break;
      const row: OpenRow = {
        page: line.page,
        cells,
        texts: textsOf(assigned, columns),
        y: line.y,
        top: line.y,
        size: line.size,
      };
      for (const early of pending.splice(0))
        if (closerToNext(early.line, rows.at(-1), row)) prepend(row, early.assigned, columns);
      if (rows.length >= rowsMax) break;
      rows.push(row);
      lastLine = i;
    } else if (rule.continuation) {
      const previous = rows.at(-1);
      const reach = continuationLinesMax * Math.min(line.size, previous?.size ?? line.size);
      if (previous && line.y - previous.y <= reach) {
        extend(previous, assigned, columns, document, name, line);
        lastLine = i;
      } else pending.push({ line, assigned });
    }
  }
  return { rows: rows.map(closeRow), lastLine };
}

/** Words of a line that lie within the table's width, one cell beyond its outer titles included. */
function withinTable(line: TokenLine, columns: readonly PlacedColumn[], rule: TableRule): Token[] {
  const left = (columns[0]?.x0 ?? 0) - 30;
  const last = columns.at(-1);
  const right = (last?.x1 ?? 0) + (last?.type === 'text' ? 40 : 30);
  // A table that may stand beside others takes only what starts within it.
  const strict = rule.continuation ? 60 : 0;
  return line.tokens.filter((token) => token.x1 > left - strict && token.x0 < right + strict);
}

/** True when a cell of the line begins with one of the labels and goes on with nothing but an amount or a colon. */
function startsWithAny(tokens: readonly Token[], wanted: readonly ReadonlySet<string>[]): boolean {
  return tokens.some((token, start) => {
    if (start > 0 && token.gap <= 0.9) return false;
    let key = '';
    for (let i = start; i < Math.min(tokens.length, start + 7); i++) {
      key += tokens[i]?.key ?? '';
      const next = tokens[i + 1];
      if (
        wanted.some((keys) => keys.has(key)) &&
        (!next || tokens[i]?.text.endsWith(':') || next.gap > 0.9 || /^[-+(€]?\d|^\(|^€|^EUR/.test(next.text))
      )
        return true;
    }
    return false;
  });
}

const keysOfLabels = new WeakMap<readonly string[], ReadonlySet<string>>();

/** The keys of a list of labels; worked out once for each list, so lists are to live as long as their mapping. */
function labelKeys(labels: readonly string[]): ReadonlySet<string> {
  let keys = keysOfLabels.get(labels);
  if (!keys) {
    keys = new Set(labels.map((label) => label.split(/\s+/).map(keyOf).join('')));
    keysOfLabels.set(labels, keys);
  }
  return keys;
}

function readCells(
  assigned: Assigned,
  columns: readonly PlacedColumn[],
  document: ReadDocument,
  table: string,
): Map<string, Found> {
  const cells = new Map<string, Found>();
  for (const column of columns) {
    const tokens = assigned.get(column.name);
    if (!tokens || tokens.length === 0) continue;
    for (const [name, found] of readCell(column, tokens, document.notation, table))
      if (!cells.has(name)) cells.set(name, found);
  }
  return cells;
}

function hasQuantityAndPrice(cells: ReadonlyMap<string, Found>): boolean {
  return cells.has('qty') && cells.has('price');
}

/** Amounts that only may be amounts (`3`) make a row of their own only beside a quantity and a price. */
const moneyFitMin = 0.9;

function isAnchor(rule: TableRule, cells: ReadonlyMap<string, Found>): boolean {
  const counts = (name: string): boolean => {
    const cell = cells.get(name);
    if (!cell) return false;
    return (
      rule.columns[name]?.type !== 'money' || cell.confidence >= moneyFitMin || hasQuantityAndPrice(cells)
    );
  };
  return rule.rowAnchor.some((set) => set.every(counts));
}

function textsOf(assigned: Assigned, columns: readonly PlacedColumn[]): Map<string, Token[]> {
  return new Map(
    columns
      .filter((c) => c.type === 'text' && assigned.has(c.name))
      .map((c) => [c.name, [...(assigned.get(c.name) ?? [])]]),
  );
}

function closerToNext(line: TokenLine, previous: OpenRow | undefined, next: OpenRow): boolean {
  const down = next.top - line.y;
  return down <= 2.2 * next.size && (!previous || down < line.y - previous.y);
}

function prepend(row: OpenRow, assigned: Assigned, columns: readonly PlacedColumn[]): void {
  for (const [name, tokens] of textsOf(assigned, columns))
    row.texts.set(name, [...tokens, ...(row.texts.get(name) ?? [])]);
}

/** Adds a line under a row: its words to the text columns; a value to a column the row left empty. */
function extend(
  row: OpenRow,
  assigned: Assigned,
  columns: readonly PlacedColumn[],
  document: ReadDocument,
  table: string,
  line: TokenLine,
): void {
  for (const [name, tokens] of textsOf(assigned, columns))
    row.texts.set(name, [...(row.texts.get(name) ?? []), ...tokens]);
  for (const [name, found] of readCells(assigned, columns, document, table))
    if (!row.cells.has(name)) row.cells.set(name, found);
  row.y = line.y;
}

function closeRow(row: OpenRow): TableRow {
  for (const [name, tokens] of row.texts) {
    const text = tokens
      .map((token) => token.text)
      .join(' ')
      .trim();
    if (text !== '') row.cells.set(name, foundIn(text, tokens, `column ${name}`, 0.9));
  }
  return { page: row.page, cells: row.cells };
}
