import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist';
import { Refusal } from '../protocol/refusal.ts';
import { boxOf, intersect, matrixFrom, multiply } from './matrix.ts';
import type { Box, Matrix } from './matrix.ts';
import { initialState } from './graphics-state.ts';
import type { FontObject } from './font-object.ts';
import type { GraphicsState } from './graphics-state.ts';
import type { PageFont } from './page-font.ts';
import { pageFont } from './page-font.ts';
import { showGlyphs } from './show-glyphs.ts';
import type { TextPiece } from './show-glyphs.ts';
import { loadPdfjs } from './open-document.ts';
import { addEdges, isAxisAligned, isRectangle } from './path-shapes.ts';

/** A filled rectangle-like area: what lies under it and was painted before can no longer be seen. */
export interface Fill {
  readonly box: Box;
  /** `#rrggbb`, or undefined for an image or pattern, whose colour is not known. */
  readonly color: string | undefined;
  /** Place in the drawing order of the page. */
  readonly order: number;
  /** True when nothing under it shows through. */
  readonly opaque: boolean;
}

/** An image painted on the page; `name` is its key in the page's object store. */
export interface PaintedImage {
  readonly name: string;
  readonly box: Box;
  /** From the unit square that every image is painted in, its first row at the top, to the page. */
  readonly matrix: Matrix;
  readonly inline: unknown;
}

/** Everything the page paints that reading needs, in page points with y downwards. */
export interface PageContent {
  readonly pageNumber: number;
  readonly width: number;
  readonly height: number;
  readonly pieces: readonly TextPiece[];
  readonly fills: readonly Fill[];
  readonly images: readonly PaintedImage[];
  /** Straight edges along the axes of what is stroked or filled, as boxes without width or without height; none unless asked for. */
  readonly edges: readonly Box[];
  /** Text pieces not seen because of a hidden layer, render mode 3 or 7, or full transparency. */
  readonly hidden: number;
}

/** Bounds on one page; passing one is `PDF_LIMIT`. */
export const OPERATORS_PER_PAGE_MAX = 3_000_000;
export const FILLS_PER_PAGE_MAX = 20_000;
const GRAPHICS_STACK_DEPTH_MAX = 2_000_000;

interface Interpreter {
  readonly page: PDFPageProxy;
  readonly base: Matrix;
  readonly isLayerVisible: (group: unknown) => boolean;
  readonly pieces: TextPiece[];
  readonly fills: Fill[];
  readonly images: PaintedImage[];
  /** Undefined when nobody asks for them. */
  readonly edges: Box[] | undefined;
  /** The fonts of the page that were used, by their names in it. */
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

/** What to read of a page beside its words. */
export interface PageWants {
  readonly layers: LayerConfig;
  readonly edges: boolean;
}

/** Reads what one page paints. @throws Refusal `PDF_LIMIT` past the page's bounds. */
export async function readPageContent(
  document: PDFDocumentProxy,
  pageNumber: number,
  wants: PageWants,
): Promise<PageContent> {
  const pdfjs = await loadPdfjs();
  const page = await document.getPage(pageNumber);
  const viewport = page.getViewport({ scale: 1 });
  const list = await page.getOperatorList();
  if (list.fnArray.length > OPERATORS_PER_PAGE_MAX)
    throw new Refusal(
      'PDF_LIMIT',
      `Page ${pageNumber} has more than ${OPERATORS_PER_PAGE_MAX} drawing operations.`,
    );
  await imagesArrived(page, list, pdfjs.OPS['paintImageXObject'] ?? -1);
  const base = matrixFrom(viewport.transform) ?? ([1, 0, 0, -1, 0, 0] as const);
  const crop: Box = { x0: 0, y0: 0, x1: viewport.width, y1: viewport.height };
  const run: Interpreter = {
    page,
    base,
    isLayerVisible: (group) => wants.layers.isVisible(group),
    pieces: [],
    fills: [],
    images: [],
    edges: wants.edges ? [] : undefined,
    fonts: new Map(),
    state: initialState(base, crop),
    stack: [],
    pendingSaves: 0,
    layers: [],
    hiddenLayers: 0,
    hidden: 0,
    pendingClip: false,
    order: 0,
  };
  const steps = stepsByOperator(pdfjs.OPS);
  for (let i = 0; i < list.fnArray.length; i += 1) {
    run.order = i;
    const args: unknown = list.argsArray[i];
    const step = steps[list.fnArray[i] ?? 0];
    if (step !== save && step !== restore) settleSaves(run);
    step?.(run, Array.isArray(args) ? (args as unknown[]) : []);
  }
  const { pieces, fills, images, edges = [], hidden } = run;
  const { width, height } = viewport;
  return { pageNumber, width, height, pieces, fills, images, edges, hidden };
}

/** How long a page waits for its images to be decoded; one that is later counts as not there. */
const IMAGE_WAIT_MS = 4000;

/** Images are decoded apart from the operators and may come after them. */
async function imagesArrived(
  page: PDFPageProxy,
  list: { fnArray: readonly number[]; argsArray: readonly unknown[] },
  paintImage: number,
): Promise<void> {
  const names = new Set<string>();
  for (let i = 0; i < list.fnArray.length; i += 1) {
    if (list.fnArray[i] !== paintImage) continue;
    const args: unknown = list.argsArray[i];
    if (Array.isArray(args) && typeof args[0] === 'string') names.add(args[0]);
  }
  if (names.size === 0) return;
  const missing = [...names].filter((name) => !storeOf(page, name).has(name));
  if (missing.length === 0) return;
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, IMAGE_WAIT_MS);
  const arrived = missing.map(
    (name) => new Promise((resolve) => void storeOf(page, name).get(name, resolve)),
  );
  await Promise.race([Promise.all(arrived), timer.promise]);
  clearTimeout(timeout);
}

function storeOf(page: PDFPageProxy, name: string): PDFPageProxy['objs'] {
  return name.startsWith('g_') ? page.commonObjs : page.objs;
}

/** The document's optional content (layers), as pdfjs evaluates it. */
export interface LayerConfig {
  isVisible(group: unknown): boolean;
}

type Step = (run: Interpreter, args: unknown[]) => void;
let stepsCache: (Step | undefined)[] | undefined;

function stepsByOperator(OPS: Readonly<Record<string, number>>): (Step | undefined)[] {
  if (stepsCache) return stepsCache;
  const table: (Step | undefined)[] = [];
  for (const [name, step] of Object.entries({ ...GRAPHICS_STEPS, ...TEXT_STEPS, ...PAINT_STEPS })) {
    const code = OPS[name];
    if (code !== undefined) table[code] = step;
  }
  stepsCache = table;
  return table;
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const color = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Saving is put off until the state changes, so that a page of nothing but `q` costs a counter. */
const save: Step = (run) => {
  run.pendingSaves += 1;
  if (run.pendingSaves + run.stack.length >= GRAPHICS_STACK_DEPTH_MAX)
    throw new Refusal('PDF_LIMIT', 'A page nests graphics states too deeply.');
};
const saveNow: Step = (run, args) => {
  save(run, args);
  settleSaves(run);
};
const restore: Step = (run) => {
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

function settleSaves(run: Interpreter): void {
  if (run.pendingSaves === 0) return;
  run.stack.push({ state: run.state, times: run.pendingSaves });
  run.state = { ...run.state };
  run.pendingSaves = 0;
}

function concat(run: Interpreter, m: Matrix | undefined): void {
  if (m) run.state.ctm = multiply(run.state.ctm, m);
}

function clipTo(run: Interpreter, rect: unknown): void {
  if (rect === null || typeof rect !== 'object') return;
  const r = rect as ArrayLike<unknown>;
  if (!(r.length >= 4)) return;
  const box = boxOf(run.state.ctm, number(r[0]), number(r[1]), number(r[2]), number(r[3]));
  run.state.clip = intersect(run.state.clip, box);
}

const GRAPHICS_STEPS: Record<string, Step> = {
  save,
  restore,
  transform: (run, args) => concat(run, matrixFrom(args)),
  setGState: (run, args) => {
    for (const entry of Array.isArray(args[0]) ? (args[0] as unknown[]) : []) {
      const [key, value] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (key === 'ca') run.state.fillAlpha = number(value);
      else if (key === 'CA') run.state.strokeAlpha = number(value);
      else if (key === 'BM') run.state.normalBlend = value === 'source-over' || value === 'Normal';
      else if (key === 'SMask') run.state.softMask = Boolean(value);
      else if (key === 'Font' && Array.isArray(value)) setFont(run, value as unknown[]);
    }
  },
  setFillRGBColor: (run, args) => void (run.state.fillColor = color(args[0])),
  setStrokeRGBColor: (run, args) => void (run.state.strokeColor = color(args[0])),
  setFillColorN: (run) => void (run.state.fillColor = undefined),
  setStrokeColorN: (run) => void (run.state.strokeColor = undefined),
  setFillTransparent: (run) => void (run.state.fillColor = undefined),
  clip: (run) => void (run.pendingClip = true),
  eoClip: (run) => void (run.pendingClip = true),
  paintFormXObjectBegin: (run, args) => {
    saveNow(run, args);
    concat(run, matrixFrom(args[0]));
    if (args[1]) clipTo(run, args[1]);
  },
  paintFormXObjectEnd: restore,
  beginGroup: (run, args) => {
    saveNow(run, args);
    const group = args[0] as { smask?: unknown } | undefined;
    // What a soft mask draws is a mask, not ink.
    if (group?.smask) run.state.inMask = true;
  },
  endGroup: restore,
  beginAnnotation: (run, args) => {
    saveNow(run, args);
    const rect = matrixlessBox(args[1]);
    run.state = { ...initialState(run.base, run.state.pageBox) };
    if (rect) clipTo(run, rect);
    concat(run, matrixFrom(args[2]));
    concat(run, matrixFrom(args[3]));
  },
  endAnnotation: restore,
  beginMarkedContent: (run) => void run.layers.push(true),
  beginMarkedContentProps: (run, args) => {
    const visible = args[0] !== 'OC' || run.isLayerVisible(args[1]);
    run.layers.push(visible);
    if (!visible) run.hiddenLayers += 1;
  },
  endMarkedContent: (run) => {
    if (run.layers.pop() === false) run.hiddenLayers -= 1;
  },
};

function matrixlessBox(value: unknown): ArrayLike<unknown> | undefined {
  return value !== null && typeof value === 'object' && 'length' in value
    ? (value as ArrayLike<unknown>)
    : undefined;
}

function setFont(run: Interpreter, args: unknown[]): void {
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

/** Undefined for a font that never arrived: its text cannot be measured, and pdfjs would not draw it either. */
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
  run.hidden += showGlyphs(run.state, glyphs as unknown[], run.order, visible, run.pieces);
}

const TEXT_STEPS: Record<string, Step> = {
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

function addFill(run: Interpreter, box: Box, fillColor: string | undefined, solid: boolean): void {
  const s = run.state;
  if (run.hiddenLayers > 0 || s.inMask || run.fills.length >= FILLS_PER_PAGE_MAX) return;
  const seen = intersect(box, s.clip);
  if (seen.x1 - seen.x0 < 2 || seen.y1 - seen.y0 < 2) return;
  const opaque = solid && s.fillAlpha > 0.95 && s.normalBlend && !s.softMask;
  run.fills.push({ box: seen, color: fillColor, order: run.order, opaque });
}

function paintImage(run: Interpreter, name: unknown, inline: unknown, solid: boolean): void {
  const box = boxOf(run.state.ctm, 0, 0, 1, 1);
  addFill(run, box, undefined, solid && isAxisAligned(run.state.ctm));
  if (run.hiddenLayers === 0)
    run.images.push({ name: typeof name === 'string' ? name : '', box, matrix: run.state.ctm, inline });
}

const PAINT_STEPS: Record<string, Step> = {
  constructPath: (run, args) => {
    const paint = args[0];
    const paths = args[1];
    const bounds = args[2];
    const box = matrixlessBox(bounds);
    if (!box || box.length < 4) return;
    if (run.pendingClip) {
      run.pendingClip = false;
      clipTo(run, box);
    }
    if (run.edges && PAINTING.has(number(paint)) && run.hiddenLayers === 0 && !run.state.inMask)
      addEdges(paths, run.state.ctm, run.edges);
    if (FILLING.has(number(paint)) && isAxisAligned(run.state.ctm)) {
      const area = boxOf(run.state.ctm, number(box[0]), number(box[1]), number(box[2]), number(box[3]));
      addFill(run, area, run.state.fillColor, run.state.fillColor !== undefined && isRectangle(paths));
    }
  },
  endPath: (run) => void (run.pendingClip = false),
  paintImageXObject: (run, args) =>
    paintImage(run, args[0], undefined, hasNoAlpha(imageObject(run.page, args[0]))),
  paintInlineImageXObject: (run, args) => paintImage(run, undefined, args[0], hasNoAlpha(args[0])),
  paintImageMaskXObject: (run, args) => paintImage(run, undefined, args[0], false),
};

/** pdfjs's ImageKind: 1 black and white, 2 RGB, 3 RGBA. */
function hasNoAlpha(image: unknown): boolean {
  const kind = (image as { kind?: unknown } | undefined)?.kind;
  return kind === 1 || kind === 2;
}

/** The decoded image of that name, or undefined while or when there is none. */
export function imageObject(page: PDFPageProxy, name: unknown): unknown {
  if (typeof name !== 'string') return undefined;
  const store = storeOf(page, name);
  return store.has(name) ? (store.get(name) as unknown) : undefined;
}

/** Path-painting operators that fill: fill, eoFill, fillStroke, eoFillStroke, closeFillStroke, closeEOFillStroke. */
const FILLING = new Set([22, 23, 24, 25, 26, 27]);

/** Path-painting operators that leave ink: stroke, closeStroke and those that fill. */
const PAINTING = new Set([20, 21, ...FILLING]);
