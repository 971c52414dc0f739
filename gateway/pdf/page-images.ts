import type { PDFPageProxy } from 'pdfjs-dist';
import { decodedImage } from './images-on-demand.ts';
import type { Fill } from './page-content.ts';
import type { TextPiece } from './show-glyphs.ts';

/** The time for which a page waits for the decoding of its images. An image that arrives later counts as missing. */
const IMAGE_WAIT_MS = 4000;

/**
 * Waits until the images of a page are decoded. pdfjs decodes images separately from the operators, so they may
 * arrive later.
 */
export async function imagesArrived(
  page: PDFPageProxy,
  list: { fnArray: readonly number[]; argsArray: readonly unknown[] },
  paintImage: number,
): Promise<void> {
  const names = new Set<string>();
  for (let i = 0; i < list.fnArray.length; i += 1) {
    if (list.fnArray[i] !== paintImage) continue;
    const args: unknown = list.argsArray[i];
    if (Array.isArray(args) && typeof args[0] === 'string') names.add(args[0]);
  }
  if (names.size === 0) return;
  const missing = [...names].filter((name) => !storeOf(page, name).has(name));
  if (missing.length === 0) return;
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, IMAGE_WAIT_MS);
  const arrived = missing.map(
    (name) => new Promise((resolve) => void storeOf(page, name).get(name, resolve)),
  );
  await Promise.race([Promise.all(arrived), timer.promise]);
  clearTimeout(timeout);
}

function storeOf(page: PDFPageProxy, name: string): PDFPageProxy['objs'] {
  return name.startsWith('g_') ? page.commonObjs : page.objs;
}

/** Returns the decoded image of that name; undefined when the image has not arrived. */
export function imageObject(page: PDFPageProxy, name: unknown): unknown {
  if (typeof name !== 'string') return undefined;
  const store = storeOf(page, name);
  return store.has(name) ? (store.get(name) as unknown) : undefined;
}

/** True for kinds 1 (black and white) and 2 (RGB) of pdfjs's `ImageKind`; 3 is RGBA. */
export function hasNoAlpha(image: unknown): boolean {
  const kind = (image as { kind?: unknown } | undefined)?.kind;
  return kind === 1 || kind === 2;
}

/** An image that hides the content under it, if the image can be decoded. */
export interface Cover {
  /** The area that the image covers, as a fill of the page, and its index among the fills. */
  readonly fill: Fill;
  readonly place: number;
  readonly image: unknown;
}

/** Marks the images that cannot be decoded as not opaque. It decodes only images that cover earlier text. */
export async function uncoverDamaged(page: {
  readonly covers: readonly Cover[];
  readonly pieces: readonly TextPiece[];
  readonly fills: Fill[];
}): Promise<void> {
  const known = new Map<unknown, boolean>();
  for (const { fill, place, image } of page.covers) {
    if (!page.pieces.some((piece) => isOver(fill, piece))) continue;
    const isWhole = known.get(image) ?? hasNoAlpha(await decodedImage(image));
    known.set(image, isWhole);
    if (!isWhole) page.fills[place] = { ...fill, opaque: false };
  }
}

function isOver({ order, box }: Fill, piece: TextPiece): boolean {
  return (
    order > piece.order &&
    Math.max(piece.x0, piece.x1) >= box.x0 &&
    Math.min(piece.x0, piece.x1) <= box.x1 &&
    Math.max(piece.y0, piece.y1) + piece.size >= box.y0 &&
    Math.min(piece.y0, piece.y1) - piece.size <= box.y1
  );
}
