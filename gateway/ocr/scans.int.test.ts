import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import PDFDocument from 'pdfkit';
import type { GatewayExplanation } from '../../schemas/protocols/gateway-explanation.ts';
import { testMapping } from '../accuracy/test-mapping.ts';
import { makeInvoice } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import type { ScanOptions } from '../../tests/rooms/gateway/scan-pdf.ts';
import { makeScan } from '../../tests/rooms/gateway/scan-pdf.ts';
import { openPool } from '../pool/child-pool.ts';
import type { ConverterOutcome } from '../protocol/child-protocol.ts';
import { DEFAULT_POOL_LIMITS } from '../pool/pool-limits.ts';
import { SCANNED_PAGES_MAX } from './scan-reader.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const options = { drawing: false, mappings: [] };
const pool = openPool({ ...DEFAULT_POOL_LIMITS, children: 1, standInsMax: 1 }, options, quiet);
const SLOW_MS = 300_000;

afterAll(() => pool.close(0));

const MAPPING_ID = 'pt_simon_invoice_v1';
const convert = (pdf: Uint8Array, mapping = MAPPING_ID): Promise<ConverterOutcome> =>
  pool.run({ kind: 'convert', mappingId: mapping, parameters: {}, pdf });

/** How papers lie in a scanner: straight, skewed, turned. */
const WAYS: readonly (ScanOptions & { readonly layout: string; readonly invoice: number })[] = [
  { layout: 'modern', invoice: 70_200, seed: 2, quarterTurns: 3, skewDegrees: -0.5 },
  { layout: 'modern', invoice: 70_201, seed: 2, skewDegrees: 2 },
  { layout: 'wide', invoice: 70_500, seed: 5, quarterTurns: 1, skewDegrees: -1.1, noise: 20, ink: 70 },
];
/** How many of those must be read wholly right. The others are refused. */
const RIGHT_MIN = 2;

describe('scanned invoices', () => {
  it(
    'are right, or refused with a reason, and never wrong without a word',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'docket-scans-'));
      try {
        for (const [i, { layout, invoice, ...way }] of WAYS.entries()) {
          const made = await makeInvoice(invoice, { layout });
          writeFileSync(join(folder, `${i}.pdf`), await makeScan(made.pdf, way));
          writeFileSync(join(folder, `${i}.json`), JSON.stringify(made.truth));
        }
        const scored = await testMapping(pool, { folder, mappingId: MAPPING_ID });
        const verdicts = scored.map(({ verdict }) => verdict);
        expect(scored.filter(({ verdict }) => verdict === 'notTold').map(({ untold }) => untold)).toEqual([]);
        expect(verdicts.filter((verdict) => verdict === 'right').length).toBeGreaterThanOrEqual(RIGHT_MIN);
        expect(scored.filter(({ answer }) => !['OK', 'CHECKS_FAILED', 'NO_TEXT'].includes(answer))).toEqual(
          [],
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    SLOW_MS,
  );

  it(
    'say of each value that it was read by OCR, and where on the page as shown',
    async () => {
      const { pdf, truth } = await makeInvoice(70_200, { layout: 'modern' });
      const scan = await makeScan(pdf, { seed: 2, quarterTurns: 3, skewDegrees: -0.5 });
      const [told, original] = await Promise.all(
        [scan, pdf].map(async (bytes) => {
          const outcome = await pool.run({
            kind: 'explain',
            mappingId: MAPPING_ID,
            parameters: {},
            pdf: bytes,
          });
          if (!outcome.ok) throw new Error(outcome.message);
          return JSON.parse(new TextDecoder().decode(outcome.body)) as GatewayExplanation;
        }),
      );
      const number = told?.values.find(({ path }) => path === 'number');
      expect(number).toMatchObject({ value: truth.id, rule: expect.stringContaining('read by OCR') });
      const read = told?.values.filter(({ raw }) => raw !== '') ?? [];
      expect(read.length).toBeGreaterThan(20);
      expect(read.filter(({ rule }) => !rule.includes('read by OCR'))).toEqual([]);
      // After three quarter turns clockwise, the point (x, y) of a page 842 high is at (y, 595 - x).
      const box = original?.values.find(({ path }) => path === 'number')?.box;
      const side = told?.pages[0]?.height ?? 0;
      expect(Math.abs((number?.box?.x0 ?? 0) - (box?.y0 ?? 0))).toBeLessThan(8);
      expect(Math.abs((number?.box?.y1 ?? 0) - (side - (box?.x0 ?? 0)))).toBeLessThan(8);
    },
    SLOW_MS,
  );

  it(
    'are read as text_layout_v1 too, each word with its certainty',
    async () => {
      const pdf = await makePlainPdf({
        texts: [
          ['Good morning to everybody', 80, 90],
          ['Guten Abend', 80, 120],
        ],
      });
      const outcome = await convert(await makeScan(pdf, { seed: 5 }), 'text_layout_v1');
      expect(outcome).toMatchObject({ ok: true, warnings: [{ code: 'TEXT_BY_OCR' }] });
      const xml = outcome.ok ? new TextDecoder().decode(outcome.body) : '';
      expect(xml).toMatch(/ocr="(?:0\.[89]\d*|1)">morning</);
    },
    SLOW_MS,
  );
});

describe('what is not read by OCR', () => {
  it(
    'is refused as NO_TEXT where the setting turns it off',
    async () => {
      const off = openPool({ ...DEFAULT_POOL_LIMITS, children: 1 }, { ...options, ocr: false }, quiet);
      try {
        const pdf = await makeScan(await makePlainPdf({ texts: [['Good morning', 80, 90]] }), { seed: 6 });
        const task = { kind: 'convert' as const, mappingId: 'text_layout_v1', parameters: {}, pdf };
        expect(await off.run(task)).toMatchObject({ ok: false, code: 'NO_TEXT' });
      } finally {
        await off.close(0);
      }
    },
    SLOW_MS,
  );

  it(
    'is refused as NO_TEXT where a picture shows nothing that can be read',
    async () => {
      const pdf = await makeScan(await makePlainPdf({}), { seed: 7, noise: 40 });
      const answer = await convert(pdf);
      expect(answer).toMatchObject({
        ok: false,
        code: 'NO_TEXT',
        message: expect.stringContaining('300 dots an inch'),
      });
    },
    SLOW_MS,
  );

  it(
    'is refused as PDF_LIMIT where a scan has too many pages',
    async () => {
      const page = await makeScan(await makePlainPdf({ texts: [['Good morning', 80, 90]] }), {
        seed: 8,
        dpi: 60,
      });
      const jpeg = page.subarray(
        page.indexOf(Buffer.from([0xff, 0xd8])),
        page.lastIndexOf(Buffer.from([0xff, 0xd9])) + 2,
      );
      const answer = await convert(await pagesOf(jpeg, SCANNED_PAGES_MAX + 1), 'text_layout_v1');
      expect(answer).toMatchObject({
        ok: false,
        code: 'PDF_LIMIT',
        message: expect.stringContaining('pages'),
      });
    },
    SLOW_MS,
  );
});

/** Makes a PDF with the same picture on several pages. */
async function pagesOf(jpeg: Buffer, count: number): Promise<Buffer> {
  const sheet = new PDFDocument({ autoFirstPage: false, margin: 0 });
  const chunks: Buffer[] = [];
  sheet.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => sheet.on('end', () => resolve()));
  for (let i = 0; i < count; i += 1) {
    sheet.addPage({ size: 'A4', margin: 0 });
    sheet.image(jpeg, 0, 0, { width: 595 });
  }
  sheet.end();
  await ended;
  return Buffer.concat(chunks);
}
