import type { PDFPageProxy } from 'pdfjs-dist';
import type { FontObject } from './font-object.ts';
import type { Interpreter, Step } from './interpreter.ts';
import { matrixFrom, number } from './matrix.ts';
import type { PageFont } from './page-font.ts';
import { pageFont } from './page-font.ts';
import { showGlyphs } from './show-glyphs.ts';

export function setFont(run: Interpreter, args: unknown[]): void {
  const name = args[0];
  const size = number(args[1]);
  let font = typeof name === 'string' ? run.fonts.get(name) : undefined;
  if (typeof name === 'string' && font === undefined) {
    font = arrivedFont(run.page, name);
    if (font) run.fonts.set(name, font);
  }
  run.state.font = font;
  run.state.fontSize = Math.abs(size);
  run.state.fontDirection = size < 0 ? -1 : 1;
}

/**
 * Returns undefined for a font that never arrived. Text in such a font cannot be measured, and pdfjs would not draw
 * it either.
 */
function arrivedFont({ commonObjs }: PDFPageProxy, name: string): PageFont | undefined {
  const font = commonObjs.has(name) ? (commonObjs.get(name) as FontObject | null) : null;
  return font === null ? undefined : pageFont(font);
}

function moveText(run: Interpreter, x: number, y: number): void {
  const s = run.state;
  s.lineX += x;
  s.lineY += y;
  s.x = s.lineX;
  s.y = s.lineY;
}

function show(run: Interpreter, glyphs: unknown): void {
  if (!Array.isArray(glyphs)) return;
  const visible = run.hiddenLayers === 0 && !run.state.inMask;
  run.hidden += showGlyphs(run, glyphs as unknown[], visible);
}

/** The operators on text, by their names in pdfjs. */
export const TEXT_STEPS: Record<string, Step> = {
  beginText: (run) => {
    const s = run.state;
    s.textMatrix = [1, 0, 0, 1, 0, 0];
    s.x = s.y = s.lineX = s.lineY = 0;
  },
  setCharSpacing: (run, args) => void (run.state.charSpacing = number(args[0])),
  setWordSpacing: (run, args) => void (run.state.wordSpacing = number(args[0])),
  setHScale: (run, args) => void (run.state.hScale = number(args[0]) / 100),
  setLeading: (run, args) => void (run.state.leading = -number(args[0])),
  setTextRise: (run, args) => void (run.state.rise = number(args[0])),
  setTextRenderingMode: (run, args) => void (run.state.renderMode = number(args[0])),
  setFont,
  setTextMatrix: (run, args) => {
    const s = run.state;
    s.textMatrix = matrixFrom(args.length === 1 ? args[0] : args) ?? s.textMatrix;
    s.x = s.y = s.lineX = s.lineY = 0;
  },
  moveText: (run, args) => moveText(run, number(args[0]), number(args[1])),
  setLeadingMoveText: (run, args) => {
    run.state.leading = number(args[1]);
    moveText(run, number(args[0]), number(args[1]));
  },
  nextLine: (run) => moveText(run, 0, run.state.leading),
  showText: (run, args) => show(run, args[0]),
  showSpacedText: (run, args) => show(run, args[0]),
  nextLineShowText: (run, args) => {
    moveText(run, 0, run.state.leading);
    show(run, args[0]);
  },
};
