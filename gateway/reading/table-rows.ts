import type { TableRule } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from '../printed/provenance.ts';
import type { BodyLine, CellContext, OpenRow, TableRow } from './open-rows.ts';
import { blocksOf, closeRow, extend, prepend, readCells } from './open-rows.ts';
import type { Assigned, PlacedColumn } from './table-columns.ts';
import { isAboutPrice } from './name-lines.ts';
import { assignColumns, placeColumns } from './table-columns.ts';
import type { TableHeader } from './table-header.ts';
import { isSureRow, linesGoingOn } from './table-pages.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { keyOf } from '../printed/tokens.ts';

/** A table as read, over all its pages. */
export interface ReadTable {
  readonly headers: readonly TableHeader[];
  readonly rows: readonly TableRow[];
  /** First and last line index of each part, header included. */
  readonly spans: readonly (readonly [number, number])[];
  /** Lines between the rows that have an amount and are no part of a row. */
  readonly leftOut: readonly LeftOut[];
}

/** A line with an amount that fits no row, and the rows above it. */
export interface LeftOut {
  readonly text: string;
  readonly amount: Found;
  readonly rowsAbove: number;
}

/** Bounds: rows of one table, and how far, in line heights, a continuation line may stand from its row. */
const ROWS_MAX = 20_000;
const CONTINUATION_LINES_MAX = 1.62;
const ROW_DISTANCE_MAX = 4.2;
/** How far, in line heights, the name of an item may stand under its figures. */
const FIRST_NAME_LINE_MAX = 2;

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
  const leftOut: LeftOut[] = [];
  headers.forEach((header, i) => {
    const until = headers[i + 1]?.fromLine ?? document.lines.length;
    const ends = others.filter((o) => o.fromLine > header.toLine).map((o) => o.fromLine);
    const reach = { untilLine: Math.min(until, ...ends), beforePage: headers[i + 1]?.page ?? Infinity };
    const part = readPart(name, rule, document, header, reach, stop);
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

/** A part of a table as it is read: its rows so far, and the lines that no row has taken yet. */
interface Part {
  readonly rows: OpenRow[];
  readonly pending: BodyLine[];
  /** The values of a row stand in the middle of its words, or at their end: the first row showed it. */
  isCentred: boolean;
  /** Amounts stand under the quantities of their rows: some row showed it. */
  hasLowerAmounts: boolean;
  lastLine: number;
  readonly leftOut: LeftOut[];
}

/** How far a part of a table may reach: to the header of another, and not to the page where its own is printed again. */
interface Reach {
  readonly untilLine: number;
  readonly beforePage: number;
}

function readPart(
  name: string,
  rule: TableRule,
  document: ReadDocument,
  header: TableHeader,
  { untilLine, beforePage }: Reach,
  stop: readonly ReadonlySet<string>[],
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
      const above = part.rows.at(-1);
      // What stands far below the last row of a table without continuation lines is another table's.
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
    // What stands under the last row are totals.
    leftOut: part.leftOut.filter(({ rowsAbove }) => rowsAbove < part.rows.length),
  };
}

/** Columns of which a line has none that only goes on with the row above it. */
const BEGINS_ROW = ['pos', 'qty', 'price', 'rate'] as const;

/**
 * True for a line with the amount that the row above it lacks: where cells are aligned by their middle, it stands half a
 * line below the quantity and the price.
 */
function completesRow(
  above: OpenRow | undefined,
  line: TokenLine,
  cells: ReadonlyMap<string, Found>,
): boolean {
  if (!above || above.lastPage !== line.page || above.cells.has('total') || !hasQuantityAndPrice(above.cells))
    return false;
  const amount = cells.get('total');
  if (!amount || amount.confidence < MONEY_FIT_MIN || BEGINS_ROW.some((name) => cells.has(name)))
    return false;
  return line.y - above.y <= CONTINUATION_LINES_MAX * Math.min(line.size, above.size);
}

/**
 * True for a line with figures that is no item: it says how a price came about, or it has neither a position nor an amount
 * where the items above have both.
 */
function isRemark(tokens: readonly Token[], cells: ReadonlyMap<string, Found>, part: Part): boolean {
  const { rows, hasLowerAmounts } = part;
  if (rows.length === 0) return false;
  const lacks = (name: string): boolean => !cells.has(name) && rows.every((row) => row.cells.has(name));
  return isAboutPrice(tokens) || (!hasLowerAmounts && lacks('pos') && lacks('total'));
}

/** What lines are read as a table with. */
interface Reading {
  readonly rule: TableRule;
  readonly stop: readonly ReadonlySet<string>[];
  readonly context: CellContext;
}

/** The first row on a page without titles, where the table goes on there: before any line that would end it. */
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

/** Gives the lines over the first row of a new page to the row that goes on there, or keeps them for the next one. */
function turnPage(
  part: Part,
  lines: readonly TokenLine[],
  { rule, stop, context }: Reading,
): number | undefined {
  const chain = part.isCentred ? takeChain(part, part.pending.splice(0), context) : undefined;
  const [below] = part.pending.splice(0);
  const row = part.rows.at(-1);
  const isCut = row && !part.isCentred && !row.isNamed && !(below && isNear(below.line, row));
  const own = isCut ? linesGoingOn(row, lines, context) : [];
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

/** Remarks on an item stand under it within this many line heights. */
const REMARK_DISTANCE_MAX = 5;

function isNear(line: TokenLine, row: OpenRow): boolean {
  return line.page === row.lastPage && line.y - row.y <= REMARK_DISTANCE_MAX * line.size;
}

/** Notes a line whose amount the row above it has no use for. */
function noteAmount(part: Part, { text }: TokenLine, cells: ReadonlyMap<string, Found>): void {
  const amount = cells.get('total');
  const above = part.rows.at(-1)?.cells;
  if (!amount || amount.confidence < MONEY_FIT_MIN || !above) return;
  if (above.get('total') === amount || above.get('takenOff') === amount) return;
  part.leftOut.push({ text, amount, rowsAbove: part.rows.length });
}

/** In a table without lines between its rows, words above and below the first row's values belong to that row. */
function isWordsAlone(assigned: Assigned, columns: readonly PlacedColumn[]): boolean {
  return columns.every(({ name, type }) => type === 'text' || !assigned.has(name));
}

function openRow(part: Part, body: BodyLine, cells: Map<string, Found>, context: CellContext): void {
  const { line, assigned } = body;
  const above = part.rows.findLast((each) => each.lastPage === line.page);
  const row: OpenRow = {
    page: line.page,
    cells,
    blocks: blocksOf(assigned, context.columns),
    y: line.y,
    isNamed: false,
    lastPage: line.page,
    top: line.y,
    size: line.size,
  };
  const waiting = part.pending.splice(0);
  if (part.isCentred && above) {
    const [before, after] = atWidestGap(above, waiting, row);
    takeChain(part, before, context);
    part.pending.length = 0;
    for (const early of [...after].reverse()) prepend(row, early, context);
  } else {
    const own = waiting.filter((early) => closerToNext(early.line, above, row));
    for (const early of [...own].reverse()) prepend(row, early, context);
    if (part.rows.length === 0) part.isCentred = own.length > 0;
  }
  part.rows.push(row);
}

/** Gives a line to the row above it, where it stands close under it. */
function takePending(part: Part, context: CellContext): boolean {
  const previous = part.rows.at(-1);
  const [body] = part.pending.slice(-1);
  if (!previous || !body) return false;
  const { line } = body;
  if (line.page !== previous.lastPage) return false;
  const hasName = previous.blocks.has('name') || !context.columns.some(({ name }) => name === 'name');
  const stepMax = hasName ? CONTINUATION_LINES_MAX : FIRST_NAME_LINE_MAX;
  if (line.y - previous.y > stepMax * Math.min(line.size, previous.size)) return false;
  part.pending.pop();
  if (isAboutPrice(line.tokens)) {
    previous.isNamed = true;
    return true;
  }
  extend(previous, body, context);
  return true;
}

/** Gives lines to the last row as long as each stands close under the one before; the index of the last one taken. */
function takeChain(part: Part, lines: readonly BodyLine[], context: CellContext): number | undefined {
  let last: number | undefined;
  for (const body of lines) {
    part.pending.push(body);
    if (!takePending(part, context)) break;
    last = body.line.index;
  }
  return last;
}

/** Baselines of one text differ by so many points at most; less is no wider gap. */
const SAME_GAP = 0.4;

/** The lines between two rows whose words stand over and under their values, parted where the blank is widest. */
function atWidestGap(
  above: OpenRow | undefined,
  lines: readonly BodyLine[],
  row: OpenRow,
): [readonly BodyLine[], readonly BodyLine[]] {
  if (!above) return [[], lines];
  const ys = [above.y, ...lines.map(({ line }) => line.y), row.top];
  const gaps = ys.slice(1).map((y, i) => y - (ys[i] ?? 0));
  const widest = Math.max(...gaps);
  const at = gaps.findLastIndex((gap) => gap >= widest - SAME_GAP);
  return [lines.slice(0, at), lines.slice(at)];
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
    // What stands in brackets explains something, and ends nothing: `(Net: 12.00)`.
    if ((start > 0 && token.gap <= 0.9) || token.text.startsWith('(')) return false;
    let key = '';
    for (let i = start; i < Math.min(tokens.length, start + 7); i += 1) {
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

function hasQuantityAndPrice(cells: ReadonlyMap<string, Found>): boolean {
  return cells.has('qty') && cells.has('price');
}

/** Amounts that only may be amounts (`3`) make a row of their own only beside a quantity and a price. */
const MONEY_FIT_MIN = 0.9;

function isAnchor(rule: TableRule, cells: ReadonlyMap<string, Found>): boolean {
  const counts = (name: string): boolean => {
    const cell = cells.get(name);
    if (!cell) return false;
    return (
      rule.columns[name]?.type !== 'money' || cell.confidence >= MONEY_FIT_MIN || hasQuantityAndPrice(cells)
    );
  };
  return rule.rowAnchor.some((set) => set.every(counts));
}

function closerToNext(line: TokenLine, previous: OpenRow | undefined, next: OpenRow): boolean {
  const down = next.top - line.y;
  return down <= 2.2 * next.size && (!previous || down < line.y - previous.y);
}
