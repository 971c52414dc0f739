/** An image in grey, with one byte for each dot: 0 is black, 255 is white. The rows go from top to bottom. */
export interface Ink {
  readonly gray: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * An image that computes the lightness of a dot when it is needed. For a QR code, one dot for each module is enough.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /**
   * The lightness of a dot, from 0 (black) to 255 (white), possibly with a fraction. Dots are counted row by row from
   * the top.
   */
  readonly lightnessAt: (dot: number) => number;
}

const IMAGE_PIXELS_MAX = 4_000_000;
/** The smallest QR code has 21 modules a side; each larger version has four more (ISO/IEC 18004, 5.1). */
const SIDE_MIN = 21;

/**
 * Makes a picture of a pdfjs image. The kind of the image is 1 (black and white), 2 (RGB) or 3 (RGBA). Returns
 * undefined for an image that can hold no QR code.
 * @param dotsMax larger images are ignored
 */
export function pictureOf(image: unknown, dotsMax = IMAGE_PIXELS_MAX): Picture | undefined {
  const { width, height, kind, data } = (image ?? {}) as {
    width?: number;
    height?: number;
    kind?: number;
    data?: Uint8Array;
  };
  if (!width || !height || !data || width < SIDE_MIN || height < SIDE_MIN || width * height > dotsMax)
    return undefined;
  if (kind === 1) return { width, height, lightnessAt: bitsOf(data, width) };
  if (kind === 2) return { width, height, lightnessAt: (dot) => meanAt(data, dot * 3) };
  if (kind === 3) return { width, height, lightnessAt: overWhite(data) };
  return undefined;
}

function bitsOf(data: Uint8Array, width: number): Picture['lightnessAt'] {
  const rowBytes = (width + 7) >> 3;
  return (dot) => {
    const x = dot % width;
    const byte = data[((dot - x) / width) * rowBytes + (x >> 3)] ?? 0;
    return (byte >> (7 - (x & 7))) & 1 ? 255 : 0;
  };
}

/** Returns the mean of the three colours of a dot. */
function meanAt(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
}

/** Transparent parts of the image become white. */
function overWhite(data: Uint8Array): Picture['lightnessAt'] {
  return (dot) => {
    const alpha = (data[dot * 4 + 3] ?? 255) / 255;
    return meanAt(data, dot * 4) * alpha + 255 * (1 - alpha);
  };
}

/** Returns the lightness of each dot of the picture. */
export function inkOf({ width, height, lightnessAt }: Picture): Ink {
  const gray = new Uint8Array(width * height);
  for (let dot = 0; dot < gray.length; dot += 1) gray[dot] = lightnessAt(dot);
  return { gray, width, height };
}

const DARK_BELOW = 128;
/** A finder pattern is seven modules wide (ISO/IEC 18004, 6.3.3). */
const FINDER_MODULES = 7;

/**
 * Reduces a QR code on an exact grid to one dot for each module. A decoder reads such a picture several times faster.
 * Returns undefined for an image without an exact grid, which may still hold a code.
 */
export function modulesOf(picture: Picture): Ink | undefined {
  const box = darkBox(picture);
  if (!box) return undefined;
  let run = 0;
  while (isDark(picture, box.x0 + run, box.y0)) run += 1;
  const module = run / FINDER_MODULES;
  const side = box.size / module;
  if (!Number.isInteger(module) || module < 1 || !Number.isInteger(side) || side < SIDE_MIN || side % 4 !== 1)
    return undefined;
  const gray = new Uint8Array(side * side);
  const middle = Math.floor(module / 2);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1)
      gray[y * side + x] = isDark(picture, box.x0 + x * module + middle, box.y0 + y * module + middle)
        ? 0
        : 255;
  return { gray, width: side, height: side };
}

function isDark(picture: Picture, x: number, y: number): boolean {
  return x < picture.width && y < picture.height && picture.lightnessAt(y * picture.width + x) < DARK_BELOW;
}

/**
 * Finds the square that the dark dots fill. Returns undefined when there is none. The search reads little more than the
 * margin around the square.
 */
function darkBox(picture: Picture): { x0: number; y0: number; size: number } | undefined {
  const { width, height } = picture;
  const hasDark = (y: number): boolean => {
    const end = (y + 1) * width;
    for (let dot = y * width; dot < end; dot += 1) if (picture.lightnessAt(dot) < DARK_BELOW) return true;
    return false;
  };
  let x0 = width;
  let x1 = -1;
  let y0 = 0;
  let y1 = height - 1;
  while (y0 < height && !hasDark(y0)) y0 += 1;
  while (y1 > y0 && !hasDark(y1)) y1 -= 1;
  for (let y = y0; y <= y1; y += 1) {
    let left = 0;
    while (left < x0 && !isDark(picture, left, y)) left += 1;
    let right = width - 1;
    while (right > x1 && !isDark(picture, right, y)) right -= 1;
    x0 = left;
    x1 = right;
  }
  return x1 >= x0 && x1 - x0 === y1 - y0 ? { x0, y0, size: x1 - x0 + 1 } : undefined;
}
