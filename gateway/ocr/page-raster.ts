import type { Ink } from '../pdf/image-ink.ts';
import type { Matrix } from '../pdf/matrix.ts';
import { invert, multiply } from '../pdf/matrix.ts';

/** An image of a page as lightness of dots, with its place. */
export interface PlacedInk {
  readonly ink: Ink;
  /** Maps the unit square, in which every image is painted with its first row at the top, to page points. */
  readonly matrix: Matrix;
}

/** The lightness of the parts of a page without an image. */
const PAPER = 255;

/**
 * Paints images onto one grid of dots, in their order. It joins strips to one page, reduces finer images, and turns
 * rotated images upright.
 * @param toPage maps dots of the grid to page points
 */
export function rasterOf(
  images: readonly PlacedInk[],
  size: { readonly width: number; readonly height: number },
  toPage: Matrix,
): Ink {
  const target: Ink = { gray: new Uint8Array(size.width * size.height).fill(PAPER), ...size };
  for (const image of images) paint(target, image, toPage);
  return target;
}

function paint(target: Ink, { ink, matrix }: PlacedInk, toPage: Matrix): void {
  const toUnit = invert(matrix);
  if (!toUnit) return;
  const ofDots = (picture: Ink): Matrix =>
    multiply([picture.width, 0, 0, -picture.height, 0, picture.height], multiply(toUnit, toPage));
  const exact = ofDots(ink);
  const dotsPerDot = Math.sqrt(Math.abs(exact[0] * exact[3] - exact[1] * exact[2]));
  const source = dotsPerDot >= 2 ? coarser(ink, Math.floor(dotsPerDot)) : ink;
  sample(target, source, ofDots(source));
}

/**
 * Sets every dot of the target to the mean of the four nearest dots of the source, by distance. A scan has millions of
 * dots, so the loop uses whole numbers: places in 4,096ths of a dot, shares in 256ths.
 */
function sample(target: Ink, source: Ink, m: Matrix): void {
  const { gray, width: stride } = source;
  const right = (source.width - 1) * ONE;
  const bottom = (source.height - 1) * ONE;
  const stepX = Math.round(m[0] * ONE);
  const stepY = Math.round(m[1] * ONE);
  for (let y = 0; y < target.height; y += 1) {
    const place = (along: number, down: number, shift: number): number =>
      Math.round((along * 0.5 + down * (y + 0.5) + shift - 0.5) * ONE);
    let sx = place(m[0], m[2], m[4]);
    let sy = place(m[1], m[3], m[5]);
    const end = (y + 1) * target.width;
    for (let at = y * target.width; at < end; at += 1, sx += stepX, sy += stepY) {
      if (sx < -HALF || sy < -HALF || sx > right + HALF || sy > bottom + HALF) continue;
      const px = sx < 0 ? 0 : sx > right ? right : sx;
      const py = sy < 0 ? 0 : sy > bottom ? bottom : sy;
      const top = (py >> 12) * stride + (px >> 12);
      const next = px < right ? 1 : 0;
      const under = py < bottom ? top + stride : top;
      const fx = (px & 0xfff) >> 4;
      const fy = (py & 0xfff) >> 4;
      const upper = gray[top]! * (256 - fx) + gray[top + next]! * fx;
      const lower = gray[under]! * (256 - fx) + gray[under + next]! * fx;
      target.gray[at] = (upper * (256 - fy) + lower * fy + 0x8000) >> 16;
    }
  }
}

/** Places are whole numbers, and one dot has this many places. */
const ONE = 4096;
const HALF = ONE / 2;

/** Reduces an image: each new dot is the mean of `times` by `times` dots. */
function coarser(ink: Ink, times: number): Ink {
  const width = Math.max(1, Math.floor(ink.width / times));
  const height = Math.max(1, Math.floor(ink.height / times));
  const gray = new Uint8Array(width * height);
  const sums = new Uint32Array(width);
  for (let y = 0; y < height; y += 1) {
    sums.fill(0);
    for (let row = y * times; row < (y + 1) * times; row += 1)
      for (let x = 0, at = row * ink.width; x < width; x += 1)
        for (let n = 0; n < times; n += 1, at += 1) sums[x] = (sums[x] ?? 0) + (ink.gray[at] ?? PAPER);
    for (let x = 0; x < width; x += 1) gray[y * width + x] = (sums[x] ?? 0) / (times * times);
  }
  return { gray, width, height };
}

/**
 * Removes the grain of paper and scanner. Each dot becomes the mean of itself (4 parts), its neighbours (2 parts
 * each) and the dots across the corners (1 part each). This avoids a quarter of the misread numbers.
 */
export function softened({ gray, width, height }: Ink): Ink {
  const soft = gray.slice();
  for (let y = 1; y < height - 1; y += 1)
    for (let x = 1, at = y * width + 1; x < width - 1; x += 1, at += 1) {
      const over = at - width;
      const under = at + width;
      const beside = gray[at - 1]! + gray[at + 1]! + gray[over]! + gray[under]!;
      const corners = gray[over - 1]! + gray[over + 1]! + gray[under - 1]! + gray[under + 1]!;
      soft[at] = (4 * gray[at]! + 2 * beside + corners) >> 4;
    }
  return { gray: soft, width, height };
}
