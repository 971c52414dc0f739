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

const TAX_NUMBER = 'USt-IdNr.: DE136695976';

describe('an address in one line under a name', () => {
  it.each(['Gewerbepark Süd, Halle 4, 04109 Leipzig', 'Hof Anger 2 - Halle B - 04109 Leipzig'])(
    'is no name and street of its own: %s',
    async (line) => {
      const { fields } = await converted({ seller: ['Tischlerei Moll GmbH', line, TAX_NUMBER] });
      expect(fields).toMatchObject({ sellerName: 'Tischlerei Moll GmbH', sellerCity: '04109 Leipzig' });
      expect(fields.sellerStreet).toMatch(/Halle [4B]$/);
    },
  );
});

describe('a brand over an address', () => {
  const address = ['Am Anger 3', '04109 Leipzig', TAX_NUMBER];

  it('is not the name where a line under it begins with the brand', async () => {
    const { fields, warnings } = await converted({ seller: ['MOLL', 'Moll Möbel am Anger', ...address] });
    expect(fields).toMatchObject({ sellerName: 'Moll Möbel am Anger', sellerStreet: 'Am Anger 3' });
    expect(warnings).toEqual([]);
  });

  it('is not the name where one line under it has a legal form, which is told unless the page repeats it', async () => {
    const seller = ['Wohnwelt', 'Tischlerei Moll GmbH', ...address];
    const one = await converted({ seller });
    expect(one.fields.sellerName).toBe('Tischlerei Moll GmbH');
    expect(one.warnings).toEqual(['SELLER_NAME']);
    const twice = await converted({ seller, after: ['Konto der Tischlerei Moll GmbH bei der Sparkasse'] });
    expect(twice.fields.sellerName).toBe('Tischlerei Moll GmbH');
    expect(twice.warnings).toEqual([]);
  });

  it('is one name with the legal form that stands alone under it', async () => {
    const { fields } = await converted({ seller: ['Möbelhaus am Anger', 'GmbH & Co. KG', ...address] });
    expect(fields.sellerName).toBe('Möbelhaus am Anger GmbH & Co. KG');
  });

  it.each(['Möbel nach Maß seit 1954', 'Ihr Tischler seit 1954'])(
    'may have a slogan with a year under it, which is no street: %s',
    async (slogan) => {
      const { fields } = await converted({ seller: ['Tischlerei Moll GmbH', slogan, ...address] });
      expect(fields).toMatchObject({
        sellerName: 'Tischlerei Moll GmbH',
        sellerStreet: 'Am Anger 3',
        sellerVat: 'DE136695976',
      });
    },
  );
});

describe('a street without a number', () => {
  it('stands under the department that the letter is for', async () => {
    const buyer = ['Gasthof Krone OHG', 'z. Hd. Einkauf', 'Schlossplatz, Haus B', '99084 Erfurt'];
    const { fields, warnings } = await converted({ buyer });
    expect(fields).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerStreet: 'Schlossplatz, Haus B' });
    expect(warnings).toEqual([]);
  });

  it('is told where another line may be the street as well', async () => {
    const buyer = ['Gasthof Krone OHG', 'Einkauf und Lager', 'Schlossplatz, Haus B', '99084 Erfurt'];
    const { fields, warnings } = await converted({ buyer });
    expect(fields).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerStreet: 'Schlossplatz, Haus B' });
    expect(warnings).toEqual(['BUYER_NAME']);
  });
});

describe('facts in small type', () => {
  const small = {
    headSize: 7,
    headValues: { size: 11, lower: 1 },
    head: [
      ['Rechnungsnummer', '471102'],
      ['Rechnungsdatum', '17.06.2024'],
      ['Kundennummer', 'K 4711'],
    ],
  } as const;

  it('have their values beside them in larger type, a few points lower', async () => {
    const { fields } = await converted(small);
    expect(fields).toMatchObject({ id: '471102', date: '2024-06-17' });
  });

  it('beside the title of the buyer are not the address that it announces', async () => {
    const buyer = ['Rechnungsempfänger', 'Gasthof Krone OHG', 'Markt 1', '99084 Erfurt'];
    const head = [...small.head, ['Hinweis', 'Danke'], ['Zeichen', 'HM']] as const;
    const { fields } = await converted({ ...small, head, buyer });
    expect(fields).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerCity: '99084 Erfurt' });
  });
});
