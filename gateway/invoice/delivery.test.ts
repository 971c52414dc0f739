import { beforeAll, describe, expect, it } from '@jest/globals';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

/** Returns what the result says about the delivery and the period, and the codes of its warnings. */
async function delivered(page: PlainInvoice): Promise<Record<string, string | undefined>> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  const xml = new TextDecoder().decode(outcome.body);
  const within = (group: string, name: string): string | undefined =>
    new RegExp(`<cac:${group}>[^]*?<cbc:${name}>([^<]*)<[^]*?</cac:${group}>`).exec(xml)?.[1];
  return {
    country: within('DeliveryLocation', 'IdentificationCode'),
    start: within('InvoicePeriod', 'StartDate'),
    end: within('InvoicePeriod', 'EndDate'),
    warnings: outcome.warnings.map(({ code }) => code).join(' '),
  };
}

const FACTS = [
  ['Rechnungsnummer:', 'M-2024-07'],
  ['Rechnungsdatum:', '17.06.2024'],
] as const;

/** A supply within the Union from Germany to a buyer in France. */
const supply: PlainInvoice = {
  buyer: [
    'Rechnung an:',
    'Auberge du Lac',
    '8 rue du Port',
    '74000 Annecy',
    'Frankreich',
    'TVA: FR40303265045',
  ],
  totals: [
    ['Nettobetrag', '400,00 EUR'],
    ['MwSt. 0 %', '0,00 EUR'],
    ['Gesamtbetrag', '400,00 EUR'],
  ],
  after: ['Innergemeinschaftliche Lieferung.'],
};

describe('a supply within the Union', () => {
  it.each([
    ['Lieferadresse', 'Belgien'],
    ['Livraison: adresse', 'BELGIQUE'],
    ['Deliver to:', 'Belgium'],
    ['Dirección de entrega', 'Bélgica'],
    ['Luogo di consegna', 'Belgio'],
    ['Morada de entrega', 'Bélgica'],
  ])('went to the country under the title %s, not to the buyer’s', async (title, country) => {
    const lines = [title, 'Atelier Nord', 'Kerkstraat 4', '9000 Gent', country];
    const head = [
      ...FACTS,
      ['Lieferdatum:', '14.06.2024'] as const,
      ['', ''] as const,
      ...lines.map((line) => [line, ''] as const),
    ];
    expect(await delivered({ ...supply, head })).toMatchObject({ country: 'BE', warnings: '' });
  });

  it('went to the country before the postal code, where the address is a list of labels', async () => {
    const head = [
      ...FACTS,
      ['Lieferdatum:', '14.06.2024'],
      ['Abweichender Warenempfänger', ''],
      ['Name:', 'Atelier Nord'],
      ['Anschrift:', 'Kerkstraat 4'],
      ['', 'BE 9000 Gent'],
    ] as const;
    expect(await delivered({ ...supply, head })).toMatchObject({ country: 'BE', warnings: '' });
  });

  it('went to the buyer’s country with a warning, where the page names no other', async () => {
    const head = [...FACTS, ['Lieferdatum:', '14.06.2024']] as const;
    expect(await delivered({ ...supply, head })).toMatchObject({
      country: 'FR',
      warnings: 'DELIVER_TO_COUNTRY',
    });
  });

  it('may have a period instead of a day', async () => {
    const head = [...FACTS, ['Leistungszeitraum:', '01.05.2024 bis 31.05.2024']] as const;
    expect(await delivered({ ...supply, head })).toMatchObject({ start: '2024-05-01', end: '2024-05-31' });
  });
});

describe('the billing period', () => {
  it.each([
    ['Abrechnungszeitraum', '01.05.2024 - 31.05.2024'],
    ['Billing period:', 'from 1 May 2024 to 31 May 2024'],
    ['Période de facturation :', 'du 01/05/2024 au 31/05/2024'],
    ['Periodo de facturación:', 'del 01/05/2024 al 31/05/2024'],
    ['Periodo di fatturazione', 'dal 01/05/2024 al 31/05/2024'],
    ['Período de faturação:', 'de 01/05/2024 a 31/05/2024'],
  ])('is read after %s %s', async (label, value) => {
    const head = [...FACTS, [label, value]] as const;
    expect(await delivered({ head })).toMatchObject({ start: '2024-05-01', end: '2024-05-31', warnings: '' });
  });

  it('is left out where it ends before it starts, or its dates read both ways', async () => {
    const ends = [...FACTS, ['Leistungszeitraum:', '31.05.2024 - 01.05.2024']] as const;
    expect(await delivered({ head: ends })).toMatchObject({ start: undefined, end: undefined });
    const numbered = [
      ['Invoice number:', 'M-2024-07'],
      ['Invoice date:', '17 June 2024'],
      ['Billing period:', '05/01/2024 - 06/02/2024'],
    ] as const;
    const inEnglish: PlainInvoice = {
      title: 'Invoice',
      columns: ['Description', 'Quantity', 'Unit price', 'Amount'],
      seller: ['Moll Joinery Ltd', '3 Mill Lane', 'Leeds LS1 4AB', 'VAT No: GB123456789'],
      buyer: ['Bill to:', 'The Crown LLC', '1 Market Place', 'York YO1 9XY'],
      rows: [['Oak table', '2', '200.00', '400.00']],
      totals: [
        ['Subtotal', '400.00 USD'],
        ['VAT 20 %', '80.00 USD'],
        ['Total', '480.00 USD'],
      ],
      head: numbered,
    };
    expect(await delivered(inEnglish)).toMatchObject({ start: undefined, end: undefined });
  });
});
