import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  decodeConvertedBy,
  decodeWarnings,
  GATEWAY_HEADERS,
} from '../../schemas/protocols/gateway-protocol.ts';
import { readUbl } from '../accuracy/read-ubl.ts';
import { makeInvoice } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { startGateway, type RunningGateway } from '../server.ts';

const page = new URL('../../docs/how-to/a-mapping-for-a-supplier.md', import.meta.url);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The invoice of a joiner: a logo in place of a name, and an unusual label at the number. */
const invoice = () =>
  makePlainInvoice({
    seller: ['USt-IdNr.: DE136695976'],
    buyer: ['Rechnungsempfänger:', 'Gasthof Krone OHG', 'Markt 1', '99084 Erfurt'],
    head: [
      ['Vorgang:', 'M-2024-07'],
      ['Rechnungsdatum:', '17.06.2024'],
    ],
  });

describe('the example of docs/how-to/a-mapping-for-a-supplier.md', () => {
  let folder: string;
  let gateway: RunningGateway;
  let casa: Awaited<ReturnType<typeof makeInvoice>>;
  beforeAll(async () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
    folder = mkdtempSync(join(tmpdir(), 'docket-example-'));
    writeFileSync(join(folder, `${(JSON.parse(example) as { id: string }).id}.json`), example);
    casa = await makeInvoice(11, { layout: 'classic' });
    const forCasa = { extends: 'pt_simon_invoice_v1', forSellers: [`PT${casa.truth.seller.nif}`] };
    const own = { id: 'casa_v1', version: 2, label: 'Casa', ...forCasa };
    writeFileSync(join(folder, 'casa_v1.json'), JSON.stringify(own));
    gateway = await startGateway({ port: 0, children: 1, log: quiet, mappingFolder: folder });
  }, 90_000);
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  it('converts what the mapping it extends refuses, found by the tax number on the page', async () => {
    const plain = await startGateway({ port: 0, children: 1, log: quiet });
    try {
      const refused = await fetch(`${plain.url}/v1/convert?mapping=eu_invoice_v1`, {
        method: 'POST',
        body: (await invoice()) as BodyInit,
      });
      expect(refused.status).toBe(422);
      expect(await refused.text()).toContain('BR-02');
    } finally {
      await plain.close();
    }
    const answer = await fetch(`${gateway.url}/v1/convert?mapping=eu_invoice_v1`, {
      method: 'POST',
      body: (await invoice()) as BodyInit,
    });
    expect(readUbl(await answer.text()).fields).toMatchObject({
      id: 'M-2024-07',
      sellerName: 'Tischlerei Moll GmbH',
      sellerVat: 'DE136695976',
      sellerStreet: 'Am Anger 3',
    });
    expect(decodeConvertedBy(answer.headers.get(GATEWAY_HEADERS.convertedBy) ?? '')).toMatchObject({
      id: 'moll_v1',
      version: 1,
    });
    const warnings = decodeWarnings(answer.headers.get(GATEWAY_HEADERS.warnings));
    expect(warnings.filter(({ code }) => code === 'GIVEN-PARTY')).toEqual([]);
  }, 90_000);

  it('leaves a Portuguese page to its supplier’s mapping under the detecting one, and not under the locked one', async () => {
    const by = async (mapping: string): Promise<string | undefined> => {
      const answer = await fetch(`${gateway.url}/v1/convert?mapping=${mapping}`, {
        method: 'POST',
        body: casa.pdf as BodyInit,
      });
      await answer.arrayBuffer();
      return decodeConvertedBy(answer.headers.get(GATEWAY_HEADERS.convertedBy) ?? '')?.id;
    };
    expect(await by('invoice_v1')).toBe('casa_v1');
    expect(await by('pt_simon_invoice_v1')).toBe('pt_simon_invoice_v1');
  }, 90_000);
});
