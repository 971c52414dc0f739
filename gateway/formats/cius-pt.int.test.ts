import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeInvoicePdf } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { STYLES } from '../../tests/rooms/gateway/invoice-style.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import { startGateway, type RunningGateway } from '../server.ts';
import { ublFaults, hasUblSchemas } from '../../tests/harness/ubl-schema.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const SPECIFICATION = '#compliant#urn:feap.gov.pt:CIUS-PT:2.1.1</cbc:CustomizationID>';
let folder: string;
let gateway: RunningGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docket-cius-pt-'));
  const own = { id: 'estado_v1', version: 1, label: 'Setor público', extends: 'pt_simon_invoice_v1' };
  const output = { customizationId: 'urn:cen.eu:en16931:2017', target: 'cius-pt' };
  writeFileSync(join(folder, 'estado_v1.json'), JSON.stringify({ ...own, output }));
  gateway = await startGateway({ port: 0, children: 2, log: quiet, mappingFolder: folder });
}, 90_000);
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

async function post(path: string, body: Uint8Array | string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', body: body as BodyInit });
  return { status: answer.status, text: await answer.text() };
}

describe('CIUS-PT', () => {
  it.each(STYLES.map(({ name }, i) => ({ layout: name, seed: 40 + i })))(
    'is made of the stored result of a Portuguese invoice in layout $layout, and keeps its rules',
    async ({ layout, seed }) => {
      const pdf = await makeInvoicePdf(seed, { layout, type: 'FT' });
      const stored = await post('/v1/convert?mapping=pt_simon_invoice_v1', pdf);
      expect([stored.status, stored.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
      const made = await post('/v1/format?format=cius-pt', stored.text);
      expect([made.status, made.text]).toEqual([200, expect.stringContaining(SPECIFICATION)]);
      expect(brokenRules(made.text)).toEqual([]);
      if (hasUblSchemas) expect(ublFaults(Buffer.from(made.text))).toEqual([]);
    },
    60_000,
  );

  it('is what a mapping with that target writes, the same as made of its result afterwards', async () => {
    const pdf = await makeInvoicePdf(40, { layout: 'classic', type: 'FT' });
    const written = await post('/v1/convert?mapping=estado_v1', pdf);
    expect([written.status, written.text]).toEqual([200, expect.stringContaining(SPECIFICATION)]);
    const stored = await post('/v1/convert?mapping=pt_simon_invoice_v1', pdf);
    expect(written.text).toBe((await post('/v1/format?format=cius-pt', stored.text)).text);
  }, 60_000);

  it('is refused with the rule and what is missing where the values do not make one', async () => {
    const credit = await makeInvoicePdf(5, { layout: 'boxed', type: 'NC' });
    const stored = await post('/v1/convert?mapping=pt_simon_invoice_v1', credit);
    const refused = await post('/v1/format?format=cius-pt', stored.text);
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      422,
      {
        code: 'FORMAT_NOT_POSSIBLE',
        message:
          'No CIUS-PT can be made that keeps its rules. BR-CIUS-PT-25: the preceding invoice (BG-3) is missing.',
      },
    ]);
    const german = await post('/v1/convert?mapping=eu_invoice_v1', await makePlainInvoice({}));
    expect((await post('/v1/format?format=cius-pt', german.text)).text).toContain('BR-CIUS-PT-03');
  }, 60_000);
});
