import { type Interpreter, type Step, clipTo, matrixlessBox } from './interpreter.ts';
import { type Box, boxOf, intersect, number, type Matrix } from './matrix.ts';
import { hasNoAlpha, imageObject } from './page-images.ts';

/** The most fills of a page that are stored. Further fills are left out. */
const FILLS_PER_PAGE_MAX = 20_000;

/**
 * The path-painting operators that fill: fill, eoFill, fillStroke, eoFillStroke, closeFillStroke, closeEOFillStroke.
 */
const FILLING = new Set([22, 23, 24, 25, 26, 27]);

/** The path-painting operators that leave ink: stroke, closeStroke and the operators that fill. */
const PAINTING = new Set([20, 21, ...FILLING]);

function addFill(run: Interpreter, box: Box, fillColor: string | undefined, solid: boolean): void {
  const s = run.state;
  if (run.hiddenLayers > 0 || s.inMask || run.fills.length >= FILLS_PER_PAGE_MAX) return;
  const seen = intersect(box, s.clip);
  if (seen.x1 - seen.x0 < 2 || seen.y1 - seen.y0 < 2) return;
  const opaque = solid && s.fillAlpha > 0.95 && s.normalBlend && !s.softMask;
  run.fills.push({ box: seen, color: fillColor, order: run.order, opaque });
}

/** ISO 32000-1, 8.9.5: an image is painted in the unit square of user space. */
const UNIT_SQUARE: Box = { x0: 0, y0: 0, x1: 1, y1: 1 };

interface Image {
  readonly name?: unknown;
  readonly inline?: unknown;
  /** The image in the form of pdfjs. Undefined for a stencil, whose colour shows the content under it. */
  readonly image?: unknown;
}

function paintImage(run: Interpreter, { name, inline, image }: Image): void {
  const box = boxOf(run.state.ctm, UNIT_SQUARE);
  addFill(run, box, undefined, hasNoAlpha(image) && isAxisAligned(run.state.ctm));
  const place = run.fills.length - 1;
  const fill = run.fills[place];
  if (fill?.order === run.order && fill.opaque) run.covers.push({ place, fill, image });
  if (run.hiddenLayers === 0)
    run.images.push({ name: typeof name === 'string' ? name : '', box, matrix: run.state.ctm, inline });
}

/** The operators that paint paths and images, by their names in pdfjs. */
export const PAINT_STEPS: Record<string, Step> = {
  constructPath: (run, args) => {
    const paint = args[0];
    const paths = args[1];
    const box = matrixlessBox(args[2]);
    if (!box || box.length < 4) return;
    if (run.pendingClip) {
      run.pendingClip = false;
      clipTo(run, box);
    }
    if (run.edges && PAINTING.has(number(paint)) && run.hiddenLayers === 0 && !run.state.inMask)
      addEdges(paths, run.state.ctm, run.edges);
    if (FILLING.has(number(paint)) && isAxisAligned(run.state.ctm)) {
      const bounds = { x0: number(box[0]), y0: number(box[1]), x1: number(box[2]), y1: number(box[3]) };
      const area = boxOf(run.state.ctm, bounds);
      addFill(run, area, run.state.fillColor, run.state.fillColor !== undefined && isRectangle(paths));
    }
  },
  endPath: (run) => void (run.pendingClip = false),
  paintImageXObject: (run, args) => paintImage(run, { name: args[0], image: imageObject(run.page, args[0]) }),
  paintInlineImageXObject: (run, args) => paintImage(run, { inline: args[0], image: args[0] }),
  paintImageMaskXObject: (run, args) => paintImage(run, { inline: args[0] }),
};

/** The most edges of a page that are stored. Further edges are left out. */
const EDGES_PER_PAGE_MAX = 20_000;
/** Shorter edges are parts of letters and pictures. */
const EDGE_LENGTH_MIN_PT = 4;

/** A path of pdfjs as a list of codes and coordinates: 0 x y (move), 1 x y (line), 2 and 3 (curves), 4 (close). */
type Path = ArrayLike<unknown>;

function pathIn(paths: unknown): Path | undefined {
  const first: unknown = Array.isArray(paths) ? (paths as unknown[])[0] : undefined;
  return first !== null && typeof first === 'object' && 'length' in first ? (first as Path) : undefined;
}

/** Adds the horizontal and vertical edges of a path in page points, as boxes without width or height. */
function addEdges(paths: unknown, ctm: Matrix, edges: Box[]): void {
  const path = pathIn(paths);
  if (!path || !isAxisAligned(ctm)) return;
  let start: readonly [number, number] = [0, 0];
  let from = start;
  for (let i = 0; i < path.length && edges.length < EDGES_PER_PAGE_MAX;) {
    const op = number(path[i]);
    if (op > 1 && op !== 4) return;
    const to = op === 4 ? start : ([number(path[i + 1]), number(path[i + 2])] as const);
    if (op === 0) start = to;
    else addEdge(boxOf(ctm, { x0: from[0], y0: from[1], x1: to[0], y1: to[1] }), edges);
    from = to;
    i += op === 4 ? 1 : 3;
  }
}

function addEdge(box: Box, edges: Box[]): void {
  const isAlong = box.x1 - box.x0 < 0.5 || box.y1 - box.y0 < 0.5;
  if (isAlong && Math.max(box.x1 - box.x0, box.y1 - box.y0) >= EDGE_LENGTH_MIN_PT) edges.push(box);
}

function isAxisAligned(m: Matrix): boolean {
  return (Math.abs(m[1]) < 1e-6 && Math.abs(m[2]) < 1e-6) || (Math.abs(m[0]) < 1e-6 && Math.abs(m[3]) < 1e-6);
}

/**
 * True for one closed path of horizontal and vertical edges with four corners. Any other path may leave a part of its
 * bounds uncovered.
 */
function isRectangle(paths: unknown): boolean {
  const path = pathIn(paths);
  if (!path || path.length < 12 || path.length > 17) return false;
  const points: [number, number][] = [];
  for (let i = 0; i < path.length;) {
    const op = number(path[i]);
    if (op === 4) i += 1;
    else if (op === 0 || op === 1) {
      points.push([number(path[i + 1]), number(path[i + 2])]);
      i += 3;
    } else return false;
  }
  return points.every(([x, y], k) => k === 0 || x === points[k - 1]?.[0] || y === points[k - 1]?.[1]);
}
