import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

async function converted(page: PlainInvoice): Promise<{ fields: UblContent['fields']; warnings: string[] }> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  return {
    fields: readUbl(new TextDecoder().decode(outcome.body)).fields,
    warnings: outcome.warnings.map(({ code }) => code),
  };
}

const fieldsOf = async (page: PlainInvoice): Promise<UblContent['fields']> => (await converted(page)).fields;

const TAX_NUMBER = 'USt-IdNr.: DE136695976';

describe('a letterhead in one line', () => {
  it('is the seller, and the address in the window under it the buyer', async () => {
    const fields = await fieldsOf({
      seller: ['Tel. 0341 555', TAX_NUMBER],
      buyer: [
        'Hufschmiede Vogt e.K. · Torgasse 9 · 04109 Leipzig',
        'Reiterhof Brandt',
        'Frau Ines Brandt',
        'Koppelweg 2',
        '99084 Erfurt',
      ],
    });
    expect(fields).toMatchObject({
      sellerName: 'Hufschmiede Vogt e.K.',
      sellerStreet: 'Torgasse 9',
      sellerCity: '04109 Leipzig',
      buyerName: 'Reiterhof Brandt',
      buyerStreet: 'Koppelweg 2',
      buyerCity: '99084 Erfurt',
    });
  });

  it('has names with a dash of their own', async () => {
    const lines = [
      'Vogt - Beschläge GmbH · Torgasse 9 · 04109 Leipzig',
      'Vogt – Beschläge GmbH – Torgasse 9 – 04109 Leipzig',
    ];
    for (const [i, name] of ['Vogt - Beschläge GmbH', 'Vogt – Beschläge GmbH'].entries()) {
      const buyer = [lines[i] ?? '', 'Reiterhof Brandt', 'Koppelweg 2', '99084 Erfurt'];
      const fields = await fieldsOf({ seller: ['Tel. 0341 555', TAX_NUMBER], buyer });
      expect(fields).toMatchObject({ sellerName: name, sellerStreet: 'Torgasse 9' });
    }
  });

  it('may shorten a name that stands in full with its legal form elsewhere', async () => {
    const fields = await fieldsOf({
      seller: ['Albrecht Fenster GmbH', TAX_NUMBER],
      buyer: [
        'Albrecht Fenster, Torgasse 9, 04109 Leipzig',
        'Reiterhof Brandt',
        'Koppelweg 2',
        '99084 Erfurt',
      ],
    });
    expect(fields).toMatchObject({ sellerName: 'Albrecht Fenster GmbH', buyerName: 'Reiterhof Brandt' });
  });
});

describe('an address', () => {
  it('has its street behind a person, where the street is the line with a number', async () => {
    const fields = await fieldsOf({
      buyer: ['Gasthof Krone OHG', 'Frau Lena Thiel', 'Markt 1', '99084 Erfurt'],
    });
    expect(fields).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerStreet: 'Markt 1' });
  });

  it('may hold street and place in one line', async () => {
    const fields = await fieldsOf({
      seller: ['Tischlerei Moll GmbH', 'Am Anger 3, 04109 Leipzig', TAX_NUMBER],
    });
    expect(fields).toMatchObject({ sellerStreet: 'Am Anger 3', sellerCity: '04109 Leipzig' });
  });
});

/** An invoice that prints seller, buyer and its own facts as one list of labels and values. */
const asList = (...rows: readonly (readonly [string, string])[]): PlainInvoice => ({
  seller: [TAX_NUMBER],
  buyer: [],
  head: [...rows, ['Rechnungsnummer:', 'M-2024-07'], ['Rechnungsdatum:', '17.06.2024']],
});

describe('a party in a list of labels', () => {
  it('keeps a name that begins with a label of ours', async () => {
    const page = asList(
      ['Verkäufer', ''],
      ['Name:', 'Lieferant Süd GmbH'],
      ['Anschrift:', 'Am Anger 3'],
      ['', 'DE 04109 Leipzig'],
      ['Käufer', ''],
      ['Name:', 'Auftraggeber West AG'],
      ['Anschrift:', 'Markt 1'],
      ['', 'DE 99084 Erfurt'],
    );
    expect(await fieldsOf(page)).toMatchObject({
      sellerName: 'Lieferant Süd GmbH',
      sellerStreet: 'Am Anger 3',
      buyerName: 'Auftraggeber West AG',
      buyerStreet: 'Markt 1',
      buyerCity: '99084 Erfurt',
    });
  });

  it('may have a contact between its name and its address', async () => {
    const page = asList(
      ['Verkäufer', ''],
      ['Name:', 'Moll Möbel GmbH'],
      ['Ansprechpartner:', 'Ines Brandt'],
      ['Anschrift:', 'Am Anger 3'],
      ['', 'DE 04109 Leipzig'],
      ['Käufer', ''],
      ['Name:', 'Gasthof Krone OHG'],
      ['Anschrift:', 'Markt 1'],
      ['', 'DE 99084 Erfurt'],
    );
    expect(await fieldsOf(page)).toMatchObject({ sellerName: 'Moll Möbel GmbH', sellerStreet: 'Am Anger 3' });
  });
});

describe('a name', () => {
  it.each(['Le Comptoir Vert', 'Von Hofmann Druck', 'Kunde GmbH'])(
    'that begins with a label, %s, is a name',
    async (name) => {
      expect(await fieldsOf({ buyer: [name, 'Markt 1', '99084 Erfurt'] })).toMatchObject({ buyerName: name });
    },
  );

  it('of the seller is not that of a person under a title in a grid', async () => {
    const page = {
      head: [
        ['Rechnungsnummer:', 'M-2024-07'],
        ['Rechnungsdatum:', '17.06.2024'],
        ['Vendor:', 'M. Keller'],
      ] as const,
    };
    expect(await fieldsOf(page)).toMatchObject({
      sellerName: 'Tischlerei Moll GmbH',
      sellerCity: '04109 Leipzig',
    });
  });

  it('is the one that the account to pay to belongs to, of the lines above the street', async () => {
    const page = {
      seller: ['Möbel mit Herz', 'Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig', TAX_NUMBER],
      after: ['Kontoinhaber: Tischlerei Moll GmbH'],
    };
    expect(await fieldsOf(page)).toMatchObject({
      sellerName: 'Tischlerei Moll GmbH',
      sellerStreet: 'Am Anger 3',
    });
  });
});

describe('a title', () => {
  it('says number and date before a line of the text does', async () => {
    const page = {
      title: 'Handelsrechnung (380) Nr. 4711-A vom 30.05.2024',
      head: [['Zahlungsreferenz', 'Rechnungsnummer: 9900']] as const,
      after: ['Freier Text zur Rechnung BT-22, Stand vom 10.01.2023'],
    };
    expect(await fieldsOf(page)).toMatchObject({ id: '4711-A', date: '2024-05-30' });
  });
});

describe('the number', () => {
  it('is none that a sentence speaks of', async () => {
    const page = {
      title: 'Avoir',
      head: [
        ['N° d’avoir:', '2024-0690'],
        ['Date d’avoir:', '17/06/2024'],
      ] as const,
      after: ['Annule et remplace partiellement la facture 2024-0511 du 01/05/2024'],
    };
    expect(await fieldsOf(page)).toMatchObject({ id: '2024-0690', date: '2024-06-17' });
  });
});

describe('the due date', () => {
  it('is not the only date of a line about a discount', async () => {
    const page = {
      after: ['Bis zum 27.06.2024 erhalten Sie 2 % Skonto', 'Bis zum 17.07.2024 ohne Abzug'],
    };
    expect(await fieldsOf(page)).toMatchObject({ due: '2024-07-17' });
  });
});

describe('the due date in a list of payments', () => {
  it('is not the date until which a discount is given', async () => {
    const page = {
      after: ['Fällig am 27.06.2024', 'Bei Zahlung bis 27.06.2024: 3 % Skonto', 'Fällig am 17.07.2024'],
    };
    expect(await fieldsOf(page)).toMatchObject({ due: '2024-07-17' });
  });

  it('stays open where the only one ends a discount', async () => {
    const page = { after: ['Fällig am 27.06.2024', 'Bei Zahlung bis 27.06.2024: 3 % Skonto'] };
    expect((await fieldsOf(page)).due).toBeUndefined();
  });
});

describe('the title of a trade name', () => {
  it('is no name: the name stands under it', async () => {
    const page = { buyer: ['Customer Trade Name', 'Gasthof Krone OHG', 'Markt 1', '99084 Erfurt'] };
    expect(await fieldsOf(page)).toMatchObject({ buyerName: 'Gasthof Krone OHG' });
  });
});

describe('a name in doubt', () => {
  const under = (...lines: readonly string[]): PlainInvoice => ({ buyer: [...lines, '99084 Erfurt'] });

  it('is named: a street without a name above it', async () => {
    const { warnings } = await converted(under('Buyer', '456 Buyer Street'));
    expect(warnings).toContain('BUYER_NAME');
  });

  it('is named: words behind a title without a colon have more words under them', async () => {
    const { warnings } = await converted(under('Customer Brand Krone', 'Gasthof Krone OHG', 'Markt 1'));
    expect(warnings).toContain('BUYER_NAME');
  });

  it('is named: several lines of words stand above the street', async () => {
    const { warnings } = await converted(
      under('Einkauf Nord', 'Gasthof Krone OHG', 'Frau Lena Thiel', 'Markt 1'),
    );
    expect(warnings).toContain('BUYER_NAME');
  });

  it('is named: both parties have the same', async () => {
    const { warnings } = await converted(under('Rechnung an:', 'Tischlerei Moll GmbH', 'Am Anger 3'));
    expect(warnings).toEqual(expect.arrayContaining(['SELLER_NAME', 'BUYER_NAME']));
  });

  it('is named: the page states its legal form apart, so the registered name goes without it', async () => {
    const seller = (after: string) =>
      converted({
        seller: ['Moulin Vert SARL', '8 rue du Port', '74000 Annecy', 'TVA : FR40303265045'],
        after: [after],
      });
    const apart = await seller('APE : 4778C - SARL au capital de 120 000 €');
    expect(apart.warnings).toContain('SELLER_NAME');
    expect(apart.fields.sellerName).toBe('Moulin Vert');
    const repeated = await seller('www.moulin-vert.fr - SARL au capital de 120 000 €');
    expect(repeated.warnings).not.toContain('SELLER_NAME');
    expect(repeated.fields.sellerName).toBe('Moulin Vert');
    const inFoot = await seller(
      'Titulaire : Moulin Vert SARL, www.moulin-vert.fr - SARL au capital de 120 000 €',
    );
    expect(inFoot.warnings).toContain('SELLER_NAME');
    const behind = await seller('Moulin Vert SARL au capital de 120 000 €');
    expect(behind.warnings).not.toContain('SELLER_NAME');
    expect(behind.fields.sellerName).toBe('Moulin Vert SARL');
  });

  it('is none with a person or a department under it', async () => {
    const { warnings } = await converted(under('Gasthof Krone OHG', 'Frau Lena Thiel', 'Markt 1'));
    const two = await converted(under('Gasthof Krone OHG', 'Frau Lena Thiel', 'Einkauf', 'Markt 1'));
    expect(two.warnings).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('two tax numbers under one label', () => {
  it('are told apart by the register and the directors beside the seller’s', async () => {
    const { sellerVat } = await fieldsOf({
      seller: ['Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig'],
      head: [
        ['Rechnungsnummer:', 'M-2024-07'],
        ['Rechnungsdatum:', '17.06.2024'],
        ['Kundennummer:', '4711'],
        ['USt-IdNr.:', 'DE129273398'],
      ],
      after: ['Geschäftsführer: Karl Moll', 'Registergericht Leipzig, HRB 4711', 'USt-IdNr. DE136695976'],
    });
    expect(sellerVat).toBe('DE136695976');
  });
});

describe('a buyer without a country', () => {
  const withRate = (rate: string, tax: string, grand: string): PlainInvoice => ({
    totals: [
      ['Nettobetrag', '400,00 EUR'],
      [`MwSt. ${rate} %`, `${tax} EUR`],
      ['Gesamtbetrag', `${grand} EUR`],
    ],
  });

  it('is at home without a word where the VAT is that of the seller’s country', async () => {
    expect((await converted(withRate('19', '76,00', '476,00'))).warnings).toEqual([]);
  });

  it('is said to be worked out where the country has no such rate', async () => {
    expect((await converted(withRate('23', '92,00', '492,00'))).warnings).toEqual(['BUYER_COUNTRY']);
  });
});
