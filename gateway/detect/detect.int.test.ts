import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gatewayExplanationSchema } from '../../schemas/protocols/gateway-explanation.ts';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { decodeWarnings } from '../../schemas/protocols/gateway-protocol.ts';
import { makeAttachedPdf } from '../../tests/rooms/gateway/attached-pdf.ts';
import { makeInvoicePdf } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { readSemantic } from '../formats/read-semantic.ts';
import type { SemanticInvoice } from '../formats/semantic-invoice.ts';
import { toCii } from '../formats/to-cii.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import type { RunningGateway } from '../server.ts';
import { startGateway } from '../server.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const SLOW_MS = 90_000;
let gateway: RunningGateway;
/** The values on the page of `makePlainInvoice`, as an e-invoice beside it states them. */
let said: SemanticInvoice;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
  const read = readSemantic((await convert(await makePlainInvoice({}), 'eu_invoice_v1')).text);
  if (!read) throw new Error('the sample page was not converted');
  said = read.invoice;
}, SLOW_MS);
afterAll(() => gateway.close());

interface Answer {
  readonly code: string;
  readonly text: string;
  readonly by: string;
  readonly warnings: readonly GatewayWarning[];
}

async function convert(pdf: Uint8Array, mapping = 'invoice_v1'): Promise<Answer> {
  const response = await fetch(`${gateway.url}/v1/convert?mapping=${mapping}`, {
    method: 'POST',
    body: pdf as BodyInit,
  });
  const text = await response.text();
  const by = (response.headers.get('x-converted-by') ?? '').split('/')[0] ?? '';
  const warnings = decodeWarnings(response.headers.get('x-warnings'));
  if (response.ok) return { code: 'OK', text, by, warnings };
  const { code, message } = JSON.parse(text) as { code: string; message: string };
  return { code, text: message, by, warnings };
}

const withXml = (...contents: string[]): Promise<Buffer> =>
  makePlainInvoice({ attachments: contents.map((content, i) => ({ name: `factur-x-${i}.xml`, content })) });
const codes = ({ warnings }: Answer): string[] => warnings.map(({ code }) => code);

describe('an e-invoice inside a PDF, under the detecting mapping', () => {
  it('comes out byte for byte and without a warning when the page says the same', async () => {
    const xml = toCii(said);
    expect(await convert(await withXml('<other/>', xml))).toEqual({
      code: 'OK',
      text: xml,
      by: 'einvoice_embedded_v1',
      warnings: [],
    });
  });

  it('is told of when its totals are not those of the page, with both values', async () => {
    const totals = {
      ...said.totals,
      net: '800.00',
      lines: '800.00',
      tax: '152.00',
      grand: '952.00',
      payable: '952.00',
    };
    const vat = said.vat.map((row) => ({ ...row, basis: '800.00', tax: '152.00' }));
    const lines = said.lines.map((line) => ({
      ...line,
      net: String(Number(line.net) * 2),
      price: String(Number(line.price) * 2),
    }));
    const { code, warnings } = await convert(await withXml(toCii({ ...said, totals, vat, lines })));
    expect([code, warnings.map(({ message }) => message)]).toEqual([
      'OK',
      expect.arrayContaining([
        'The embedded e-invoice says that the total with VAT (BT-112) is 952.00; the page says 476.00.',
      ]),
    ]);
  });

  it('is told of when its number or date is not on the page', async () => {
    const answer = await convert(await withXml(toCii({ ...said, number: 'X-99', issueDate: '2024-06-18' })));
    expect([codes(answer), answer.warnings.map(({ message }) => message).join(' ')]).toEqual([
      ['EMBEDDED_DIFFERS', 'EMBEDDED_DIFFERS'],
      expect.stringMatching(
        /number \(BT-1\) is X-99; the page says M-2024-07.*2024-06-18; the page says 2024-06-17/,
      ),
    ]);
  });

  it('that breaks a rule is not taken: the page is read in its place, and both is said', async () => {
    const totals = { ...said.totals, grand: '476.10', payable: '476.10' };
    const answer = await convert(await withXml(toCii({ ...said, totals })));
    expect([answer.code, answer.by, brokenRules(answer.text)]).toEqual(['OK', 'eu_invoice_v1', []]);
    expect(codes(answer).slice(0, 2)).toEqual(['EMBEDDED_NOT_TAKEN', 'EMBEDDED_DIFFERS']);
    expect(answer.warnings[0]?.message).toMatch(/BR-CO-15.*476\.10/);
  });

  it('that breaks a rule is refused when the page cannot be read either, and both is said', async () => {
    const attachments = [{ name: 'factur-x.xml', content: toCii({ ...said, currency: 'ZZZ' }) }];
    const letter = await makePlainPdf({ texts: [['A letter about nothing', 50, 50]], attachments });
    const { code, text } = await convert(letter);
    expect([code, text]).toEqual(['OUTPUT_INVALID', expect.stringMatching(/BR-CL.*does not look like/)]);
  });

  it('is refused with its number when there are several that differ', async () => {
    const { code, text } = await convert(await withXml(toCii(said), toCii({ ...said, number: 'B' })));
    expect([code, text]).toEqual(['AMBIGUOUS', expect.stringContaining('2 different')]);
  });

  it('on a page without text comes out with the warning that it could not be compared', async () => {
    const file = { name: 'x.xml', content: toCii(said), at: 'annotation' } as const;
    const answer = await convert(makeAttachedPdf([], [file]));
    expect([answer.code, codes(answer)]).toEqual(['OK', ['EMBEDDED_NOT_COMPARED']]);
  });

  it('that is broken XML or of an unknown namespace is said, and the page is read', async () => {
    for (const [xml, code] of [
      [toCii(said).replace('</rsm:ExchangedDocument>', ''), 'EMBEDDED_XML_REFUSED'],
      [
        toCii(said).replaceAll('CrossIndustryInvoice:100', 'CrossIndustryInvoice:999'),
        'EMBEDDED_XML_UNKNOWN',
      ],
    ] as const) {
      const answer = await convert(await withXml(xml));
      expect([answer.code, answer.by, codes(answer)[0]]).toEqual(['OK', 'eu_invoice_v1', code]);
    }
  });
});

describe('a page without an e-invoice, under the detecting mapping', () => {
  const english: PlainInvoice = {
    title: 'Invoice',
    seller: ['Moll Joinery Ltd', '3 Green Lane', 'Leeds LS1 4AP', 'United Kingdom', 'VAT No: GB123456782'],
    buyer: ['Crown Inn Ltd', '1 Market St', 'York YO1 7HH', 'United Kingdom'],
    head: [
      ['Invoice number:', 'M-2024-07'],
      ['Invoice date:', '17 June 2024'],
    ],
    columns: ['Description', 'Quantity', 'Unit price', 'Amount'],
    rows: [['Oak table', '2', '150.00', '300.00']],
    totals: [
      ['Subtotal', '300.00 GBP'],
      ['VAT 20 %', '60.00 GBP'],
      ['Total', '360.00 GBP'],
    ],
  };

  it('is read in its language', async () => {
    for (const page of [{}, english]) {
      const pdf = await makePlainInvoice(page);
      const answer = await convert(pdf);
      const alone = await convert(pdf, 'eu_invoice_v1');
      expect([answer.code, answer.by]).toEqual(['OK', 'eu_invoice_v1']);
      expect(answer.text).toBe(alone.text);
    }
  });

  it(
    'is held to the Portuguese rules when it is Portuguese',
    async () => {
      for (const layout of ['classic', 'boxed'] as const) {
        const pdf = await makeInvoicePdf(31, { layout });
        const answer = await convert(pdf);
        const alone = await convert(pdf, 'pt_simon_invoice_v1');
        expect([answer.code, answer.by, answer.warnings]).toEqual(['OK', 'pt_simon_invoice_v1', []]);
        expect(answer.text).toBe(alone.text);
      }
      const wrong = await convert(await makeInvoicePdf(6, { layout: 'classic', wrongQr: true }));
      expect([wrong.code, wrong.text]).toEqual(['CHECKS_FAILED', expect.stringContaining('PT-QR')]);
    },
    SLOW_MS,
  );

  it('that is no invoice is refused', async () => {
    expect(await convert(await makePlainPdf({ texts: [['A letter about nothing', 50, 50]] }))).toMatchObject({
      code: 'MAPPING_MISMATCH',
    });
  });
});

describe('explain, under the detecting mapping', () => {
  const explained = async (pdf: Uint8Array) => {
    const url = `${gateway.url}/v1/explain?mapping=invoice_v1`;
    const response = await fetch(url, { method: 'POST', body: pdf as BodyInit });
    return gatewayExplanationSchema.parse(await response.json());
  };

  it('says what the e-invoice says, or where on the page each value was read', async () => {
    const embedded = await explained(await withXml(toCii(said)));
    expect(embedded.details['readBy']).toBe('embedded');
    expect(embedded.values).toContainEqual(
      expect.objectContaining({ path: 'number', value: 'M-2024-07', page: 0, rule: 'embedded e-invoice' }),
    );
    const page = await explained(await makePlainInvoice({}));
    expect(page.details).toMatchObject({ readBy: 'page', mapping: 'eu_invoice_v1' });
    expect(page.values).toContainEqual(
      expect.objectContaining({ path: 'number', value: 'M-2024-07', page: 1 }),
    );
  });
});
