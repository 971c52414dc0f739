import type { Fill, PageContent } from './page-content.ts';
import type { Box } from './matrix.ts';
import { containsPoint } from './matrix.ts';
import type { TextPiece } from './show-glyphs.ts';

/** The amount of text that is in the file but not visible on the page, by reason. Reading leaves this text out. */
export interface HiddenCounts {
  /** Text in render mode 3 or 7, fully transparent, or on a hidden layer. */
  invisible: number;
  /** Text outside the crop box or the clip, or too small to see. */
  outside: number;
  /** Text over which something opaque was painted later. */
  covered: number;
  /** Text in the colour of the background. */
  sameColor: number;
  /** Text that was drawn a second time at the same place. */
  overprinted: number;
  /** Characters that XML 1.0 does not allow (section 2.2). */
  illegalCharacters: number;
  /** Characters that their font does not identify. */
  undefinedCharacters: number;
}

export function noHiddenText(): HiddenCounts {
  return {
    invisible: 0,
    outside: 0,
    covered: 0,
    sameColor: 0,
    overprinted: 0,
    illegalCharacters: 0,
    undefinedCharacters: 0,
  };
}

/** Two colours closer than this in every channel (0 to 255) look the same on a page. */
const SAME_COLOR_DISTANCE = 12;
const WHITE: readonly number[] = [255, 255, 255];
const INK_SIZE_MIN_PT = 0.6;
const BAND_HEIGHT_PT = 24;

/** Returns the pieces that a reader sees, in drawing order, and counts the hidden pieces. */
export function visiblePieces(content: PageContent, counts: HiddenCounts): TextPiece[] {
  const bands = fillsByBand(content);
  counts.invisible += content.hidden;
  return content.pieces.filter((piece) => {
    const x = middleX(piece, 0.5);
    const y = middleY(piece, 0.5);
    if (piece.size < INK_SIZE_MIN_PT || !containsPoint(piece.clip, x, y)) {
      counts.outside += 1;
      return false;
    }
    const fills = bands.get(Math.floor(y / BAND_HEIGHT_PT)) ?? NO_FILLS;
    if (isCovered(piece, fills)) {
      counts.covered += 1;
      return false;
    }
    if (!differsFromGround(piece, x, y, fills)) {
      counts.sameColor += 1;
      return false;
    }
    return true;
  });
}

const NO_FILLS: readonly Fill[] = [];

/** The height of the middle of a small letter above the baseline, in font sizes. */
const LETTER_MIDDLE = 0.3;

/**
 * Returns the x of a point of a piece, at the share `along` of its length and at the height of a small letter's
 * middle.
 */
function middleX(piece: TextPiece, along: number): number {
  const x = piece.x0 + (piece.x1 - piece.x0) * along;
  if (piece.angle === 1) return x + piece.size * LETTER_MIDDLE;
  return piece.angle === 3 ? x - piece.size * LETTER_MIDDLE : x;
}

function middleY(piece: TextPiece, along: number): number {
  const y = piece.y0 + (piece.y1 - piece.y0) * along;
  if (piece.angle === 0) return y - piece.size * LETTER_MIDDLE;
  return piece.angle === 2 ? y + piece.size * LETTER_MIDDLE : y;
}

function fillsByBand(content: PageContent): Map<number, Fill[]> {
  const bands = new Map<number, Fill[]>();
  const last = Math.ceil(Math.min(content.height, 1e5) / BAND_HEIGHT_PT);
  for (const fill of content.fills) {
    const from = Math.max(0, Math.floor(fill.box.y0 / BAND_HEIGHT_PT));
    const to = Math.min(last, Math.floor(fill.box.y1 / BAND_HEIGHT_PT));
    for (let band = from; band <= to; band += 1) {
      const list = bands.get(band);
      if (list) list.push(fill);
      else bands.set(band, [fill]);
    }
  }
  return bands;
}

function isCovered(piece: TextPiece, fills: readonly Fill[]): boolean {
  return fills.some(
    ({ opaque, order, box }) =>
      opaque &&
      order > piece.order &&
      containsMiddle(box, piece, 0.15) &&
      containsMiddle(box, piece, 0.5) &&
      containsMiddle(box, piece, 0.85),
  );
}

function containsMiddle(box: Box, piece: TextPiece, along: number): boolean {
  return containsPoint(box, middleX(piece, along), middleY(piece, along));
}

function differsFromGround(piece: TextPiece, x: number, y: number, fills: readonly Fill[]): boolean {
  const ink = channels(piece.color);
  if (!ink) return true;
  let under: Fill | undefined;
  for (const fill of fills)
    if (fill.order < piece.order && containsPoint(fill.box, x, y) && (!under || fill.order > under.order))
      under = fill;
  const ground = under
    ? under.opaque || under.color === undefined
      ? channels(under.color)
      : undefined
    : WHITE;
  if (!ground) return true;
  return ink.some((value, i) => Math.abs(value - (ground[i] ?? 0)) >= SAME_COLOR_DISTANCE);
}

/** The last colour that was converted, because pages change the colour rarely. */
let last: { readonly color: string; readonly channels: number[] | undefined } | undefined;

function channels(color: string | undefined): number[] | undefined {
  if (color === undefined) return undefined;
  if (last?.color === color) return last.channels;
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(color);
  last = { color, channels: match?.slice(1, 4).map((hex) => parseInt(hex, 16)) };
  return last.channels;
}
