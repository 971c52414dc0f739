import { foundIn } from '../printed/provenance.ts';
import type { Token } from '../printed/tokens.ts';
import { CELL_GAP_RATIO, textOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';
import type { PlacedColumn } from './table-columns.ts';

/** A word for a price in front of a colon, alone or in a compound: `Gross price: 12.00`, `Preisbasis: 1 Stk`. */
const LABEL_OF_PRICE =
  /^(?:\p{L}+\s){0,2}\p{L}*(?:preis|price|prix|precio|preço|prezzo)\p{L}*(?:\s\p{L}+){0,2}\s?:/iu;

/** True for a line under an item that explains the price. Such a line is neither part of the name nor an item. */
export function isAboutPrice(tokens: readonly Token[]): boolean {
  return tokens.some(hasColon) && LABEL_OF_PRICE.test(textOf(tokens).trimStart());
}

/** Few lines have a colon, and the words of all others need not be joined and searched. */
const hasColon = ({ text }: Token): boolean => text.includes(':');

/** The lines of a description above the first line about the price. */
export function namePart(lines: Token[][]): Token[][] {
  const at = lines.findIndex((line, i) => i > 0 && isAboutPrice(line));
  return at < 0 ? lines : lines.slice(0, at);
}

/** The cells of an open row, and the words of its cells with several lines. */
interface RowOfWords {
  readonly cells: Map<string, Found>;
  readonly blocks: Map<string, Token[][]>;
}

/** The left edges of words in one column differ by at most this many points. */
const SAME_EDGE_PT = 1;

/**
 * Moves words from the column of codes back to the name if they begin at the left edge of the name's lines. A long
 * name in a centred column can start under the title of the previous column.
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

/** Sorts lines from top to bottom and joins words at the same height. */
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

/** A distance between two pages, in points. It is more than the height of any page. */
const PAGE_STEP = 100_000;

/**
 * Removes a remark from the words of a continuation line. A remark stands apart from the name and reaches under the
 * title of the next column.
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

/** Words this many font sizes to the right of their column's title do not begin a line of the column. */
const APART_SIZES = 3;
