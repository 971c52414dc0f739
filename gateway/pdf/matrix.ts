/**
 * A transformation of PDF, `[a b c d e f]` (ISO 32000-1, 8.3.3). It maps x to a x + c y + e, and y to b x + d y + f.
 */
export type Matrix = readonly [number, number, number, number, number, number];

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

/** The transformation that applies `inner` first and `outer` second. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  return [
    outer[0] * inner[0] + outer[2] * inner[1],
    outer[1] * inner[0] + outer[3] * inner[1],
    outer[0] * inner[2] + outer[2] * inner[3],
    outer[1] * inner[2] + outer[3] * inner[3],
    outer[0] * inner[4] + outer[2] * inner[5] + outer[4],
    outer[1] * inner[4] + outer[3] * inner[5] + outer[5],
  ];
}

/** Reads a matrix from an operator's arguments; undefined when they are not six finite numbers. */
export function matrixFrom(values: unknown): Matrix | undefined {
  if (values === null || typeof values !== 'object') return undefined;
  const numbers = values as ArrayLike<number>;
  if (!(numbers.length >= 6)) return undefined;
  for (let i = 0; i < numbers.length; i += 1) if (!Number.isFinite(numbers[i])) return undefined;
  return [numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]] as unknown as Matrix;
}

/** Returns a finite number of an operator's arguments, and 0 for anything else. */
export const number = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : 0;

/** An axis-aligned box in page points, y growing downwards from the top of the page. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Returns the box around a rectangle after `m`. The rectangle may be given by any two opposite corners. */
export function boxOf(m: Matrix, { x0, y0, x1, y1 }: Box): Box {
  const xa = m[0] * x0 + m[2] * y0;
  const xb = m[0] * x1 + m[2] * y0;
  const xc = m[0] * x0 + m[2] * y1;
  const xd = m[0] * x1 + m[2] * y1;
  const ya = m[1] * x0 + m[3] * y0;
  const yb = m[1] * x1 + m[3] * y0;
  const yc = m[1] * x0 + m[3] * y1;
  const yd = m[1] * x1 + m[3] * y1;
  return {
    x0: Math.min(xa, xb, xc, xd) + m[4],
    y0: Math.min(ya, yb, yc, yd) + m[5],
    x1: Math.max(xa, xb, xc, xd) + m[4],
    y1: Math.max(ya, yb, yc, yd) + m[5],
  };
}

/** Returns the common part of two boxes. Its size is negative when they do not touch. */
export function intersect(a: Box, b: Box): Box {
  return {
    x0: Math.max(a.x0, b.x0),
    y0: Math.max(a.y0, b.y0),
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
  };
}

/** Returns the smallest box around both. */
export function union(a: Box, b: Box): Box {
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}

export function containsPoint(box: Box, x: number, y: number): boolean {
  return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1;
}

/** Returns the inverse transformation; undefined when `m` maps every box to a line or a point. */
export function invert([a, b, c, d, e, f]: Matrix): Matrix | undefined {
  const area = a * d - b * c;
  if (Math.abs(area) < 1e-12) return undefined;
  return [d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area];
}
