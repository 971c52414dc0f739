import jsQR from 'jsqr';
import { imageObject } from '../pdf/page-content.ts';
import type { PageContent } from '../pdf/page-content.ts';
import type { PageVisitor } from '../pdf/read-pdf.ts';
import type { QrPayload } from './qr-payload.ts';
import { parseQrPayload } from './qr-payload.ts';

/** Bounds on looking for QR codes: pages looked at, images a page, pixels of an image. */
const pagesLookedAtMax = 20;
const imagesPerPageMax = 12;
const imagePixelsMax = 4_000_000;
const sideMin = 21;

/** Looks at the images of the first pages for AT QR codes, in page order; stops at the first found. */
export function qrCollector(found: QrPayload[]): PageVisitor {
  return async (content, document) => {
    if (found.length > 0 || content.pageNumber > pagesLookedAtMax) return;
    const page = await document.getPage(content.pageNumber);
    for (const image of candidates(content)) {
      const pixels = pixelsOf(image.inline ?? imageObject(page, image.name));
      const code =
        pixels && jsQR.default(pixels.rgba, pixels.width, pixels.height, { inversionAttempts: 'dontInvert' });
      const payload = code ? parseQrPayload(code.data) : undefined;
      if (payload) {
        found.push(payload);
        return;
      }
    }
  };
}

/** Roughly square images, the smaller ones first: logos and backgrounds are rarely so. */
function candidates(content: PageContent): PageContent['images'][number][] {
  const area = (image: PageContent['images'][number]): number =>
    (image.box.x1 - image.box.x0) * (image.box.y1 - image.box.y0);
  return content.images
    .filter(({ box }) => {
      const ratio = (box.x1 - box.x0) / Math.max(box.y1 - box.y0, 0.01);
      return ratio > 0.8 && ratio < 1.25;
    })
    .sort((a, b) => area(a) - area(b))
    .slice(0, imagesPerPageMax);
}

interface Pixels {
  readonly rgba: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** White border around the image, in pixels: codes are often cropped to their modules. */
const quietPixels = 16;

/** A pdfjs image (kinds 1 black and white, 2 RGB, 3 RGBA) as RGBA with a white border. */
function pixelsOf(image: unknown): Pixels | undefined {
  const { width, height, kind, data } = (image ?? {}) as {
    width?: number;
    height?: number;
    kind?: number;
    data?: Uint8Array;
  };
  if (!width || !height || !data || width < sideMin || height < sideMin || width * height > imagePixelsMax)
    return undefined;
  const scale = width < 120 ? 4 : 1;
  const [w, h] = [width * scale + 2 * quietPixels, height * scale + 2 * quietPixels];
  const rgba = new Uint8ClampedArray(w * h * 4).fill(255);
  const rowBytes = (width + 7) >> 3;
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const [sx, sy] = [Math.floor(x / scale), Math.floor(y / scale)];
      const gray = grayAt(data, kind ?? 0, sx, sy, width, rowBytes);
      if (gray === undefined) return undefined;
      const at = ((y + quietPixels) * w + x + quietPixels) * 4;
      rgba[at] = rgba[at + 1] = rgba[at + 2] = gray;
    }
  }
  return { rgba, width: w, height: h };
}

function grayAt(
  data: Uint8Array,
  kind: number,
  x: number,
  y: number,
  width: number,
  rowBytes: number,
): number | undefined {
  if (kind === 1) return ((data[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? 255 : 0;
  const bytes = kind === 2 ? 3 : kind === 3 ? 4 : 0;
  if (bytes === 0) return undefined;
  const at = (y * width + x) * bytes;
  const alpha = bytes === 4 ? (data[at + 3] ?? 255) / 255 : 1;
  const mean = ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
  return mean * alpha + 255 * (1 - alpha);
}
