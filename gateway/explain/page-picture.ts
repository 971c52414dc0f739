import type { PDFDocumentProxy } from 'pdfjs-dist';
import { pagePictureSidePxMax } from '../../schemas/gateway-explanation.ts';
import type { ExplainedValue } from '../../schemas/gateway-explanation.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type { Box } from '../pdf/matrix.ts';
import type { Canvas, Ink } from './canvas.ts';
import { fontName } from './canvas.ts';
import type { PictureRequest } from '../pool/child-protocol.ts';
import { Refusal } from '../refusal.ts';
import { explain } from './explain.ts';
import { drawReadings, readingsWidthPx, valueNumbers } from './readings-list.ts';

const COLORS: Readonly<Record<ExplainedValue['kind'], string>> = {
  field: '#0a7d28',
  party: '#7a3fb5',
  line: '#1565c0',
  vat: '#b26a00',
  event: '#1565c0',
};
/** Least height of a picture with a list beside the page, in pixels. */
const listHeightMinPx = 700;

/**
 * A PNG of one page: bare, or with a box around every value read and, beside it, what was read, what is missing and
 * which checks failed. `scale` pixels a point, fewer where a side would pass `pagePictureSidePxMax`.
 * @throws Refusal `BAD_PARAMETER` for a page that is not there
 */
export async function pagePicture(
  canvas: Canvas,
  mapping: Mapping,
  document: PDFDocumentProxy,
  { page: pageNumber, draw, scale }: PictureRequest,
): Promise<Uint8Array> {
  if (pageNumber > document.numPages)
    throw new Refusal('BAD_PARAMETER', `The file has only ${document.numPages} pages.`);
  const page = await document.getPage(pageNumber);
  const natural = page.getViewport({ scale: 1 });
  const zoom = Math.min(scale, pagePictureSidePxMax / Math.max(natural.width, natural.height, 1));
  const viewport = page.getViewport({ scale: zoom });
  const [width, height] = [Math.max(1, Math.ceil(viewport.width)), Math.max(1, Math.ceil(viewport.height))];
  const target = canvas.createCanvas(width, height);
  await page.render({ canvasContext: target.getContext('2d') as never, canvas: target as never, viewport })
    .promise;
  if (draw === 'page') return new Uint8Array(target.toBuffer('image/png'));
  const explanation = await explain(mapping, document);
  const sheet = canvas.createCanvas(width + readingsWidthPx, Math.max(height, listHeightMinPx));
  const ink = sheet.getContext('2d');
  ink.fillStyle = '#ffffff';
  ink.fillRect(0, 0, sheet.width, sheet.height);
  ink.drawImage(target, 0, 0);
  drawBoxes(ink, explanation.values, pageNumber, zoom);
  drawReadings(ink, explanation, { x: width, height: sheet.height });
  return new Uint8Array(sheet.toBuffer('image/png'));
}

/** Frames every value of the page; those that the list names one by one get its number beside them. */
function drawBoxes(ink: Ink, values: readonly ExplainedValue[], pageNumber: number, zoom: number): void {
  const numbers = valueNumbers(values);
  const taken: Box[] = [];
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
    if (value.page === pageNumber && value.box && number !== undefined)
      drawTag(ink, value, String(number), zoom, taken);
  }
}

const tagHeightPx = 11;

/** A number on a coloured ground, where it hides nothing that was read: right of the value, left, over or under it. */
function drawTag(ink: Ink, value: ExplainedValue, text: string, zoom: number, taken: Box[]): void {
  const box = value.box;
  if (!box) return;
  ink.font = `9px ${fontName}`;
  const width = Math.ceil(ink.measureText(text).width) + 4;
  const [left, right] = [box.x0 * zoom - 3, box.x1 * zoom + 3];
  const middle = ((box.y0 + box.y1) * zoom - tagHeightPx) / 2;
  const places = [
    [right, middle],
    [left - width, middle],
    [left, box.y0 * zoom - tagHeightPx - 1],
    [left, box.y1 * zoom + 1],
  ].map(([x = 0, y = 0]): Box => ({ x0: x, y0: y, x1: x + width, y1: y + tagHeightPx }));
  const free = (place: Box): boolean =>
    !taken.some((t) => t.x0 < place.x1 && place.x0 < t.x1 && t.y0 < place.y1 && place.y0 < t.y1);
  const place = places.find(free) ?? places[0];
  if (!place) return;
  taken.push(place);
  ink.fillStyle = COLORS[value.kind];
  ink.fillRect(place.x0, place.y0, width, tagHeightPx);
  ink.fillStyle = '#ffffff';
  ink.fillText(text, place.x0 + 2, place.y1 - 2);
}
