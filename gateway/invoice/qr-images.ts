import { BitMatrix, Decoder, Detector, binarize } from '@nuintun/qrcode';
import type { Ink } from '../pdf/image-ink.ts';
import { inkOf, modulesOf, pictureOf } from '../pdf/image-ink.ts';
import type { PageContent } from '../pdf/page-content.ts';
import { decodedImage } from '../pdf/images-on-demand.ts';
import { imageObject } from '../pdf/page-images.ts';
import type { PageVisitor } from '../pdf/read-pdf.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import { parseQrPayload } from '../found-invoice/qr-payload.ts';

/** The number of pages that are searched for QR codes. The next constant is the number of images on each page. */
const PAGES_LOOKED_AT_MAX = 20;
const IMAGES_PER_PAGE_MAX = 12;

/** Searches the images of the first pages, in page order, for QR codes of the AT. It stops at the first such code. */
export function qrCollector(found: QrPayload[]): PageVisitor {
  // The images that were already searched. pdfjs keeps an image that several pages paint, such as a logo, as one
  // object.
  const searched = new Set<unknown>();
  return async (content, document, scan) => {
    if (found.length > 0 || content.pageNumber > PAGES_LOOKED_AT_MAX) return;
    if (scan) {
      const payload = payloadIn(scan.ink);
      if (payload) found.push(payload);
      return;
    }
    const page = await document.getPage(content.pageNumber);
    for (const image of candidates(content)) {
      const object = image.inline ?? imageObject(page, image.name);
      if (searched.has(object)) continue;
      searched.add(object);
      const picture = pictureOf(await decodedImage(object));
      const payload = picture && (payloadOnGrid(modulesOf(picture)) ?? payloadIn(inkOf(picture)));
      if (payload) {
        found.push(payload);
        return;
      }
    }
  };
}

/** Selects images that are roughly square, the smallest first. Logos and backgrounds are seldom square. */
function candidates(content: PageContent): PageContent['images'][number][] {
  const area = (image: PageContent['images'][number]): number =>
    (image.box.x1 - image.box.x0) * (image.box.y1 - image.box.y0);
  return content.images
    .filter(({ box }) => {
      const ratio = (box.x1 - box.x0) / Math.max(box.y1 - box.y0, 0.01);
      return ratio > 0.8 && ratio < 1.25;
    })
    .sort((a, b) => area(a) - area(b))
    .slice(0, IMAGES_PER_PAGE_MAX);
}

/** Width in dots of the white border that is added to an image. Codes are often cropped so that no border is left. */
const QUIET_DOTS = 16;
/** Images narrower than this, in dots, are scaled up: in a small image, one dot may be a whole module of the code. */
const SMALL_WIDTH = 90;
/** Number of places in one image that are tried as a code. */
const PLACES_TRIED_MAX = 20;
/** The value that tells the detector to continue, because the last place that it named holds no readable code. */
const NOT_DECODED = false;

/** Decodes a grid with one dot for each module. */
function payloadOnGrid(grid: Ink | undefined): QrPayload | undefined {
  if (!grid) return undefined;
  const matrix = new BitMatrix(grid.width, grid.height);
  for (let y = 0; y < grid.height; y += 1)
    for (let x = 0; x < grid.width; x += 1) if (grid.gray[y * grid.width + x] === 0) matrix.set(x, y);
  return decoded(matrix);
}

/** Searches a picture for a code and decodes the code. */
function payloadIn(ink: Ink): QrPayload | undefined {
  const { gray, width, height } = withBorder(ink);
  const places = new Detector().detect(binarize(gray, width, height));
  let place = places.next();
  for (let tried = 0; !place.done && tried < PLACES_TRIED_MAX; tried += 1) {
    const payload = decoded(place.value.matrix);
    if (payload) return payload;
    place = places.next(NOT_DECODED);
  }
  return undefined;
}

/** Decodes a matrix. Returns undefined when the matrix is not an intact code of the AT. */
function decoded(matrix: BitMatrix): QrPayload | undefined {
  try {
    return parseQrPayload(new Decoder().decode(matrix).content);
  } catch {
    // The decoder throws when the dots are no code.
    return undefined;
  }
}

function withBorder(ink: Ink): Ink {
  const scale = ink.width < SMALL_WIDTH ? 3 : 1;
  const width = ink.width * scale + 2 * QUIET_DOTS;
  const height = ink.height * scale + 2 * QUIET_DOTS;
  const gray = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < ink.height * scale; y += 1) {
    const from = Math.floor(y / scale) * ink.width;
    const to = (y + QUIET_DOTS) * width + QUIET_DOTS;
    for (let x = 0; x < ink.width * scale; x += 1)
      gray[to + x] = ink.gray[from + Math.floor(x / scale)] ?? 255;
  }
  return { gray, width, height };
}
