import { beforeAll, describe, expect, it } from '@jest/globals';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { convert } from '../conversion/convert.ts';
import { onSheet } from '../../tests/rooms/gateway/layouts/make-layout.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import { loadPdfjs } from './open-document.ts';

beforeAll(loadPdfjs, 60_000);

const TEXT = 'The delivery of the fourteenth of May was complete and is paid for with';
const AMOUNT = '1.234,50';

/** Makes a page with two fonts of two-byte codes. Only their maps to Unicode say what the characters are. */
const twoFonts = (): Promise<Buffer> =>
  onSheet((sheet) => {
    sheet.font('Liberation').fontSize(10).text(TEXT, 50, 50, { lineBreak: false });
    sheet.font('Liberation-Bold').text(AMOUNT, 50, 80, { lineBreak: false });
  });

/** Removes the maps of these fonts, counted in the order of the file. */
function withoutMaps(pdf: Buffer, fonts: readonly number[]): Buffer {
  let at = -1;
  const text = pdf.toString('latin1').replace(/\/ToUnicode /g, (found) => {
    at += 1;
    return fonts.includes(at) ? '/NoUnicode ' : found;
  });
  return Buffer.from(text, 'latin1');
}

async function read(pdf: Buffer): Promise<{ text: string; warnings: readonly GatewayWarning[] }> {
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'text_layout_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  return { text: new TextDecoder().decode(outcome.body), warnings: outcome.warnings };
}

describe('characters that their font does not define', () => {
  it('are no text where a page has hardly others', async () => {
    const pdf = withoutMaps(await twoFonts(), [0, 1]);
    await expect(read(pdf)).rejects.toMatchObject({
      code: 'NO_TEXT',
      message: expect.stringContaining('do not say what'),
    });
  });

  it('are told where a page has others too', async () => {
    const told = await Promise.all(
      [[0], [1]].map(async (fonts) => {
        const pdf = withoutMaps(await twoFonts(), fonts);
        return read(pdf).catch((error: unknown) => (error as { code?: string }).code);
      }),
    );
    // One of the two fonts prints nearly all of the page, the other one prints the amount.
    expect(told).toContain('NO_TEXT');
    expect(told).toContainEqual(
      expect.objectContaining({
        text: expect.stringContaining('fourteenth'),
        warnings: expect.arrayContaining([expect.objectContaining({ code: 'CHARACTERS_UNDEFINED' })]),
      }),
    );
  });

  it('are none where the font has its map, or an encoding with the names of letters', async () => {
    const embedded = await read(await twoFonts());
    expect(embedded.warnings).toEqual([]);
    expect(embedded.text).toContain(AMOUNT);
    const standard = await read(await makePlainPdf({ draw: (sheet) => void sheet.text(TEXT, 50, 50) }));
    expect(standard.warnings).toEqual([]);
  });

  it('are those whose glyphs have names of the program that made the font', async () => {
    const named = (name: (code: number) => string): Buffer =>
      type3(Array.from({ length: 94 }, (_, i) => name(i + 33)));
    await expect(read(named((code) => `glyph_${code}x`))).rejects.toMatchObject({ code: 'NO_TEXT' });
    const plain = await read(named((code) => `uni${code.toString(16).toUpperCase().padStart(4, '0')}`));
    expect(plain.warnings).toEqual([]);
    expect(plain.text).toContain('Invoice');
  });
});

/** Makes a file with a Type 3 font that has one drawing for each name, for the codes from 33 on. */
function type3(names: readonly string[]): Buffer {
  const widths = names.map(() => '60').join(' ');
  const differences = names.map((name) => `/${name}`).join(' ');
  const drawings = names.map((name) => `/${name} 6 0 R`).join(' ');
  const stream = (text: string): string => `<< /Length ${text.length} >>\nstream\n${text}\nendstream`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    stream('BT /F1 10 Tf 50 700 Td (Invoice) Tj ET'),
    `<< /Type /Font /Subtype /Type3 /FontBBox [0 0 99 99] /FontMatrix [0.01 0 0 0.01 0 0] /FirstChar 33 /LastChar 126 /Widths [${widths}] /Encoding << /Differences [33 ${differences}] >> /CharProcs << ${drawings} >> /Resources << >> >>`,
    stream('60 0 0 0 50 50 d1 0 0 50 50 re f'),
  ];
  let text = '%PDF-1.7\n';
  const places = objects.map((body, i) => {
    const place = text.length;
    text += `${i + 1} 0 obj\n${body}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 7\n0000000000 65535 f \n${places.join('')}`;
  return Buffer.from(
    `${text}${table}trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`,
    'latin1',
  );
}
