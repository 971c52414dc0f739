import type { Box } from './matrix.ts';
import { union } from './matrix.ts';
import type { PageContent } from './page-content.ts';
import { definedPieces } from './defined-pieces.ts';
import type { HiddenCounts } from './visibility.ts';
import { visiblePieces } from './visibility.ts';
import type { Recognised } from './recognised.ts';
import { together } from './recognised.ts';
import type { TextPiece } from './show-glyphs.ts';
import { xmlText } from './xml-text.ts';

/** A word, placed in reading coordinates, with its box on the page. */
export interface Word {
  readonly text: string;
  readonly page: number;
  /** The place of the word in reading coordinates, in points: x to the right, y downwards to the baseline. */
  readonly x0: number;
  readonly x1: number;
  readonly y: number;
  readonly size: number;
  readonly bold: boolean;
  /** The place of the word on the shown page, in points from the top left of the page. */
  readonly box: Box;
  /** Present when the word comes from OCR. */
  readonly ocr?: Recognised | undefined;
}

/** Words on one baseline, left to right. */
export interface Line {
  readonly page: number;
  readonly y: number;
  readonly size: number;
  readonly words: readonly Word[];
  /** True when the line does not run in the page's main direction. */
  readonly rotated: boolean;
}

/** The lines of one page from top to bottom. Rotated lines come last. */
export interface PageText {
  readonly page: number;
  /** The width of the word in points, in reading coordinates. */
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** True for a page without text, whose words come from OCR. */
  readonly scanned?: boolean;
}

/** Two pieces with a gap of less than this many font sizes are one word. */
const JOIN_GAP_RATIO = 0.16;
/** Two words whose baselines differ by less than this many font sizes are on one line. */
const SAME_LINE_RATIO = 0.34;

/** Builds words and lines from the positions of the pieces, not from their drawing order. */
export function pageText(content: PageContent, counts: HiddenCounts): PageText {
  const pieces = definedPieces(visiblePieces(content, counts), counts);
  const angle = mainAngle(pieces);
  const lines: Line[] = [];
  const turned: Line[] = [];
  for (const turn of [0, 1, 2, 3] as const) {
    const own = pieces.filter((piece) => piece.angle === turn);
    const target = turn === angle ? lines : turned;
    for (const group of groupByBaseline(own.map((piece) => turnPiece(piece, content)))) {
      const words = joinWords(group, content.pageNumber, counts);
      if (words.length > 0) target.push(lineOf(words, content.pageNumber, turn !== angle));
    }
  }
  const sideways = angle === 1 || angle === 3;
  return {
    page: content.pageNumber,
    width: sideways ? content.height : content.width,
    height: sideways ? content.width : content.height,
    lines: [...lines, ...turned],
  };
}

interface Placed {
  readonly piece: TextPiece;
  readonly x0: number;
  readonly x1: number;
  readonly y: number;
}

function mainAngle(pieces: readonly TextPiece[]): number {
  const weight = [0, 0, 0, 0];
  for (const piece of pieces) weight[piece.angle] = (weight[piece.angle] ?? 0) + piece.text.length;
  return weight.indexOf(Math.max(...weight));
}

function turnPiece(piece: TextPiece, content: PageContent): Placed {
  const { x0, y0, x1, y1 } = piece;
  if (piece.angle === 1) return { piece, x0: y0, x1: y1, y: content.width - x0 };
  if (piece.angle === 2)
    return { piece, x0: content.width - x0, x1: content.width - x1, y: content.height - y0 };
  if (piece.angle === 3) return { piece, x0: content.height - y0, x1: content.height - y1, y: x0 };
  return { piece, x0, x1, y: y0 };
}

function groupByBaseline(placed: Placed[]): Placed[][] {
  const sorted = placed.sort((a, b) => a.y - b.y || a.x0 - b.x0);
  const groups: { y: number; size: number; members: Placed[] }[] = [];
  for (const item of sorted) {
    const group = groups.at(-1);
    if (group && item.y - group.y <= SAME_LINE_RATIO * Math.min(group.size, item.piece.size)) {
      group.members.push(item);
      // The largest font sets the baseline, so that a footnote mark does not raise the line.
      if (item.piece.size > group.size * 1.2) {
        group.y = item.y;
        group.size = item.piece.size;
      }
    } else groups.push({ y: item.y, size: item.piece.size, members: [item] });
  }
  return groups.map((group) => group.members.sort((a, b) => a.x0 - b.x0));
}

function joinWords(group: readonly Placed[], page: number, counts: HiddenCounts): Word[] {
  const words: Word[] = [];
  let parts: Placed[] = [];
  const flush = (): void => {
    const word = wordOf(parts, page, counts);
    if (word) words.push(word);
    parts = [];
  };
  for (let i = 0; i < group.length; i += 1) {
    const item = group[i] as Placed;
    const previous = parts.at(-1);
    if (isOverprint(item, parts)) {
      counts.overprinted += 1;
      continue;
    }
    if (previous && item.x0 - previous.x1 > JOIN_GAP_RATIO * Math.min(previous.piece.size, item.piece.size))
      flush();
    parts.push(item);
  }
  flush();
  return withoutOverprints(words, counts);
}

/**
 * True when the same letters are drawn again, mostly over the first letters, for bold print or a shadow. Two equal
 * letters side by side, as in `ll`, do not count.
 */
function isOverprint(item: Placed, earlier: readonly Placed[]): boolean {
  return (
    earlier.length > 0 &&
    earlier.some((other) => other.piece.text === item.piece.text && overlapShare(other, item) > 0.6)
  );
}

function withoutOverprints(words: Word[], counts: HiddenCounts): Word[] {
  return words.filter((word, i) => {
    let twin = false;
    for (let at = Math.max(0, i - 3); at < i && !twin; at += 1) {
      const earlier = words[at] as Word;
      twin = earlier.text === word.text && overlapShare(earlier, word) > 0.6;
    }
    if (twin) counts.overprinted += 1;
    return !twin;
  });
}

function overlapShare(a: { x0: number; x1: number }, b: { x0: number; x1: number }): number {
  return (Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)) / Math.max(b.x1 - b.x0, 0.01);
}

function wordOf(parts: readonly Placed[], page: number, counts: HiddenCounts): Word | undefined {
  const [first] = parts;
  const last = parts.at(-1);
  if (!first || !last) return undefined;
  // Most words have one piece, and nothing needs to be joined.
  const isOne = parts.length === 1;
  const clean = xmlText(isOne ? first.piece.text : parts.map((part) => part.piece.text).join(''));
  counts.illegalCharacters += clean.dropped;
  if (clean.text.trim() === '') return undefined;
  const word = {
    text: clean.text,
    page,
    x0: first.x0,
    x1: Math.max(last.x1, first.x0),
    y: first.y,
    size: isOne ? first.piece.size : Math.max(...parts.map((part) => part.piece.size)),
    bold: parts.every((part) => part.piece.bold),
    box: isOne ? pieceBox(first.piece) : parts.map((part) => pieceBox(part.piece)).reduce(union),
  };
  return first.piece.ocr ? { ...word, ocr: together(parts.map(({ piece }) => piece)) } : word;
}

/** The box of a piece. Usually 0.78 of the font size is above the baseline, and 0.22 below. */
function pieceBox(piece: TextPiece): Box {
  const up = piece.size * 0.78;
  const down = piece.size * 0.22;
  const xa = Math.min(piece.x0, piece.x1);
  const xb = Math.max(piece.x0, piece.x1);
  const ya = Math.min(piece.y0, piece.y1);
  const yb = Math.max(piece.y0, piece.y1);
  if (piece.angle === 0) return { x0: xa, y0: ya - up, x1: xb, y1: yb + down };
  if (piece.angle === 1) return { x0: xa - down, y0: ya, x1: xb + up, y1: yb };
  if (piece.angle === 2) return { x0: xa, y0: ya - down, x1: xb, y1: yb + up };
  return { x0: xa - up, y0: ya, x1: xb + down, y1: yb };
}

function lineOf(words: readonly Word[], page: number, rotated: boolean): Line {
  const size = Math.max(...words.map((word) => word.size));
  const y = words.reduce((sum, word) => sum + word.y, 0) / words.length;
  return { page, y, size, words, rotated };
}
