/** An image as lightness: a byte a dot, 0 black to 255 white, rows from the top. */
export interface Ink {
  readonly gray: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const imagePixelsMax = 4_000_000;
/** The smallest QR code has 21 modules a side, each larger version four more (ISO/IEC 18004, 5.1). */
const sideMin = 21;

/** Lightness of a pdfjs image (kinds 1 black and white, 2 RGB, 3 RGBA); undefined for what can hold no QR code. */
export function inkOf(image: unknown): Ink | undefined {
  const { width, height, kind, data } = (image ?? {}) as {
    width?: number;
    height?: number;
    kind?: number;
    data?: Uint8Array;
  };
  if (!width || !height || !data || width < sideMin || height < sideMin || width * height > imagePixelsMax)
    return undefined;
  if (kind === 1) return { gray: fromBits(data, width, height), width, height };
  const bytes = kind === 2 ? 3 : kind === 3 ? 4 : 0;
  return bytes === 0 ? undefined : { gray: fromColors(data, bytes, width * height), width, height };
}

function fromBits(data: Uint8Array, width: number, height: number): Uint8Array {
  const gray = new Uint8Array(width * height);
  const rowBytes = (width + 7) >> 3;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      gray[y * width + x] = ((data[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? 255 : 0;
  return gray;
}

/** The mean of the three colours, laid over white where the image is transparent. */
function fromColors(data: Uint8Array, bytes: number, dots: number): Uint8Array {
  const gray = new Uint8Array(dots);
  for (let i = 0, at = 0; i < dots; i++, at += bytes) {
    const mean = ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
    const alpha = bytes === 4 ? (data[at + 3] ?? 255) / 255 : 1;
    gray[i] = mean * alpha + 255 * (1 - alpha);
  }
  return gray;
}

const darkBelow = 128;
/** A finder pattern is seven modules wide (ISO/IEC 18004, 6.3.3). */
const finderModules = 7;

/**
 * A QR code drawn on an exact grid, one dot a module, which reads several times faster than its picture.
 * Undefined when the image is not such a grid; it may still hold a code.
 */
export function modulesOf(ink: Ink): Ink | undefined {
  const box = darkBox(ink);
  if (!box) return undefined;
  let run = 0;
  while (isDark(ink, box.x0 + run, box.y0)) run += 1;
  const module = run / finderModules;
  const side = box.size / module;
  if (!Number.isInteger(module) || module < 1 || !Number.isInteger(side) || side < sideMin || side % 4 !== 1)
    return undefined;
  const gray = new Uint8Array(side * side);
  const middle = Math.floor(module / 2);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      gray[y * side + x] = isDark(ink, box.x0 + x * module + middle, box.y0 + y * module + middle) ? 0 : 255;
  return { gray, width: side, height: side };
}

function isDark(ink: Ink, x: number, y: number): boolean {
  return x < ink.width && y < ink.height && (ink.gray[y * ink.width + x] ?? 255) < darkBelow;
}

/** The square that the dark dots fill; undefined when they fill none. */
function darkBox(ink: Ink): { x0: number; y0: number; size: number } | undefined {
  let [x0, y0, x1, y1] = [ink.width, -1, -1, -1];
  for (let y = 0; y < ink.height; y++) {
    for (let x = 0; x < ink.width; x++) {
      if (!isDark(ink, x, y)) continue;
      if (y0 < 0) y0 = y;
      y1 = y;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
    }
  }
  return x1 >= x0 && x1 - x0 === y1 - y0 ? { x0, y0, size: x1 - x0 + 1 } : undefined;
}
