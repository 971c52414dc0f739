import type { PDFDocumentProxy } from 'pdfjs-dist';
import { PAGE_PICTURE_SIDE_PX_MAX } from '../../schemas/protocols/gateway-explanation.ts';
import type { ExplainedValue } from '../../schemas/protocols/gateway-explanation.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import type { Box } from '../pdf/matrix.ts';
import type { Canvas, Ink } from './canvas.ts';
import { FONT_NAME } from './canvas.ts';
import type { PictureRequest } from '../protocol/child-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import { explain } from './explain.ts';
import { drawReadings, READINGS_WIDTH_PX, valueNumbers } from './readings-list.ts';

const COLORS: Readonly<Record<ExplainedValue['kind'], string>> = {
  field: '#0a7d28',
  party: '#7a3fb5',
  line: '#1565c0',
  vat: '#b26a00',
  event: '#1565c0',
};
/** The least height of a picture with a list beside the page, in pixels. */
const LIST_HEIGHT_MIN_PX = 700;

/**
 * Draws one page as PNG. `boxes` adds a box around every value, and a list beside the page with the values, the
 * missing values and the failed checks. `scale` is the number of pixels for each point. The function
 * reduces it when a side would exceed `PAGE_PICTURE_SIDE_PX_MAX`.
 * @throws Refusal `BAD_PARAMETER` for a page that the file does not have
 */
export async function pagePicture(
  canvas: Canvas,
  { mapping, registry }: { readonly mapping: Mapping; readonly registry: MappingRegistry },
  document: PDFDocumentProxy,
  { page: pageNumber, draw, scale }: PictureRequest,
): Promise<Uint8Array> {
  if (pageNumber > document.numPages)
    throw new Refusal('BAD_PARAMETER', `The file has only ${document.numPages} pages.`);
  const page = await document.getPage(pageNumber);
  const natural = page.getViewport({ scale: 1 });
  const zoom = Math.min(scale, PAGE_PICTURE_SIDE_PX_MAX / Math.max(natural.width, natural.height, 1));
  const viewport = page.getViewport({ scale: zoom });
  const width = Math.max(1, Math.ceil(viewport.width));
  const height = Math.max(1, Math.ceil(viewport.height));
  const target = canvas.createCanvas(width, height);
  await page.render({ canvasContext: target.getContext('2d') as never, canvas: target as never, viewport })
    .promise;
  if (draw === 'page') return new Uint8Array(target.toBuffer('image/png'));
  const explanation = await explain(mapping, registry, document);
  const sheet = canvas.createCanvas(width + READINGS_WIDTH_PX, Math.max(height, LIST_HEIGHT_MIN_PX));
  const ink = sheet.getContext('2d');
  ink.fillStyle = '#ffffff';
  ink.fillRect(0, 0, sheet.width, sheet.height);
  ink.drawImage(target, 0, 0);
  drawBoxes(ink, target.getContext('2d'), explanation.values, { pageNumber, zoom });
  drawReadings(ink, explanation, { x: width, height: sheet.height });
  return new Uint8Array(sheet.toBuffer('image/png'));
}

/**
 * Frames every value of the page. A value that the list names by itself gets its number beside the frame. The number
 * hides no other value and, if possible, no ink of the page.
 */
function drawBoxes(
  ink: Ink,
  bare: Ink,
  values: readonly ExplainedValue[],
  { pageNumber, zoom }: { readonly pageNumber: number; readonly zoom: number },
): void {
  const numbers = valueNumbers(values);
  const taken: Box[] = [];
  const isFree = (place: Box): boolean => !taken.some((other) => overlap(other, place));
  for (const { page, box, kind } of values) {
    if (page !== pageNumber || !box) continue;
    const frame = {
      x0: box.x0 * zoom - 2,
      y0: box.y0 * zoom - 1,
      x1: box.x1 * zoom + 2,
      y1: box.y1 * zoom + 1,
    };
    ink.strokeStyle = COLORS[kind];
    ink.lineWidth = kind === 'line' || kind === 'vat' ? 1 : 2;
    ink.strokeRect(frame.x0, frame.y0, frame.x1 - frame.x0, frame.y1 - frame.y0);
    taken.push(frame);
  }
  for (const value of values) {
    const number = numbers.get(value.path);
    if (value.page !== pageNumber || !value.box || number === undefined) continue;
    const text = String(number);
    ink.font = `9px ${FONT_NAME}`;
    const places = tagPlaces(value.box, Math.ceil(ink.measureText(text).width) + 4, zoom);
    const free = places.filter(isFree);
    const place = free.find((at) => isBlank(bare, at)) ?? free[0] ?? places[0];
    taken.push(place);
    drawTag(ink, place, text, COLORS[value.kind]);
  }
}

const TAG_HEIGHT_PX = 11;

/** Returns the places for the number of a value: right of it, left, above or below. */
function tagPlaces(box: Box, width: number, zoom: number): [Box, ...Box[]] {
  const left = box.x0 * zoom - 3;
  const right = box.x1 * zoom + 3;
  const middle = ((box.y0 + box.y1) * zoom - TAG_HEIGHT_PX) / 2;
  const at = (x: number, y: number): Box => ({ x0: x, y0: y, x1: x + width, y1: y + TAG_HEIGHT_PX });
  return [
    at(right, middle),
    at(left - width, middle),
    at(left, box.y0 * zoom - TAG_HEIGHT_PX - 1),
    at(left, box.y1 * zoom + 1),
    at(right - width, box.y0 * zoom - TAG_HEIGHT_PX - 1),
    at(right - width, box.y1 * zoom + 1),
  ];
}

function overlap(a: Box, b: Box): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

/** Draws a number on a coloured ground. */
function drawTag(ink: Ink, place: Box, text: string, color: string): void {
  ink.fillStyle = color;
  ink.fillRect(place.x0, place.y0, place.x1 - place.x0, TAG_HEIGHT_PX);
  ink.fillStyle = '#ffffff';
  ink.fillText(text, place.x0 + 2, place.y1 - 2);
}

/** True when all pixels at a place have one colour. */
function isBlank(ink: Ink, { x0, y0, x1, y1 }: Box): boolean {
  const left = Math.floor(x0);
  const top = Math.floor(y0);
  const { data } = ink.getImageData(left, top, Math.ceil(x1) - left, Math.ceil(y1) - top);
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  return pixels.every((pixel) => pixel === pixels[0]);
}
