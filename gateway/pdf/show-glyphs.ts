import type { Box } from './matrix.ts';
import { multiply } from './matrix.ts';
import type { GraphicsState } from './graphics-state.ts';
import type { Recognised } from './recognised.ts';

/**
 * A piece of text that is drawn without a gap: at most one word, often only a part of a word. Coordinates are in page
 * points, y downwards.
 */
export interface TextPiece {
  readonly text: string;
  /** Start and end of the baseline on the page. */
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** Height of the font on the page, in points. */
  readonly size: number;
  /** The reading direction in quarter turns: 0 left to right, 1 downwards, 2 upside down, 3 upwards. */
  readonly angle: 0 | 1 | 2 | 3;
  readonly bold: boolean;
  readonly clip: Box;
  readonly color: string | undefined;
  readonly order: number;
  /** The number of guessed characters; absent when no character is guessed. */
  readonly undefinedCharacters?: number;
  /** Present when the text comes from OCR. */
  readonly ocr?: Recognised;
}

interface Glyph {
  readonly originalCharCode?: number;
  readonly unicode?: string;
  readonly width?: number;
  readonly isSpace?: boolean;
  readonly vmetric?: readonly number[];
}

/** A gap wider than this part of the font size ends a word even if no space was drawn. */
const WORD_GAP_RATIO = 0.16;

/** The state that text is drawn in, and the list that receives the pieces. */
interface ShownText {
  readonly state: GraphicsState;
  readonly order: number;
  readonly pieces: TextPiece[];
}

/**
 * Reads the glyphs of one text-showing operator, adds the pieces that leave ink, and advances the text position.
 * @returns the number of pieces that leave no ink (render mode 3 or 7, transparent, or `visible` false)
 */
export function showGlyphs(
  { state: s, order, pieces }: ShownText,
  glyphs: readonly unknown[],
  visible: boolean,
): number {
  const font = s.font;
  if (!font || s.fontSize === 0) return 0;
  const inked = visible && isInked(s);
  const advanceScale = s.fontSize * font.glyphScale;
  const { vertical } = font;
  const hScale = s.hScale * s.fontDirection;
  const run = { x: 0, text: '', from: 0, count: 0, guesses: 0 };
  const flush = (to: number): void => {
    if (run.text.trim() !== '')
      if (inked) {
        const piece = place(s, run, to, order);
        pieces.push(run.guesses === 0 ? piece : { ...piece, undefinedCharacters: run.guesses });
      } else run.count += 1;
    run.text = '';
    run.guesses = 0;
  };
  // The loop counts an index, because an iterator would allocate an object for each glyph.
  for (let i = 0; i < glyphs.length; i += 1) {
    const item = glyphs[i];
    if (typeof item === 'number') {
      const move = ((vertical ? 1 : -1) * item * s.fontSize) / 1000;
      if (Math.abs(move) > WORD_GAP_RATIO * s.fontSize) flush(run.x);
      run.x += move;
      continue;
    }
    const glyph = (item ?? {}) as Glyph;
    const spacing = (glyph.isSpace === true ? s.wordSpacing : 0) + s.charSpacing;
    let width = glyph.width ?? 0;
    if (vertical) width = -(glyph.vmetric ?? font.defaultVMetrics ?? [-1000])[0]!;
    const inkWidth = width * advanceScale;
    const text = glyph.unicode ?? '';
    if (text.trim() === '') flush(run.x);
    else {
      if (run.text === '') run.from = run.x;
      run.text += text;
      if (font.isUndefined(glyph.originalCharCode)) run.guesses += 1;
    }
    run.x += vertical ? inkWidth - spacing * s.fontDirection : inkWidth + spacing * s.fontDirection;
    if (spacing * s.fontDirection > WORD_GAP_RATIO * s.fontSize * 3) flush(run.x - spacing * s.fontDirection);
  }
  flush(run.x);
  if (vertical) s.y -= run.x;
  else s.x += run.x * hScale;
  return run.count;
}

/** True when text leaves ink. Modes 3 and 7 paint nothing (9.3.6), and colour at zero opacity is not seen. */
function isInked(s: GraphicsState): boolean {
  const mode = s.renderMode & 3;
  if (mode === 3) return false;
  const fills = mode === 0 || mode === 2;
  const strokes = mode === 1 || mode === 2;
  return (fills && s.fillAlpha > 0.02) || (strokes && s.strokeAlpha > 0.02);
}

/** Makes the piece that begins at `from` along the line of text and ends at `to`. */
function place(
  s: GraphicsState,
  { text, from }: { readonly text: string; readonly from: number },
  to: number,
  order: number,
): TextPiece {
  const vertical = s.font?.vertical === true;
  const hScale = s.hScale * s.fontDirection;
  const m = multiply(s.ctm, s.textMatrix);
  const sx = s.x;
  const sy = s.y + s.rise;
  const ax = vertical ? sx : sx + from * hScale;
  const ay = vertical ? sy - from : sy;
  const bx = vertical ? sx : sx + to * hScale;
  const by = vertical ? sy - to : sy;
  const x0 = m[0] * ax + m[2] * ay + m[4];
  const y0 = m[1] * ax + m[3] * ay + m[5];
  const x1 = m[0] * bx + m[2] * by + m[4];
  const y1 = m[1] * bx + m[3] * by + m[5];
  const size = s.fontSize * Math.hypot(m[2], m[3]);
  const mode = s.renderMode & 3;
  return {
    text,
    x0,
    y0,
    x1,
    y1,
    size,
    angle: quarterTurns(x1 - x0, y1 - y0),
    bold: s.font?.bold === true,
    clip: s.clip,
    color: mode === 1 ? s.strokeColor : s.fillColor,
    order,
  };
}

function quarterTurns(dx: number, dy: number): 0 | 1 | 2 | 3 {
  if (Math.abs(dx) >= Math.abs(dy)) return dx >= 0 ? 0 : 2;
  return dy > 0 ? 1 : 3;
}
