import type { Box, Matrix } from './matrix.ts';
import { boxOf, number } from './matrix.ts';

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
export function addEdges(paths: unknown, ctm: Matrix, edges: Box[]): void {
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

export function isAxisAligned(m: Matrix): boolean {
  return (Math.abs(m[1]) < 1e-6 && Math.abs(m[2]) < 1e-6) || (Math.abs(m[0]) < 1e-6 && Math.abs(m[3]) < 1e-6);
}

/**
 * True for one closed path of horizontal and vertical edges with four corners. Any other path may leave a part of its
 * bounds uncovered.
 */
export function isRectangle(paths: unknown): boolean {
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
