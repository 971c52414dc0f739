import type { PDFDocumentProxy } from 'pdfjs-dist';
import { pagePictureSidePxMax } from '../../schemas/gateway-explanation.ts';
import type { ExplainedValue } from '../../schemas/gateway-explanation.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type { Canvas, Ink } from './canvas.ts';
import { fontName } from './canvas.ts';
import type { PictureRequest } from '../pool/child-protocol.ts';
import { Refusal } from '../refusal.ts';
import { explain } from './explain.ts';
import { drawReadings, readingsWidthPx } from './readings-list.ts';

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

function drawBoxes(ink: Ink, values: readonly ExplainedValue[], pageNumber: number, zoom: number): void {
  for (const { path, kind, page, box } of values) {
    if (page !== pageNumber || !box) continue;
    const { x0, y0, x1, y1 } = box;
    const small = kind === 'line' || kind === 'vat';
    ink.strokeStyle = COLORS[kind];
    ink.lineWidth = small ? 1 : 2;
    ink.strokeRect(x0 * zoom - 2, y0 * zoom - 1, (x1 - x0) * zoom + 4, (y1 - y0) * zoom + 2);
    if (small) continue;
    ink.font = `10px ${fontName}`;
    ink.fillStyle = COLORS[kind];
    ink.fillText(path, x0 * zoom - 2, y0 * zoom - 4);
  }
}
