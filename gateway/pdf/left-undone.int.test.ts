import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWarnings } from '../../schemas/protocols/gateway-protocol.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import type { RunningGateway } from '../server.ts';
import { startGateway } from '../server.ts';
import { pdfjsFolder } from './open-document.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
}, 90_000);
afterAll(() => gateway.close());

async function read(pdf: Buffer): Promise<{ text: string; told: string[] }> {
  const response = await fetch(`${gateway.url}/v1/convert?mapping=text_layout_v1`, {
    method: 'POST',
    body: pdf as BodyInit,
  });
  const told = decodeWarnings(response.headers.get('x-warnings')).map(({ code }) => code);
  return { text: await response.text(), told };
}

/** The word `Buried` with an image over it, 200 dots wide: pdfjs decodes smaller ones at once. */
const wordUnder = (filter: string, data: string): Promise<Buffer> =>
  makePlainPdf({
    texts: [['Seen words', 50, 50]],
    draw: (sheet) => {
      sheet.text('Buried', 50, 150, { lineBreak: false });
      sheet.save().transform(100, 0, 0, 30, 40, 140);
      sheet.addContent(`BI /W 200 /H 1 /BPC 1 /CS /G /F /${filter} ID ${data} EI`).restore();
    },
  });

describe('an image that is decoded only where somebody looks', () => {
  it('hides the words under it', async () => {
    const { text, told } = await read(await wordUnder('AHx', `${'00'.repeat(25)}>`));
    expect(text).toContain('Seen');
    expect(text).not.toContain('Buried');
    expect(told).toEqual(['TEXT_COVERED']);
  });

  it('hides nothing if it is damaged, since no program can paint it', async () => {
    const { text, told } = await read(await wordUnder('DCT', 'no photograph at all'));
    expect(text).toContain('Buried');
    expect(told).toEqual([]);
  });
});

describe('a font that is left as it is', () => {
  const set = (): Promise<Buffer> =>
    makePlainPdf({
      compress: false,
      draw: (sheet) => {
        sheet.font(join(pdfjsFolder, 'standard_fonts', 'LiberationSans-Regular.ttf'));
        sheet.text('Façade 1 234,56', 50, 50, { lineBreak: false });
      },
    });

  it.each(['', 'maxp', 'loca', 'head', 'glyf'])('is read the same without its table %j', async (table) => {
    const pdf = await set();
    const at = pdf.indexOf(table, 0, 'latin1');
    expect(at).toBeGreaterThan(-1);
    if (table !== '') pdf.write('none', at, 'latin1');
    const { text, told } = await read(pdf);
    expect(text).toContain('Façade');
    expect(text).toContain('234,56');
    expect(told).toEqual([]);
  });
});
