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

async function read(page: PlainInvoice, mappingId = 'eu_invoice_v1'): Promise<Result> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId, parameters: {}, pdf });
  expect(outcome).toMatchObject({ ok: true });
  if (!outcome.ok) throw new Error(outcome.message);
  const xml = new TextDecoder().decode(outcome.body);
  return { ...readUbl(xml), warnings: outcome.warnings.map(({ code }) => code), xml };
}

/** A Portuguese invoice of two lines at 23 %. */
const PORTUGUESE: PlainInvoice = {
  title: 'Fatura FT B/31',
  seller: ['Serração Vale Verde, Lda', 'Rua do Moinho, 3', '3000-101 Coimbra', 'NIF: 501442600'],
  buyer: ['Restaurante Porto Novo, Lda', 'Praça Velha, 8', '4000-210 Porto', 'NIF do cliente: 502011378'],
  head: [['Data:', '17/06/2024'], ['ATCUD:', 'JFVB2K7M-31']],
  columns: ['Designação', 'Qtd.', 'Preço unit.', 'Total'],
  rows: [['Mesa de pinho', '2', '150,00', '300,00'], ['Banco', '4', '25,00', '100,00']],
  totals: [['Total ilíquido', '400,00 €'], ['IVA 23 %', '92,00 €'], ['Total com IVA', '492,00 €']],
  after: ['aB1c-Processado por programa certificado n.º 1234/AT'],
}; // prettier-ignore

describe('titles of columns', () => {
  it('of a number over those of a name head a column with the number above each name', async () => {
    const { lines } = await read({
      columns: [['Artikelnummer', 'Beschreibung'], 'Menge', 'Einzelpreis', 'Gesamt'],
      rows: [
        [['ET-20', 'Eichentisch'], '2', '150,00', '300,00'],
        [['HK-9', 'Hocker'], '4', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { code: 'ET-20', name: 'Eichentisch', qty: '2' },
      { code: 'HK-9', name: 'Hocker', qty: '4' },
    ]);
  });

  it('in two languages, one above the other, mean what both can mean', async () => {
    const { lines } = await read({
      columns: [['Item no.', 'Référence'], ['Description', 'Désignation'], ['Quantity', 'Quantité'], ['Unit price', 'Prix unitaire'], ['Amount', 'Montant']],
      rows: [['ET-20', 'Eichentisch', '2', '150,00', '300,00'], ['HK-9', 'Hocker', '4', '25,00', '100,00']],
      starts: [50, 130, 300, 370, 470],
    }); // prettier-ignore
    expect(lines).toMatchObject([{ code: 'ET-20', name: 'Eichentisch' }, { code: 'HK-9' }]);
  });

  it('with words in brackets say whether the amounts include the VAT', async () => {
    const { lines } = await read({
      columns: ['Bezeichnung', 'Menge', ['Einzelpreis', '(ohne USt.)'], 'USt. %', ['Einzelpreis', '(inkl. USt.)'], ['Gesamt', '(inkl. USt.)']],
      rows: [['Eichentisch', '2', '150,00', '19', '178,50', '357,00'], ['Hocker', '4', '25,00', '19', '29,75', '119,00']],
      starts: [50, 200, 250, 330, 380, 470],
    }); // prettier-ignore
    expect(lines).toMatchObject([
      { price: '150.00', total: '300.00' },
      { price: '25.00', total: '100.00' },
    ]);
  });

  it('of dates head a column of their own, so that a long date is no part of a name', async () => {
    const { lines } = await read({
      columns: ['Datum', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      rows: [['3. Juni 2024', 'Eichentisch', '2', '150,00', '300,00'], ['14. Juni 2024', 'Hocker', '4', '25,00', '100,00']],
      starts: [50, 130, 330, 390, 480],
    }); // prettier-ignore
    expect(lines).toMatchObject([{ name: 'Eichentisch' }, { name: 'Hocker' }]);
  });
});

describe('lines of a table', () => {
  it('that are the sum of the items above, or stand below it, are no items', async () => {
    const { lines, fields } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      totals: [['Ware', '400,00 EUR'], ['Versandkosten', '10,00 EUR'], ['Nettobetrag', '410,00 EUR'], ['MwSt. 19 %', '77,90 EUR'], ['Gesamtbetrag', '487,90 EUR']],
      starts: [50, 270, 340, 450],
    }); // prettier-ignore
    expect(lines).toHaveLength(2);
    expect(fields).toMatchObject({ net: '410.00', grand: '487.90' });
  });

  it('take the rates of their codes from the breakdown', async () => {
    const { xml } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt', 'MwSt.'],
      rows: [['Eichentisch', '2', '150,00', '300,00', '1'], ['Brot', '40', '2,50', '100,00', '2']],
      starts: [50, 270, 340, 420, 500],
      totals: [['Nettobetrag', '400,00 EUR'], ['Summe MwSt.', '64,00 EUR'], ['Gesamtbetrag', '464,00 EUR']],
      breakdown: {
        columns: ['Code', 'Nettobetrag', 'Steuersatz', 'Steuerbetrag'],
        rows: [['1', '300,00', '19', '57,00'], ['2', '100,00', '7', '7,00']],
        starts: [50, 150, 250, 350],
        cells: 'top',
      },
    }); // prettier-ignore
    expect(
      [...xml.matchAll(/<cac:ClassifiedTaxCategory>[^]*?<cbc:Percent>(\d+)/g)].map(([, rate]) => rate),
    ).toEqual(['19', '7']);
  });

  it('whose amount is a hundredth of quantity times price have a price for a hundred', async () => {
    const { xml, warnings } = await read({
      rows: [
        ['Schrauben', '1500', '20,00', '300,00'],
        ['Hocker', '4', '25,00', '100,00'],
      ],
    });
    expect(xml).toMatch(/<cbc:BaseQuantity[^>]*>100</);
    expect(warnings).toEqual(['PRICE_BASE_DERIVED']);
  });

  it('that have the price of another line keep it for one unit, if the other line adds up', async () => {
    const { xml, warnings } = await read({
      rows: [
        ['Schrauben M6', '1000', '30,00', '300,00'],
        ['Schrauben M8', '10', '30,00', '300,00'],
      ],
      totals: [['Nettobetrag', '600,00 EUR'], ['MwSt. 19 %', '114,00 EUR'], ['Gesamtbetrag', '714,00 EUR']],
    }); // prettier-ignore
    expect(xml).not.toContain('BaseQuantity');
    expect(warnings).toEqual(['LINE-NET']);
  });

  it('whose quantity is printed with a mark keep their price, since the mark may be misread', async () => {
    const { xml } = await read({
      rows: [
        ['Schrauben', '1.500', '20,00', '300,00'],
        ['Hocker', '4', '25,00', '100,00'],
      ],
    });
    expect(xml).not.toContain('BaseQuantity');
  });
});

describe('totals', () => {
  it('with a row for each rate are those of the row that sums them up', async () => {
    const { fields, vat } = await read({
      columns: ['Bezeichnung', 'Menge', 'MwSt.', 'Einzelpreis', 'Gesamt'],
      rows: [['Eichentisch', '2', '19 %', '150,00', '300,00'], ['Brot', '40', '7 %', '2,50', '100,00']],
      totals: [],
      breakdown: {
        columns: ['Nettobetrag', 'MwSt-Betrag', 'MwSt-%', 'Endbetrag'],
        rows: [['300,00', '57,00', '19,0', '357,00'], ['100,00', '7,00', '7,0', '107,00'], ['400,00', '64,00', 'EUR', '464,00']],
        starts: [50, 180, 300, 420],
        cells: 'top',
      },
    }); // prettier-ignore
    expect(fields).toMatchObject({ net: '400.00', tax: '64.00', grand: '464.00' });
    expect(vat).toHaveLength(2);
  });

  it('less a tax withheld give the amount that the seller receives', async () => {
    const { fields } = await read(
      {
        ...PORTUGUESE,
        totals: [...(PORTUGUESE.totals ?? []), ['Retenção de IRC', '-100,00 €'], ['Importância a receber', '392,00 €']],
      },
      'pt_simon_invoice_v1',
    ); // prettier-ignore
    expect(fields).toMatchObject({ grand: '492.00', payable: '392.00' });
  });
});

describe('an amount due that no known label names', () => {
  it('is what is left of the total below a deduction', async () => {
    const { fields, xml } = await read({
      totals: [['Nettobetrag', '400,00 EUR'], ['MwSt. 19 %', '76,00 EUR'], ['Gesamtbetrag', '476,00 EUR'], ['Gewährleistung', '-47,60 EUR'], ['Verbleibt', '428,40 EUR']],
    }); // prettier-ignore
    expect(fields).toMatchObject({ grand: '476.00', payable: '428.40' });
    expect(xml).toContain('>47.60</cbc:PrepaidAmount>');
  });
});

describe('parties', () => {
  it('are read without the label of their street', async () => {
    const { fields } = await read({
      ...PORTUGUESE,
      buyer: ['Cliente: Padaria do Largo, Lda', 'Morada: Praça Velha, 8', '4000-210 Porto'],
    });
    expect(fields).toMatchObject({ buyerName: 'Padaria do Largo, Lda', buyerStreet: 'Praça Velha, 8' });
  });

  it('get the number under a title that names nobody, if it is the only other one', async () => {
    const { fields } = await read(
      {
        ...PORTUGUESE,
        buyer: ['Exmo.(s) Sr.(s)', 'Padaria do Largo, Lda', 'Praça Velha, 8', '4000-210 Porto'],
        head: [['Contribuinte', 'Data'], ['502011378', '17/06/2024'], ['ATCUD:', 'JFVB2K7M-31']],
      },
      'pt_simon_invoice_v1',
    ); // prettier-ignore
    expect(fields).toMatchObject({ sellerVat: 'PT501442600', buyerVat: 'PT502011378' });
  });
});

describe('labels', () => {
  it('in two languages with a slash between them name one field', async () => {
    const { fields } = await read({
      ...PORTUGUESE,
      title: 'Fatura/Invoice FT B/31',
      head: [['Data/Date:', '17/06/2024'], ['Vencimento/Due date:', '17/07/2024']],
    }); // prettier-ignore
    expect(fields).toMatchObject({ id: 'FT B/31', date: '2024-06-17', due: '2024-07-17' });
  });

  it('of number and date above both give each its own', async () => {
    const { fields } = await read({
      head: [['Belegnummer/Datum', ''], ['90004711 / 17.06.2024', '']],
    }); // prettier-ignore
    expect(fields).toMatchObject({ id: '90004711', date: '2024-06-17' });
  });
});
