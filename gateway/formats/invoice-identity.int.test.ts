import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeInvoiceIdentity, GATEWAY_HEADERS } from '../../schemas/protocols/gateway-protocol.ts';
import type { InvoiceIdentity } from '../../schemas/events/job-events.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { readSemantic } from './read-semantic.ts';
import { toCii } from './to-cii.ts';
import type { RunningGateway } from '../server.ts';
import { startGateway } from '../server.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
}, 90_000);
afterAll(() => gateway.close());

/** Returns the result, and the invoice that the headers of the response name. */
async function convert(
  pdf: Uint8Array,
  mapping: string,
): Promise<{ text: string; invoice: InvoiceIdentity | null }> {
  const address = `${gateway.url}/v1/convert?mapping=${mapping}`;
  const answer = await fetch(address, { method: 'POST', body: pdf as BodyInit });
  const text = await answer.text();
  expect([answer.status, text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const said = answer.headers.get(GATEWAY_HEADERS.invoice);
  return { text, invoice: said === null ? null : decodeInvoiceIdentity(said) };
}

describe('what names an invoice', () => {
  it('is the same three values read from the page, from an e-invoice inside the file, and from whichever is found', async () => {
    const page = await convert(await makePlainInvoice({}), 'eu_invoice_v1');
    const written = readSemantic(page.text)!.invoice;
    expect(page.invoice).toEqual({
      sellerTaxId: written.seller.vatId,
      number: written.number,
      issueDate: written.issueDate,
    });
    const content = toCii(written);
    const hybrid = await makePlainInvoice({ attachments: [{ name: 'factur-x.xml', content }] });
    for (const mapping of ['einvoice_embedded_v1', 'invoice_v1', 'eu_invoice_v1'])
      expect([mapping, (await convert(hybrid, mapping)).invoice]).toEqual([mapping, page.invoice]);
  }, 90_000);

  it('is said of no result that is no invoice', async () => {
    expect((await convert(await makePlainInvoice({}), 'text_layout_v1')).invoice).toBeNull();
  }, 90_000);
});
