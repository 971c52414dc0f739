import { join } from 'node:path';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import { judgeInvoice } from '../invoice/convert-invoice.ts';
import type { JudgedReading } from '../invoice/convert-invoice.ts';
import { sentenceOf } from '../checks/run-checks.ts';
import type { InvoiceMapping, Mapping } from '../mapping/mapping-schema.ts';
import { pdfjsFolder } from '../pdf/open-document.ts';
import { Refusal } from '../refusal.ts';
import { placedValues } from './explain.ts';

/** Pixels per point, and the width of the list beside the page. */
const scale = 1.6;
const listWidthPx = 460;
const sideMaxPx = 4000;
const COLORS = {
  field: '#0a7d28',
  party: '#7a3fb5',
  cell: '#1565c0',
  wrong: '#c62828',
  text: '#222222',
} as const;
const fontName = 'DocketSans';

type Canvas = typeof import('@napi-rs/canvas');

/** Loads the native canvas and its browser classes; must run before pdfjs is loaded. @throws Refusal where it is not installed */
export async function prepareDrawing(): Promise<Canvas> {
  try {
    const canvas = await import('@napi-rs/canvas');
    const scope = globalThis as Record<string, unknown>;
    scope['DOMMatrix'] = canvas.DOMMatrix;
    scope['Path2D'] = canvas.Path2D;
    scope['ImageData'] = canvas.ImageData;
    canvas.GlobalFonts.registerFromPath(
      join(pdfjsFolder, 'standard_fonts', 'LiberationSans-Regular.ttf'),
      fontName,
    );
    return canvas;
  } catch (error) {
    throw new Refusal(
      'INTERNAL',
      'Pictures need the optional package @napi-rs/canvas, which is not installed here.',
      { cause: error },
    );
  }
}

/** A PNG of one page with a box around every value read, and beside it what was read, what is missing and which checks failed. */
export async function pagePicture(
  canvas: Canvas,
  mapping: Mapping,
  document: PDFDocumentProxy,
  pageNumber: number,
): Promise<Uint8Array> {
  if (mapping.reader !== 'invoice')
    throw new Refusal('BAD_PARAMETER', 'Pictures are drawn for mappings that read invoices.');
  if (pageNumber > document.numPages)
    throw new Refusal('BAD_PARAMETER', `The file has only ${document.numPages} pages.`);
  const reading = await judgeInvoice(mapping, document);
  const page = await document.getPage(pageNumber);
  const natural = page.getViewport({ scale: 1 });
  const zoom = Math.min(scale, sideMaxPx / Math.max(natural.width, natural.height, 1));
  const viewport = page.getViewport({ scale: zoom });
  const sheet = canvas.createCanvas(
    Math.ceil(viewport.width) + listWidthPx,
    Math.max(Math.ceil(viewport.height), 700),
  );
  const ink = sheet.getContext('2d');
  ink.fillStyle = '#ffffff';
  ink.fillRect(0, 0, sheet.width, sheet.height);
  const target = canvas.createCanvas(Math.ceil(viewport.width), Math.ceil(viewport.height));
  await page.render({ canvasContext: target.getContext('2d') as never, canvas: target as never, viewport })
    .promise;
  ink.drawImage(target, 0, 0);
  drawBoxes(ink, reading, pageNumber, zoom);
  drawList(ink, mapping, reading, Math.ceil(viewport.width) + 12, sheet.height);
  return new Uint8Array(sheet.toBuffer('image/png'));
}

type Ink = ReturnType<ReturnType<Canvas['createCanvas']>['getContext']>;

function drawBoxes(ink: Ink, reading: JudgedReading, pageNumber: number, zoom: number): void {
  for (const { name, found, kind } of placedValues(reading)) {
    if (found.page !== pageNumber || !found.box) continue;
    const { x0, y0, x1, y1 } = found.box;
    ink.strokeStyle = COLORS[kind];
    ink.lineWidth = kind === 'cell' ? 1 : 2;
    ink.strokeRect(x0 * zoom - 2, y0 * zoom - 1, (x1 - x0) * zoom + 4, (y1 - y0) * zoom + 2);
    if (kind === 'cell') continue;
    ink.font = `10px ${fontName}`;
    ink.fillStyle = COLORS[kind];
    ink.fillText(name, x0 * zoom - 2, y0 * zoom - 4);
  }
}

function drawList(
  ink: Ink,
  mapping: InvoiceMapping,
  reading: JudgedReading,
  x: number,
  height: number,
): void {
  const { invoice, findings } = reading;
  let y = 24;
  const row = (text: string, color: string, size = 12): void => {
    for (const part of wrap(text, 62)) {
      if (y > height - 10) return;
      ink.font = `${size}px ${fontName}`;
      ink.fillStyle = color;
      ink.fillText(part, x, y);
      y += size + 5;
    }
  };
  row(`${mapping.id} (version ${mapping.version})`, COLORS.text, 14);
  for (const [name, rule] of Object.entries(mapping.fields)) {
    const found = invoice.fields.get(name);
    if (found) row(`${name}: ${found.value}${found.page === 0 ? ' (worked out)' : ''}`, COLORS.field);
    else if (rule.required) row(`${name}: MISSING`, COLORS.wrong);
    else row(`${name}: not found`, '#888888');
  }
  for (const role of ['seller', 'buyer'] as const)
    row(
      `${role}: ${invoice[role].name?.value ?? 'MISSING'} ${invoice[role].vatId?.value ?? ''}`,
      invoice[role].name ? COLORS.party : COLORS.wrong,
    );
  row(
    `lines: ${invoice.lines.length}, VAT rates: ${invoice.vat.length}`,
    invoice.lines.length > 0 ? COLORS.cell : COLORS.wrong,
  );
  const failed = findings.filter((finding) => !finding.ok);
  row(
    `checks: ${findings.length - failed.length} of ${findings.length} hold`,
    failed.length > 0 ? COLORS.wrong : COLORS.field,
    14,
  );
  for (const finding of failed) row(`${finding.severity}: ${sentenceOf(finding)}`, COLORS.wrong);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, width));
  }
  return lines;
}
