import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist';
import type { Ink } from '../pdf/image-ink.ts';
import { inkOf, pictureOf } from '../pdf/image-ink.ts';
import type { Box } from '../pdf/matrix.ts';
import { boxOf } from '../pdf/matrix.ts';
import type { PageContent, PaintedImage } from '../pdf/page-content.ts';
import { decodedImage } from '../pdf/images-on-demand.ts';
import { imageObject } from '../pdf/page-images.ts';
import { OCR_SURE } from '../pdf/recognised.ts';
import type { ScannedPage } from '../pdf/scanned-page.ts';
import { languageOf } from './languages.ts';
import type { AgreedWord, Reading } from './merge-readings.ts';
import { mergeReadings } from './merge-readings.ts';
import type { PlacedInk } from './page-raster.ts';
import { piecesOf } from './pieces.ts';
import { recognise } from './recognise.ts';
import type { UprightPage } from './upright.ts';
import { sidesOf, toPage, uprightPage } from './upright.ts';

/** The most dots of an image. Larger images are ignored. */
const IMAGE_DOTS_MAX = 40_000_000;
/** The most images of a page. A page with more images is not read. Scanners that save strips make about a hundred. */
const IMAGES_OF_PAGE_MAX = 200;

/**
 * The OCR engine must be certain of at least this share of a page's long words. With a smaller share, even the certain
 * words are probably wrong.
 */
const SURE_SHARE_MIN = 0.5;

/** Reads a page that consists only of pictures. Returns `left out` when too little of it can be read. */
export async function readScan(
  content: PageContent,
  document: PDFDocumentProxy,
): Promise<ScannedPage | 'left out'> {
  if (content.images.length > IMAGES_OF_PAGE_MAX) return 'left out';
  const upright = await uprightPage(await inksOf(content, document), content);
  if (!upright) return 'left out';
  const words = await wordsOf(upright.ink);
  const long = words.filter(({ text }) => /[\p{L}\p{N}]{3}/u.test(text));
  const sure = long.filter(({ certainty }) => certainty >= OCR_SURE);
  if (long.length === 0 || sure.length < SURE_SHARE_MIN * long.length) return 'left out';
  return asPage(content, upright, words);
}

async function inksOf(content: PageContent, document: PDFDocumentProxy): Promise<PlacedInk[]> {
  const page = await document.getPage(content.pageNumber);
  const inks: PlacedInk[] = [];
  for (const image of content.images) {
    const picture = pictureOf(await imageIn(page, image), IMAGE_DOTS_MAX);
    if (picture) inks.push({ ink: inkOf(picture), matrix: image.matrix });
  }
  return inks;
}

/** A stencil has no kind. Its drawn dots are black, as in a black and white image. */
async function imageIn(page: PDFPageProxy, image: PaintedImage): Promise<unknown> {
  const found = await decodedImage(image.inline ?? imageObject(page, image.name));
  return { kind: 1, ...(found as object | undefined) };
}

/** Reads numbers with the models of English and French, and letters also with the model of the page's language. */
async function wordsOf(ink: Ink): Promise<AgreedWord[]> {
  const readings: Reading[] = [
    { language: 'eng', words: await recognise(ink, 'eng') },
    { language: 'fra', words: await recognise(ink, 'fra') },
  ];
  const own = languageOf(readings.flatMap(({ words }) => words.map((word) => word.text)));
  if (!readings.some(({ language }) => language === own))
    readings.push({ language: own, words: await recognise(ink, own) });
  return mergeReadings(readings, own);
}

function asPage(content: PageContent, upright: UprightPage, words: readonly AgreedWord[]): ScannedPage {
  const { turn, skew, ink, dotsPerPoint } = upright;
  const sides = sidesOf(content, turn);
  const straight = toPage(content, sides, (turn * Math.PI) / 2);
  const askew = toPage(content, content, skew);
  const page: Box = { x0: 0, y0: 0, x1: content.width, y1: content.height };
  return {
    content: {
      ...content,
      pieces: piecesOf(words, { straight, turn, dotsPerPoint, page }),
      fills: [],
      hidden: 0,
    },
    boxAsShown: (box) => boxOf(askew, box),
    ink,
  };
}
