import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

interface Result extends UblContent {
  readonly warnings: readonly string[];
  readonly xml: string;
}

async function read(page: PlainInvoice): Promise<Result> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  expect(outcome).toMatchObject({ ok: true });
  if (!outcome.ok) throw new Error(outcome.message);
  const xml = new TextDecoder().decode(outcome.body);
  return { ...readUbl(xml), warnings: outcome.warnings.map(({ code }) => code), xml };
}

/** Lists kind, amount and rate of the document's allowances and charges. */
function allowancesIn(xml: string): string[] {
  const lines = xml.replaceAll(/<cac:InvoiceLine>[^]*?<\/cac:InvoiceLine>/g, '');
  return [...lines.matchAll(/<cac:AllowanceCharge>([^]*?)<\/cac:AllowanceCharge>/g)].map(([, part = '']) =>
    ['ChargeIndicator', 'Amount', 'Percent']
      .map((name) => new RegExp(`<cbc:${name}[^>]*>([^<]*)<`).exec(part)?.[1])
      .join(' '),
  );
}

const TWO_RATES: PlainInvoice = {
  columns: ['Bezeichnung', 'Menge', 'MwSt.', 'Einzelpreis', 'Gesamt'],
  rows: [
    ['Eichentisch', '2', '19 %', '150,00', '300,00'],
    ['Brot', '40', '7 %', '2,50', '100,00'],
  ],
};

describe('allowances and charges on the document', () => {
  it('each fall on the rate that its line says, several of one kind too', async () => {
    const { xml, fields, vat } = await read({
      ...TWO_RATES,
      totals: [
        ['Nachlass Treue 19 %', '-30,00 EUR'],
        ['Rabatt Abholung 7 %', '-20,00 EUR'],
        ['Versand 7 %', '10,00 EUR'],
        ['Nettobetrag', '360,00 EUR'],
        ['MwSt. 19 % auf 270,00 EUR', '51,30 EUR'],
        ['MwSt. 7 % auf 90,00 EUR', '6,30 EUR'],
        ['Gesamtbetrag', '417,60 EUR'],
      ],
    });
    expect(allowancesIn(xml)).toEqual(['false 30.00 19', 'false 20.00 7', 'true 10.00 7']);
    expect(fields).toMatchObject({ net: '360.00', tax: '57.60', payable: '417.60' });
    expect(vat.map(({ basis }) => basis)).toEqual(['270.00', '90.00']);
  });

  it('and what was paid before are negative where the totals are', async () => {
    const { xml, fields } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      rows: [
        ['Eichentisch', '-2', '150,00', '-300,00'],
        ['Hocker', '-4', '25,00', '-100,00'],
      ],
      totals: [
        ['Nachlass 19 %', '30,00 EUR'],
        ['Nettobetrag', '-370,00 EUR'],
        ['MwSt. 19 %', '-70,30 EUR'],
        ['Gesamtbetrag', '-440,30 EUR'],
        ['Anzahlung', '-40,30 EUR'],
        ['Zahlbetrag', '-400,00 EUR'],
      ],
    });
    expect(allowancesIn(xml)).toEqual(['false -30.00 19']);
    expect(fields).toMatchObject({ net: '-370.00', payable: '-400.00' });
    expect(xml).toContain('<cbc:PrepaidAmount currencyID="EUR">-40.30<');
  });
});

describe('what was paid before', () => {
  it('is read beside a label in two lines', async () => {
    const { xml } = await read({
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['MwSt. 19 %', '76,00 EUR'],
        ['Gesamtbetrag', '476,00 EUR'],
        [['Bereits bezahlt', '(auch von Dritten)'], '76,00'],
        ['Zahlbetrag', '400,00 EUR'],
      ],
    });
    expect(xml).toContain('<cbc:PrepaidAmount currencyID="EUR">76.00<');
  });

  it('is the printed amount between the total and what is due, in a list of payments without a label', async () => {
    const { xml } = await read({
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['MwSt. 19 %', '76,00 EUR'],
        ['Gesamtbetrag', '476,00 EUR'],
        ['Restbetrag', '326,00 EUR'],
      ],
      after: ['Lastschrift am 01.06.2024 150,00 EUR'],
    });
    expect(xml).toContain('<cbc:PrepaidAmount currencyID="EUR">150.00<');
  });

  it('is not worked out: an amount due that nothing on the page explains is refused', async () => {
    const totals = [
      ['Nettobetrag', '400,00 EUR'],
      ['MwSt. 19 %', '76,00 EUR'],
      ['Gesamtbetrag', '476,00 EUR'],
      ['Restbetrag', '326,00 EUR'],
    ] as const;
    await expect(read({ totals })).rejects.toThrow('BR-CO-16');
  });
});

describe('a VAT category', () => {
  it('is the one whose code the breakdown prints, with the words over and under its row', async () => {
    const { vat, xml } = await read({
      seller: ['Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE136695976'],
      buyer: ['Meubles Doré SARL', '4 rue du Lac', '75002 Paris', 'France', 'TVA: FR83404833048'],
      head: [
        ['Rechnungsnummer:', 'M-2024-07'],
        ['Rechnungsdatum:', '17.06.2024'],
        ['Lieferdatum:', '14.06.2024'],
      ],
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['Steuerbetrag', '0,00 EUR'],
        ['Gesamtbetrag', '400,00 EUR'],
      ],
      breakdown: {
        columns: ['Art (Kategorie)', 'Basisbetrag', 'Steuersatz', 'Steuerbetrag'],
        starts: [50, 250, 350, 450],
        cells: 'middle',
        rows: [[['Umsatzsteuer (K)', 'Lieferung in ein', 'anderes Land der EU'], '400,00', '0', '0,00']],
      },
    });
    expect(vat).toMatchObject([{ category: 'K', basis: '400.00' }]);
    expect(xml).toContain('<cbc:TaxExemptionReason>Lieferung in ein anderes Land der EU<');
    expect(xml).toContain('<cbc:ActualDeliveryDate>2024-06-14<');
  });
});

describe('a total that says it is without the tax', () => {
  it('is no amount of the tax', async () => {
    const { fields } = await read({
      totals: [
        ['Netto (excl. USt.)', '400,00 EUR'],
        ['USt. 19 % von 400,00', '76,00 EUR'],
        ['Brutto (inkl. USt.)', '476,00 EUR'],
      ],
    });
    expect(fields).toMatchObject({ net: '400.00', tax: '76.00', grand: '476.00' });
  });
});
