import type { TableRule } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { ColumnIndex, Title, TitleCell } from './column-titles.ts';
import {
  columnIndex,
  KNOWN_COLUMNS_MIN,
  mayBegin,
  mayBeHeader,
  mayMean,
  meantBy,
  titlesIn,
} from './column-titles.ts';

/** A column of a header: its kind, and the place of its title. */
export interface HeaderColumn {
  readonly name: string;
  /** The words of the title, as printed. */
  readonly title: string;
  readonly x0: number;
  readonly x1: number;
  /** True for a column of names with the number of the item above each name. */
  readonly codeAbove?: boolean | undefined;
}

/** A header: its columns from left to right, and its lines. */
export interface TableHeader {
  readonly page: number;
  readonly fromLine: number;
  readonly toLine: number;
  readonly columns: readonly HeaderColumn[];
  /** Rank of the header: more known columns and fewer unknown titles give a higher rank. */
  readonly score: number;
}

/** Prefix of the names of columns with unknown titles. */
export const UNKNOWN_COLUMN = 'unknown';

/** A header has at most this many lines. */
const HEADER_LINES_MAX = 7;

/** Finds every place of the table's header, in reading order. The places do not overlap. */
export function findHeaders(rule: TableRule, document: ReadDocument): TableHeader[] {
  const { lines } = document;
  const index = columnIndex(rule);
  const search = { lines, rule, index, meant: lines.map((line) => mayMean(line, index)) };
  const headers: TableHeader[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    let best = headerFrom(at, search);
    // A heading directly above the titles can make some titles unknown. A header that begins on a later line may be
    // better.
    for (let later = at + 1; best && later <= best.toLine; later += 1) {
      const other = headerFrom(later, search);
      if (other && other.score > best.score && other.toLine >= best.toLine) best = other;
    }
    if (best) {
      headers.push(best);
      at = best.toLine;
    }
  }
  return headers;
}

/** The part of a document in which headers are searched. */
interface Search {
  readonly lines: readonly TokenLine[];
  readonly rule: TableRule;
  readonly index: ColumnIndex;
  /** For each line, the columns of the titles that can begin on it, as bits of the index. */
  readonly meant: readonly number[];
}

/** Finds the best header that begins on a line. */
function headerFrom(at: number, { lines, rule, index, meant }: Search): TableHeader | undefined {
  let reach = 0;
  for (let i = at; i < Math.min(lines.length, at + HEADER_LINES_MAX); i += 1) reach |= meant[i] ?? 0;
  if (!mayBeHeader(reach, index) || !mayBegin(lines[at] as TokenLine, index)) return undefined;
  const band = bandFrom(lines, at, HEADER_LINES_MAX);
  const cells: Cell[] = [];
  let best: TableHeader | undefined;
  let soFar = 0;
  for (let depth = 1; depth <= band.length; depth += 1) {
    soFar |= meant[at + depth - 1] ?? 0;
    stackLine(cells, band[depth - 1] as TokenLine);
    if (!mayBeHeader(soFar, index)) continue;
    const header = readHeader(band.slice(0, depth), cells, rule, index);
    if (header && (!best || header.score > best.score || isInBrackets(band[depth - 1] as TokenLine)))
      best = header;
  }
  return best;
}

/** True for a line of titles that only explains those above it: `(excl. VAT)   (incl. VAT)`. */
function isInBrackets(line: TokenLine): boolean {
  return cellsOf(line).every((cell) => /^\(.*\)$/u.test(textOf(cell)));
}

function bandFrom(lines: readonly TokenLine[], at: number, depth: number): TokenLine[] {
  const first = lines[at] as TokenLine;
  const band = [first];
  for (let i = at + 1; i < lines.length && band.length < depth; i += 1) {
    const line = lines[i] as TokenLine;
    const previous = band.at(-1) as TokenLine;
    if (
      line.page !== first.page ||
      line.rotated !== first.rotated ||
      line.y - previous.y > 1.7 * Math.max(previous.size, line.size)
    )
      break;
    band.push(line);
  }
  return band;
}

interface Cell extends TitleCell {
  x0: number;
  x1: number;
  readonly tokens: Token[];
  /** Index of the line with the cell's last word. */
  lastLine: number;
  /** The titles read from the cell; undefined after a word was added. */
  titles: readonly Title[] | undefined;
  /** The columns that these titles can mean, as bits of the index. */
  meant: number;
}

function readHeader(
  band: readonly TokenLine[],
  cells: readonly Cell[],
  rule: TableRule,
  index: ColumnIndex,
): TableHeader | undefined {
  if (!mayComplete(cells, index)) return undefined;
  const titles = cells.map((cell) => cell.titles ?? []);
  const columns = bestNaming(titles, rule);
  nameDescriptionColumn(columns, cells, titles, rule);
  const names = new Set(columns.map((column) => column.name));
  if (!rule.headerNeeds.some((set) => set.every((name) => names.has(name)))) return undefined;
  // Words to the left or right of the recognised titles belong to something beside the table.
  const left = Math.min(...columns.map((column) => column.x0));
  const right = Math.max(...columns.map((column) => column.x1));
  const within = cells
    .map((cell, i) => ({ cell, titles: titles[i] ?? [] }))
    .filter(({ cell }) => cell.x1 > left && cell.x0 < right);
  const unknown = within.filter((entry) => entry.titles.length === 0);
  const numbers = within.filter(({ cell }) =>
    cell.tokens.some((token) => /^\d[\d.,]*$/.test(token.text)),
  ).length;
  // Figures belong to rows, so a header cannot contain them.
  if (numbers > 0) return undefined;
  const first = band[0] as TokenLine;
  const last = band.at(-1) as TokenLine;
  // A line that adds no word to a title does not belong to the header.
  if (!last.tokens.some((token) => token.x1 > left && token.x0 < right)) return undefined;
  columns.sort((a, b) => a.x0 - b.x0);
  // Labels one below the other are a list of totals, not titles side by side.
  if (columns.some((column, i) => i > 0 && column.x0 < (columns[i - 1]?.x1 ?? 0) - 3)) return undefined;
  return {
    page: first.page,
    fromLine: first.index,
    toLine: last.index,
    columns: withUnknown(
      columns,
      within.map(({ cell }) => cell),
    ),
    score: columns.length - 0.4 * unknown.length + 0.05 * band.length,
  };
}

/**
 * Inserts a column for each title that is unknown or repeats a column (`EAN` beside `Item no.`). Its words then go to
 * no other column.
 */
function withUnknown(columns: readonly HeaderColumn[], cells: readonly Cell[]): HeaderColumn[] {
  const apart = cells.filter(
    (cell) =>
      !columns.some((column) => cell.x0 < column.x1 + 1 && cell.x1 > column.x0 - 1) &&
      cell.tokens.some((token) => /\p{L}{2}/u.test(token.text)),
  );
  const unknown = apart.map(({ tokens, x0, x1 }, i) => ({
    name: `${UNKNOWN_COLUMN}${i + 1}`,
    title: textOf(tokens),
    x0,
    x1,
  }));
  return [...columns, ...unknown].sort((a, b) => a.x0 - b.x0);
}

/**
 * False if no title can mean some needed column, which excludes most lines. It reads only the titles of changed
 * cells.
 */
function mayComplete(cells: readonly Cell[], index: ColumnIndex): boolean {
  let meant = 0;
  for (const cell of cells) {
    if (cell.titles === undefined) {
      cell.titles = titlesIn(cell, index);
      cell.meant = meantBy(cell.titles, index);
    }
    meant |= cell.meant;
  }
  return mayBeHeader(meant, index);
}

/**
 * Names titles with several meanings in the mapping's order. If the table is then incomplete, it tries the reverse
 * order.
 */
function bestNaming(titles: readonly (readonly Title[])[], rule: TableRule): HeaderColumn[] {
  const first = nameColumns(titles);
  const isComplete = (columns: readonly HeaderColumn[]): boolean =>
    rule.headerNeeds.some((set) => set.every((name) => columns.some((column) => column.name === name)));
  if (isComplete(first)) return first;
  const second = nameColumns(
    titles.map((cell) => cell.map((title) => ({ ...title, names: [...title.names].reverse() }))),
  );
  return isComplete(second) ? second : first;
}

/**
 * In a table without a description column, regards the unknown title with the most room after it as the title of the
 * description.
 */
function nameDescriptionColumn(
  columns: HeaderColumn[],
  cells: readonly Cell[],
  titles: readonly (readonly Title[])[],
  rule: TableRule,
): void {
  if (
    rule.columns['name'] === undefined ||
    columns.length < KNOWN_COLUMNS_MIN ||
    columns.some((column) => column.name === 'name')
  )
    return;
  const starts = [...columns.map((column) => column.x0), ...cells.map((cell) => cell.x0)];
  const room = (cell: Cell): number => Math.min(...starts.filter((x) => x > cell.x0 + 1)) - cell.x0;
  const [widest] = cells.filter((_, i) => titles[i]?.length === 0).sort((a, b) => room(b) - room(a));
  if (widest && Number.isFinite(room(widest)) && room(widest) > 80)
    columns.push({ name: 'name', title: textOf(widest.tokens), x0: widest.x0, x1: widest.x1 });
}

/**
 * Assigns titles with one meaning first, then the other titles to the columns that are still free. Touching words
 * count as several titles only if each gets a column.
 */
function nameColumns(cells: readonly (readonly Title[])[]): HeaderColumn[] {
  const columns: HeaderColumn[] = [];
  const meanings = (titles: readonly Title[]): number =>
    Math.max(0, ...titles.map((title) => title.names.length));
  const order = [...cells].sort(
    (a, b) => meanings(a) - meanings(b) || a.length - b.length || (a[0]?.x0 ?? 0) - (b[0]?.x0 ?? 0),
  );
  for (const titles of order) {
    const own: HeaderColumn[] = [];
    for (const title of [...titles].sort((a, b) => a.names.length - b.names.length)) {
      const name = title.names.find((n) => ![...columns, ...own].some((column) => column.name === n));
      if (name !== undefined)
        own.push({ name, title: title.text, x0: title.x0, x1: title.x1, codeAbove: title.codeAbove });
    }
    if (own.length === titles.length) columns.push(...own);
  }
  return columns;
}

/** The words of one title are at most this many font sizes apart: two blanks of ordinary type. */
const TITLE_GAP_MAX = 0.6;

/** Adds a line to the cells above. Words below one another, or beside one another on a line, make one title. */
function stackLine(cells: Cell[], line: TokenLine): void {
  let last: Cell | undefined;
  for (let at = 0; at < line.tokens.length; at += 1) {
    const token = line.tokens[at] as Token;
    // The word before this one is the last word of its cell.
    last =
      (token.gap < TITLE_GAP_MAX ? last : undefined) ??
      cellAbove(cells, token, line.index) ??
      cellAbove(cells, wordsFrom(line, at), line.index);
    if (last) {
      last.tokens.push(token);
      last.x0 = Math.min(last.x0, token.x0);
      last.x1 = Math.max(last.x1, token.x1);
      last.lastLine = line.index;
      last.titles = undefined;
    } else {
      last = {
        x0: token.x0,
        x1: token.x1,
        tokens: [token],
        lastLine: line.index,
        titles: undefined,
        meant: 0,
      };
      cells.push(last);
    }
  }
}

/** How far a word and the words that touch it reach. */
function wordsFrom({ tokens }: TokenLine, at: number): Extent {
  let last = tokens[at] as Token;
  for (const next of tokens.slice(at + 1)) {
    if (next.gap >= TITLE_GAP_MAX) break;
    last = next;
  }
  return { x0: (tokens[at] as Token).x0, x1: last.x1 };
}

type Extent = Pick<Token, 'x0' | 'x1'>;

/** The first cell of the lines above under which words stand. */
function cellAbove(cells: readonly Cell[], { x0, x1 }: Extent, line: number): Cell | undefined {
  for (let i = 0; i < cells.length; i += 1) {
    const cell = cells[i] as Cell;
    if (cell.lastLine !== line && x0 < cell.x1 && x1 > cell.x0) return cell;
  }
  return undefined;
}
