import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

const WITHOUT_CURRENCY: PlainInvoice = {
  totals: [
    ['Nettobetrag', '400,00'],
    ['MwSt. 19 %', '76,00'],
    ['Gesamtbetrag', '476,00'],
  ],
};
const FRENCH: PlainInvoice = {
  ...WITHOUT_CURRENCY,
  seller: ['Menuiserie Morel SARL', '3 rue des Tilleuls', '69002 Lyon', 'N° TVA : FR40303265045'],
};

async function converted(page: PlainInvoice) {
  const pdf = await makePlainInvoice(page);
  return convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
}

describe('the currency of an invoice that prints none', () => {
  it.each([
    ['German', WITHOUT_CURRENCY],
    ['French', FRENCH],
  ])('is the euro, and is told, where a %s seller charges VAT', async (_of, page) => {
    const outcome = await converted(page);
    if (!outcome.ok) throw new Error(outcome.message);
    expect(readUbl(new TextDecoder().decode(outcome.body)).fields.currency).toBe('EUR');
    expect(outcome.warnings).toContainEqual(
      expect.objectContaining({
        code: 'CURRENCY_DERIVED',
        message: expect.stringContaining('No currency is printed.'),
      }),
    );
  });

  it.each([
    [
      'a seller outside the euro area',
      { seller: ['Moll Ltd', '3 Mill Lane', 'Leeds LS1 4AP', 'VAT No. GB123456782'] },
    ],
    ['a currency that was replaced', { after: ['Alle Beträge in DEM.'] }],
    ['two currencies', { after: ['Zum Vergleich: 476,00 EUR, 520,00 USD'] }],
    [
      'no VAT',
      {
        totals: [
          ['Nettobetrag', '400,00'],
          ['MwSt. 0 %', '0,00'],
          ['Gesamtbetrag', '400,00'],
        ],
        after: ['Steuerfrei nach § 4 Nr. 11 UStG'],
      },
    ],
  ] as const)('is refused with %s', async (_what, change) => {
    await expect(converted({ ...WITHOUT_CURRENCY, ...change })).rejects.toThrow(/BR-05/);
  });
});
