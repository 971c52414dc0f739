import type { PDFPageProxy } from 'pdfjs-dist';
import { Refusal } from '../protocol/refusal.ts';
import type { GraphicsState } from './graphics-state.ts';
import type { Box, Matrix } from './matrix.ts';
import { boxOf, intersect, multiply, number } from './matrix.ts';
import type { Fill, PaintedImage } from './page-content.ts';
import type { Cover } from './page-images.ts';
import type { PageFont } from './page-font.ts';
import type { TextPiece } from './show-glyphs.ts';

/** The optional content (layers) of the document, as pdfjs evaluates it. */
export interface LayerConfig {
  isVisible(group: unknown): boolean;
}

/** The state of reading one page. The steps of its operators change it. */
export interface Interpreter {
  readonly page: PDFPageProxy;
  readonly base: Matrix;
  readonly isLayerVisible: (group: unknown) => boolean;
  readonly pieces: TextPiece[];
  readonly fills: Fill[];
  readonly images: PaintedImage[];
  /** The opaque images, with their place among the fills. */
  readonly covers: Cover[];
  /** Undefined when the caller asked for no edges. */
  readonly edges: Box[] | undefined;
  /** The fonts that the page has used, by their names on the page. */
  readonly fonts: Map<string, PageFont>;
  state: GraphicsState;
  readonly stack: { readonly state: GraphicsState; times: number }[];
  pendingSaves: number;
  /** Visibility of each open marked-content section. */
  readonly layers: boolean[];
  hiddenLayers: number;
  hidden: number;
  pendingClip: boolean;
  order: number;
}

/** Carries out one drawing operator. */
export type Step = (run: Interpreter, args: unknown[]) => void;

const GRAPHICS_STACK_DEPTH_MAX = 2_000_000;

/**
 * Counts a save of the state; `settleSaves` makes the copies when the state changes. So a page that consists only of
 * `q` needs only a counter.
 */
export const save: Step = (run) => {
  run.pendingSaves += 1;
  if (run.pendingSaves + run.stack.length >= GRAPHICS_STACK_DEPTH_MAX)
    throw new Refusal('PDF_LIMIT', 'A page nests graphics states too deeply.');
};
export const saveNow: Step = (run, args) => {
  save(run, args);
  settleSaves(run);
};
export const restore: Step = (run) => {
  if (run.pendingSaves > 0) {
    run.pendingSaves -= 1;
    return;
  }
  const top = run.stack.at(-1);
  if (!top) return;
  top.times -= 1;
  run.state = top.times === 0 ? top.state : { ...top.state };
  if (top.times === 0) run.stack.pop();
};

export function settleSaves(run: Interpreter): void {
  if (run.pendingSaves === 0) return;
  run.stack.push({ state: run.state, times: run.pendingSaves });
  run.state = { ...run.state };
  run.pendingSaves = 0;
}

export function concat(run: Interpreter, m: Matrix | undefined): void {
  if (m) run.state.ctm = multiply(run.state.ctm, m);
}

export function clipTo(run: Interpreter, rect: unknown): void {
  if (rect === null || typeof rect !== 'object') return;
  const r = rect as ArrayLike<unknown>;
  if (!(r.length >= 4)) return;
  const corners = { x0: number(r[0]), y0: number(r[1]), x1: number(r[2]), y1: number(r[3]) };
  const box = boxOf(run.state.ctm, corners);
  run.state.clip = intersect(run.state.clip, box);
}

export function matrixlessBox(value: unknown): ArrayLike<unknown> | undefined {
  return value !== null && typeof value === 'object' && 'length' in value
    ? (value as ArrayLike<unknown>)
    : undefined;
}
