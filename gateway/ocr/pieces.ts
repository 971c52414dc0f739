import type { Box, Matrix } from '../pdf/matrix.ts';
import type { TextPiece } from '../pdf/show-glyphs.ts';
import type { AgreedWord } from './merge-readings.ts';
import type { QuarterTurn } from './text-direction.ts';

/** The place on the page of the words of an upright picture. */
export interface Placement {
  /** Maps points of the upright page to points of the page without skew. */
  readonly straight: Matrix;
  readonly turn: QuarterTurn;
  readonly dotsPerPoint: number;
  readonly page: Box;
}

/**
 * The heights of letters above the baseline, as shares of the font size: of tall letters (capitals, figures, long
 * small letters) and of short letters.
 */
const TALL_SHARE = 0.72;
const SHORT_SHARE = 0.52;
/** The distance that long tails of letters reach below the baseline, as a share of the height. */
const TAIL_SHARE = 0.21;

const TALL = /[\p{Lu}\p{N}bdfhklßtäöüáéíóúâêôàèñãõ/()|[\]]/u;
const TAILED = /[gjpqyçÇQ,;()@/|[\]$_]/;

/** Makes pieces of text from words. OCR gives boxes of ink, and readers need baselines and font sizes. */
export function piecesOf(words: readonly AgreedWord[], placement: Placement): TextPiece[] {
  const rows = words.map((word) => words.filter((other) => isOneRow(word, other)));
  return words.map((word, i) => pieceOf(word, rows[i] ?? [word], placement));
}

function isOneRow(a: AgreedWord, b: AgreedWord): boolean {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return shared > 0.5 * Math.min(a.bottom - a.top, b.bottom - b.top);
}

function pieceOf(word: AgreedWord, row: readonly AgreedWord[], placement: Placement): TextPiece {
  const { straight, turn, dotsPerPoint, page } = placement;
  const size = sizeOf(word, row);
  const baseline = baselineOf(word, row, size);
  const at = (x: number): readonly [number, number] =>
    onPage(straight, x / dotsPerPoint, baseline / dotsPerPoint);
  const [x0, y0] = at(word.left);
  const [x1, y1] = at(word.right);
  return {
    text: word.text,
    x0,
    y0,
    x1,
    y1,
    size: size / dotsPerPoint,
    angle: turn,
    bold: false,
    clip: page,
    color: '#000000',
    order: 0,
    ocr: { certainty: word.certainty, others: word.others },
  };
}

function onPage([a, b, c, d, e, f]: Matrix, x: number, y: number): readonly [number, number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** Returns the font size in dots. If the word has tall letters, they give the size; otherwise the row does. */
function sizeOf(word: AgreedWord, row: readonly AgreedWord[]): number {
  const own = ownSize(word);
  if (own !== undefined) return own;
  const others = row.map(ownSize).filter((size) => size !== undefined);
  return others.length > 0 ? median(others) : (word.bottom - word.top) / SHORT_SHARE;
}

function ownSize({ text, top, bottom }: AgreedWord): number | undefined {
  if (!/[\p{L}\p{N}]/u.test(text) || !TALL.test(text)) return undefined;
  return (bottom - top) / (TAILED.test(text) ? TALL_SHARE + TAIL_SHARE : TALL_SHARE);
}

function baselineOf(word: AgreedWord, row: readonly AgreedWord[], size: number): number {
  if (!TAILED.test(word.text) && /[\p{L}\p{N}]/u.test(word.text)) return word.bottom;
  const level = row.filter((other) => !TAILED.test(other.text) && /[\p{L}\p{N}]/u.test(other.text));
  return level.length > 0 ? median(level.map(({ bottom }) => bottom)) : word.bottom - TAIL_SHARE * size;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
