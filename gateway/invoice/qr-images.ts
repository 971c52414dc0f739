import { BitMatrix, Decoder, Detector, binarize } from '@nuintun/qrcode';
import type { Ink } from '../pdf/image-ink.ts';
import { inkOf, modulesOf, pictureOf } from '../pdf/image-ink.ts';
import { imageObject } from '../pdf/page-content.ts';
import type { PageContent } from '../pdf/page-content.ts';
import type { PageVisitor } from '../pdf/read-pdf.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import { parseQrPayload } from '../found-invoice/qr-payload.ts';

/** Bounds on looking for QR codes: pages looked at, images a page. */
const PAGES_LOOKED_AT_MAX = 20;
const IMAGES_PER_PAGE_MAX = 12;

/** Looks at the images of the first pages for AT QR codes, in page order; stops at the first found. */
export function qrCollector(found: QrPayload[]): PageVisitor {
  return async (content, document, scan) => {
    if (found.length > 0 || content.pageNumber > PAGES_LOOKED_AT_MAX) return;
    if (scan) {
      const payload = payloadIn(scan.ink);
      if (payload) found.push(payload);
      return;
    }
    const page = await document.getPage(content.pageNumber);
    for (const image of candidates(content)) {
      const picture = pictureOf(image.inline ?? imageObject(page, image.name));
      const payload = picture && (payloadOnGrid(modulesOf(picture)) ?? payloadIn(inkOf(picture)));
      if (payload) {
        found.push(payload);
        return;
      }
    }
  };
}

/** Roughly square images, the smaller ones first: logos and backgrounds are seldom square. */
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

/** White border around the image, in dots: codes are often cropped to their modules. */
const QUIET_DOTS = 16;
/** Narrower images are scaled up: one of their dots may be a whole module of the code. */
const SMALL_WIDTH = 90;
/** Places in one image that are tried as a code. */
const PLACES_TRIED_MAX = 20;
/** Tells the detector that the place it named last holds no code that can be decoded. */
const NOT_DECODED = false;

/** The payload of a code on an exact grid, one dot a module. */
function payloadOnGrid(grid: Ink | undefined): QrPayload | undefined {
  if (!grid) return undefined;
  const matrix = new BitMatrix(grid.width, grid.height);
  for (let y = 0; y < grid.height; y += 1)
    for (let x = 0; x < grid.width; x += 1) if (grid.gray[y * grid.width + x] === 0) matrix.set(x, y);
  return decoded(matrix);
}

/** The payload of a code somewhere in a picture. */
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

/** Undefined for what is no code, a damaged one, or one of another kind. */
function decoded(matrix: BitMatrix): QrPayload | undefined {
  try {
    return parseQrPayload(new Decoder().decode(matrix).content);
  } catch {
    // The decoder says by an exception that these dots are no code.
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
