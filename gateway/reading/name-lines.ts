import { foundIn } from '../printed/provenance.ts';
import type { Token } from '../printed/tokens.ts';
import { CELL_GAP_RATIO, textOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';
import type { PlacedColumn } from './table-columns.ts';

/** A word for a price, alone or in a compound, before a colon: `Gross price: 12.00`, `Preisbasis: 1 Stk`. */
const LABEL_OF_PRICE =
  /^(?:\p{L}+\s){0,2}\p{L}*(?:preis|price|prix|precio|preço|prezzo)\p{L}*(?:\s\p{L}+){0,2}\s?:/iu;

/** True for a line under an item that says how its price came about: it is no part of a name, and no item itself. */
export function isAboutPrice(tokens: readonly Token[]): boolean {
  return LABEL_OF_PRICE.test(textOf(tokens).trimStart());
}

/** The lines of a description down to the first that is about the price. */
export function namePart(lines: Token[][]): Token[][] {
  const at = lines.findIndex((line, i) => i > 0 && isAboutPrice(line));
  return at < 0 ? lines : lines.slice(0, at);
}

/** A row while lines are still added to it: its cells, and the words of those that take several lines. */
interface RowOfWords {
  readonly cells: Map<string, Found>;
  readonly blocks: Map<string, Token[][]>;
}

/** Edges of one column of words are no further apart than this, points. */
const SAME_EDGE_PT = 1;

/**
 * Gives a name the words that were taken for a code and begin where its lines begin: a long name that is set in the
 * middle of its column reaches over the title of the column before.
 */
export function takeStrayWords(row: RowOfWords, columns: readonly PlacedColumn[]): void {
  const names = row.blocks.get('name') ?? [];
  const edge = Math.min(...names.flatMap(([first]) => (first ? [first.x0] : [])));
  if (!Number.isFinite(edge)) return;
  for (const { name, type } of columns) {
    const own = row.blocks.get(name) ?? [];
    if (type !== 'code') continue;
    const stray = own.filter(([first]) => first && Math.abs(first.x0 - edge) <= SAME_EDGE_PT);
    if (stray.length === 0) continue;
    const rest = own.filter((line) => !stray.includes(line));
    row.blocks.set('name', inOrder([...names, ...stray]));
    row.blocks.set(name, rest);
    const [first] = rest;
    if (first) row.cells.set(name, foundIn(textOf(first), first, `column ${name}`, CODE_CONFIDENCE));
    else row.cells.delete(name);
    return;
  }
}

const CODE_CONFIDENCE = 0.8;

/** Lines from top to bottom; words at one height are one line. */
function inOrder(lines: readonly Token[][]): Token[][] {
  const place = ([first]: readonly Token[]): number =>
    (first?.word.page ?? 0) * PAGE_STEP + (first?.word.box.y0 ?? 0);
  const ordered: Token[][] = [];
  for (const line of [...lines].sort((a, b) => place(a) - place(b))) {
    const above = ordered.at(-1);
    if (above && Math.abs(place(above) - place(line)) <= SAME_EDGE_PT)
      ordered[ordered.length - 1] = [...above, ...line].sort((a, b) => a.x0 - b.x0);
    else ordered.push([...line]);
  }
  return ordered;
}

/** More than any page is high, points. */
const PAGE_STEP = 100_000;

/**
 * The words of a continuation line that are a name's: what stands apart from them and reaches under the title of the next
 * column is a remark there.
 */
export function withoutRemarks(tokens: readonly Token[], column: PlacedColumn): readonly Token[] {
  const at = tokens.findIndex((token, i) => {
    const after = tokens.slice(i + 1);
    const end = after.findIndex(({ gap }) => gap > CELL_GAP_RATIO);
    const last = after.slice(0, end < 0 ? undefined : end).at(-1) ?? token;
    const isApart = token.gap > CELL_GAP_RATIO && token.x0 > column.titleX0 + APART_SIZES * token.word.size;
    return isApart && last.x1 > column.x1;
  });
  return at < 0 ? tokens : tokens.slice(0, at);
}

/** How far right of its column's title, in font sizes, words begin that are no start of a line of it. */
const APART_SIZES = 3;
