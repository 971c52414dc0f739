import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';
import { Refusal } from '../protocol/refusal.ts';

beforeAll(loadPdfjs, 60_000);

interface Answer {
  readonly code: string;
  readonly message: string;
  readonly said: UblContent | undefined;
}

async function read(pages: readonly PlainInvoice[], mappingId = 'eu_invoice_v1'): Promise<Answer> {
  try {
    const pdf = await makePlainInvoice(...pages);
    const outcome = await convert({ id: 1, kind: 'convert', mappingId, parameters: {}, pdf });
    if (!outcome.ok) return { code: outcome.code, message: outcome.message, said: undefined };
    return { code: 'OK', message: '', said: readUbl(new TextDecoder().decode(outcome.body)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, message: error.message, said: undefined };
  }
}

const fieldsOf = async (page: PlainInvoice): Promise<UblContent['fields']> => {
  const { message, said } = await read([page]);
  expect(message).toBe('');
  return said?.fields ?? {};
};

describe('the currency', () => {
  it.each([
    ['£400.00', 'GBP'],
    ['400,00 PLN', 'PLN'],
    ['400,00 Kz', 'AOA'],
    ['CHF 400.00', 'CHF'],
    ['$400.00', 'USD'],
  ])('of %s is %s', async (net, code) => {
    const money = (amount: string): string => net.replace(/400/, amount);
    const totals = [
      ['Nettobetrag', money('400')],
      ['MwSt. 19 %', money('76')],
      ['Gesamtbetrag', money('476')],
    ] as const;
    expect(await fieldsOf({ totals })).toMatchObject({ currency: code, payable: '476.00' });
  });

  it('is never assumed: an invoice that prints none is refused', async () => {
    const totals = [
      ['Nettobetrag', '400,00'],
      ['MwSt. 19 %', '76,00'],
      ['Gesamtbetrag', '476,00'],
    ] as const;
    // The VAT of a German seller tells the currency (ADR 0187). This seller prints no number that tells its country.
    const seller = ['Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig'];
    expect(await read([{ totals, seller }])).toMatchObject({
      code: 'CHECKS_FAILED',
      message: expect.stringContaining('BR-05'),
    });
  });
});

const ENGLISH: PlainInvoice = {
  title: 'Invoice',
  seller: ['Barrow Mills', '9 Weir Road', '04109 Leeds'],
  head: [
    ['Invoice number:', 'B-88'],
    ['Invoice date:', '05/06/2024'],
  ],
  columns: ['Description', 'Qty', 'Unit price', 'Amount'],
  rows: [
    ['Oak table', '2', '150.00', '300.00'],
    ['Stool', '4', '25.00', '100.00'],
  ],
  totals: [
    ['Subtotal', '€400.00'],
    ['VAT 19%', '€76.00'],
    ['Total', '€476.00'],
  ],
};

describe('a date that reads both ways', () => {
  it('is refused with both readings where nothing tells which', async () => {
    const { code, message } = await read([ENGLISH]);
    expect(code).toBe('CHECKS_FAILED');
    expect(message).toContain('05/06/2024');
    expect(message).toContain('2024-06-05');
    expect(message).toContain('2024-05-06');
  });

  it('is read by the country of a tax number, or by another date that reads one way', async () => {
    const seller = ['Barrow Mills', '9 Weir Road', 'Leeds LS1 4AB', 'VAT No: GB123456782'];
    const buyer = ['Fen Foods', '7 Mill Lane', 'York YO1 9XY'];
    expect(await fieldsOf({ ...ENGLISH, seller, buyer })).toMatchObject({ date: '2024-06-05' });
    const head = [...(ENGLISH.head ?? []), ['Due date:', '06/25/2024'] as const];
    const { message } = await read([{ ...ENGLISH, head }]);
    expect(message).not.toContain('DATE-ORDER');
  });

  it('of a sentence about a discount is the day on which the net amount falls due', async () => {
    const after = ['Zahlbar bis 24.06.2024 mit 3 % Skonto, bis 17.07.2024 ohne Abzug.'];
    expect(await fieldsOf({ after })).toMatchObject({ due: '2024-07-17' });
  });

  it.each(['\u2010', '\u2011', '\u2012', '\u2013', '\u2212'])(
    'may be written with the dash %s',
    async (dash) => {
      // The standard fonts lack most dashes, so this test gives the parser the text of a font that has them.
      const { parseDate } = await import('../values/dates.ts');
      const { parseNumber } = await import('../values/numbers.ts');
      expect(parseDate(`17${dash}06${dash}2024`, 'dmy')).toBe('2024-06-17');
      expect(parseNumber(`${dash}12,50`, 'comma')).toBe('-12.50');
    },
  );
});

describe('a document that is no invoice', () => {
  it.each([
    ['Angebot', 'a quotation'],
    ['Devis', 'a quotation'],
    ['Lieferschein', 'a delivery note'],
    ['Packing slip', 'a delivery note'],
    ['Albarán', 'a delivery note'],
    ['Auftragsbestätigung', 'an order'],
    ['Ordine', 'an order'],
    ['Kontoauszug', 'a statement of account'],
    ['Mahnung', 'a reminder'],
    ['Sollecito di pagamento', 'a reminder'],
    ['Proforma-Rechnung', 'a pro forma invoice'],
    ['Facture pro forma', 'a pro forma invoice'],
  ])('is refused by its title %s', async (title, kind) => {
    const { code, message } = await read([{ title }]);
    expect({ title, code }).toEqual({ title, code: 'MAPPING_MISMATCH' });
    expect(message).toContain(kind);
  });

  it.each([
    'Documento não válido como fatura',
    'This is not a tax invoice',
    'Dies ist keine Rechnung',
    'Ce document ne constitue pas une facture',
    'Este documento no es una factura',
    'Il presente documento non costituisce fattura',
  ])('is refused by its sentence: %s', async (sentence) => {
    expect(await read([{ after: [sentence] }])).toMatchObject({ code: 'MAPPING_MISMATCH' });
  });

  it.each(['ANULADA', 'STORNIERT', 'CANCELLED', 'ANNULLATA'])('is refused by its stamp %s', async (stamp) => {
    expect(await read([{ after: [stamp] }])).toMatchObject({ code: 'MAPPING_MISMATCH' });
  });

  it('is not an invoice that names an order, a delivery note or a reminder in its text', async () => {
    const head = [
      ['Rechnungsnummer:', 'M-2024-07'],
      ['Rechnungsdatum:', '17.06.2024'],
      ['Lieferschein:', 'L-12'],
      ['Bestellung:', 'B-9'],
    ] as const;
    const after = ['Nach der ersten Mahnung berechnen wir 5,00 EUR. Unser Angebot vom Mai ist storniert.'];
    expect(await fieldsOf({ head, after })).toMatchObject({ id: 'M-2024-07' });
  });
});

describe('a file of several pages', () => {
  const second: PlainInvoice = {
    head: [
      ['Rechnungsnummer:', 'M-2024-08'],
      ['Rechnungsdatum:', '18.06.2024'],
    ],
  };

  it('that holds two invoices is refused with their numbers and pages', async () => {
    const { code, message } = await read([{}, second]);
    expect(code).toBe('AMBIGUOUS');
    expect(message).toContain('M-2024-07 on page 1, M-2024-08 on page 2');
  });

  it('that holds the copies of one invoice is that invoice', async () => {
    const marked = (word: string): PlainInvoice => ({ after: [word] });
    const { message, said } = await read([marked('Original'), marked('Duplikat'), marked('Kopie')]);
    expect(message).toBe('');
    expect(said?.lines).toHaveLength(2);
    expect(said?.fields).toMatchObject({ id: 'M-2024-07', payable: '476.00' });
  });
});

describe('the VAT', () => {
  const totalsAt = (rate: string, tax: string, total: string): Required<PlainInvoice>['totals'] => [
    ['Nettobetrag', '400,00 EUR'],
    [`MwSt. ${rate} %`, `${tax} EUR`],
    ['Gesamtbetrag', `${total} EUR`],
  ];

  it.each([
    ['2,1', '8,40', '408,40', '2.1'],
    ['8,1', '32,40', '432,40', '8.1'],
    ['25,5', '102,00', '502,00', '25.5'],
  ])('of %s %% keeps its decimals', async (rate, tax, total, wanted) => {
    const { message, said } = await read([{ totals: totalsAt(rate, tax, total) }]);
    expect(message).toBe('');
    expect(said?.vat).toMatchObject([{ rate: wanted, basis: '400.00', category: 'S' }]);
  });

  it('at two rates on two lines of the totals is a breakdown of both', async () => {
    const { message, said } = await read([
      {
        columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt', 'MwSt.'],
        rows: [
          ['Eichentisch', '2', '150,00', '300,00', '19 %'],
          ['Kochbuch', '4', '25,00', '100,00', '7 %'],
        ],
        totals: [
          ['Nettobetrag', '400,00 EUR'],
          ['USt. 19 %', '57,00 EUR'],
          ['USt. 7 %', '7,00 EUR'],
          ['Gesamtbetrag', '464,00 EUR'],
        ],
      },
    ]);
    expect(message).toBe('');
    expect(said?.vat).toMatchObject([
      { rate: '19', basis: '300.00', tax: '57.00' },
      { rate: '7', basis: '100.00', tax: '7.00' },
    ]);
  });

  it.each([
    ['Reverse charge: the customer accounts for the VAT.', 'AE'],
    ['Autoliquidation par le preneur.', 'AE'],
    ['Inversión del sujeto pasivo.', 'AE'],
    ['Steuerfreie Leistung nach § 4 Nr. 21 UStG.', 'E'],
    ['Als Kleinunternehmer wird keine Umsatzsteuer berechnet.', 'E'],
  ])('that is not charged has a reason: %s', async (sentence, category) => {
    const { message, said } = await read([
      {
        buyer: ['Gasthof Krone OHG', 'Markt 1', '99084 Erfurt', 'USt-IdNr.: DE811907980'],
        totals: totalsAt('0', '0,00', '400,00'),
        after: [sentence],
      },
    ]);
    expect(message).toBe('');
    expect(said?.vat).toMatchObject([{ tax: '0.00', category }]);
  });

  it('with a charge below the lines is charged on both', async () => {
    const { message, said } = await read([
      {
        totals: [
          ['Zwischensumme', '400,00 EUR'],
          ['Versandkosten', '20,00 EUR'],
          ['MwSt. 19 %', '79,80 EUR'],
          ['Gesamtbetrag', '499,80 EUR'],
        ],
      },
    ]);
    expect(message).toBe('');
    expect(said?.fields).toMatchObject({ net: '420.00', tax: '79.80', payable: '499.80' });
  });
});

describe('numbers and parties', () => {
  it.each([
    ['Preis/100', 'Menge', '20,00', '1500'],
    ['Preis/1000', 'Menge', '200,00', '1500'],
    ['Prix/100', 'Qté', '20,00', '1500'],
  ])('a price that its title %s gives for many is the price of one', async (title, quantity, price, qty) => {
    const { message, said } = await read([
      {
        columns: ['Bezeichnung', quantity, title, 'Gesamt'],
        rows: [
          ['Dübel 6 mm', qty, price, '300,00'],
          ['Haken', '500', price, '100,00'],
        ],
      },
    ]);
    expect(message).toBe('');
    expect(said?.lines).toMatchObject([
      { qty, price: '0.2', total: '300.00' },
      { qty: '500', price: '0.2', total: '100.00' },
    ]);
  });

  it('a number with blanks is kept whole', async () => {
    const head = [
      ['Rechnungsnummer:', 'TM 24 0071'],
      ['Rechnungsdatum:', '17.06.2024'],
    ] as const;
    expect(await fieldsOf({ head })).toMatchObject({ id: 'TM 24 0071' });
  });

  it('a buyer without a title is the other address, and at home where it names no country', async () => {
    expect(await fieldsOf({})).toMatchObject({
      sellerName: 'Tischlerei Moll GmbH',
      buyerName: 'Gasthof Krone OHG',
      buyerStreet: 'Markt 1',
      buyerCity: '99084 Erfurt',
    });
  });

  it('a number that the seller calls yours is the buyer’s', async () => {
    const buyer = ['Gasthof Krone OHG', 'Markt 1', '99084 Erfurt', 'Ihre USt-IdNr.: DE811907980'];
    expect(await fieldsOf({ buyer })).toMatchObject({ sellerVat: 'DE136695976', buyerVat: 'DE811907980' });
  });
});
