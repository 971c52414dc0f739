import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

async function read(page: PlainInvoice): Promise<UblContent> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  return readUbl(new TextDecoder().decode(outcome.body));
}

async function linesOf(page: PlainInvoice): Promise<UblContent['lines']> {
  return (await read(page)).lines;
}

const COLUMNS: PlainInvoice = {
  columns: ['Pos', ['Art.-Nr. Kunde', 'Art.-Nr. Lieferant', '(EAN)'], 'Beschreibung', 'Einzelpreis', 'Menge', 'MwSt. %', 'Betrag'],
  starts: [50, 85, 180, 330, 400, 450, 500],
}; // prettier-ignore

describe('remarks under an item', () => {
  it('with the mark of a list belong to the item above, also where they stand closer to the item below', async () => {
    const lines = await linesOf({
      columns: ['Pos', 'Beschreibung', 'Einzelpreis', 'Menge', 'Betrag'],
      starts: [50, 110, 330, 400, 480],
      rows: [
        ['1', ['Eichentisch', 'Preis pro Tisch: 150,00', '', '* Lieferzeit: Juni', '* Ursprung: DE'], '150,00', '2', '300,00'],
        ['2', 'Hocker', '25,00', '4', '100,00'],
      ],
    }); // prettier-ignore
    expect(lines).toMatchObject([{ name: 'Eichentisch' }, { name: 'Hocker' }]);
  });

  it('are no names: a name that begins with a period has a warning', async () => {
    const pdf = await makePlainInvoice({
      columns: ['Pos', 'Beschreibung', 'Einzelpreis', 'Menge', 'Betrag'],
      starts: [50, 110, 330, 400, 480],
      rows: [
        ['1', 'Zeitraum vom 01.05.2024 bis 31.05.2024 Wartung', '150,00', '2', '300,00'],
        ['2', 'Hocker', '25,00', '4', '100,00'],
      ],
    });
    const outcome = await convert({
      id: 1,
      kind: 'convert',
      mappingId: 'eu_invoice_v1',
      parameters: {},
      pdf,
    });
    expect(outcome).toMatchObject({ ok: true, warnings: [{ code: 'LINE_NAME' }] });
  });
});

describe('a cell of references', () => {
  it('with a number of unknown owner beside the code has a warning', async () => {
    const cells = (label: string) => [
      ['1', [`${label} ET-2000`, 'Ref.: 4711-A'], 'Eichentisch', '150,00', '2 Stk', '19 %', '300,00'],
      ['2', 'HK-9', 'Hocker', '25,00', '4 Stk', '19 %', '100,00'],
    ];
    const codes = async (label: string): Promise<string[]> => {
      const page = { ...COLUMNS, columns: ['Pos', 'Referenzen', ...(COLUMNS.columns ?? []).slice(2)], rows: cells(label) };
      const pdf = await makePlainInvoice(page);
      const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
      return outcome.ok ? outcome.warnings.map(({ code }) => code) : [outcome.message];
    };
    expect(await codes('L_NR:')).toEqual(['CELL_TEXT']);
    expect(await codes('Kunden-Art.-Nr.:')).toEqual([]);
  }); // prettier-ignore
});

describe('titles of columns', () => {
  it('are read under a heading that stands right over them', async () => {
    const lines = await linesOf({
      columns: [['Unsere Lieferung und Leistung im Einzelnen', 'Pos'], ...['Art.-Nr.', 'Bezeichnung', 'Menge', 'Betrag'].map((title) => ['', title])],
      starts: [50, 85, 180, 400, 500],
      rows: [['1', 'ET-20', 'Eichentisch', '2', '300,00'], ['2', 'HK-9', 'Hocker', '4', '100,00']],
    }); // prettier-ignore
    expect(lines).toMatchObject([
      { code: 'ET-20', name: 'Eichentisch', qty: '2', total: '300.00' },
      { code: 'HK-9', name: 'Hocker', qty: '4', total: '100.00' },
    ]);
  });

  it('are one where two blanks stand between their words', async () => {
    const lines = await linesOf({
      columns: ['Pos', 'Produkt  Beschreibung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 110, 330, 390, 480],
      rows: [
        ['1', 'Eichentisch TB-20, massiv und geölt, Lieferung frei', '2', '150,00', '300,00'],
        ['2', 'Hocker HK-9, dreibeinig, mit losem Polster in Grau', '4', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Eichentisch TB-20, massiv und geölt, Lieferung frei' },
      { name: 'Hocker HK-9, dreibeinig, mit losem Polster in Grau' },
    ]);
  });

  it('of several numbers over one another head one column, where a number without a label is nobody’s', async () => {
    const lines = await linesOf({
      ...COLUMNS,
      rows: [
        ['1', ['ET-20', '4006381333931', '(EAN)'], 'Eichentisch', '150,00', '2 Stk', '19 %', '300,00'],
        ['2', 'HK-9', 'Hocker', '25,00', '4 Stk', '19 %', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { code: '4006381333931', name: 'Eichentisch' },
      { code: undefined, name: 'Hocker', qty: '4', total: '100.00' },
    ]);
  });
});

describe('a column of amounts', () => {
  it('may be called the price without tax, over the price of one', async () => {
    const lines = await linesOf({
      columns: ['Description', 'Quantity', 'Unit price', 'Disc.', 'Price w/o tax'],
      starts: [50, 250, 320, 400, 460],
      rows: [
        ['Oak table', '2', '150.00 €', '10%', '270.00 €'],
        ['Stool', '4', '25.00 €', '', '100.00 €'],
      ],
      totals: [['Net total', '370.00 €'], ['VAT 19 %', '70.30 €'], ['Total', '440.30 €']],
    }); // prettier-ignore
    expect(lines).toMatchObject([
      { price: '150.00', total: '270.00' },
      { price: '25.00', total: '100.00' },
    ]);
  });

  it('tells the currency by its title alone', async () => {
    const { fields } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt/CHF'],
      rows: [['Eichentisch', '2', '150,00', '300,00'], ['Hocker', '4', '25,00', '100,00']],
      totals: [['Nettobetrag', '400,00'], ['MwSt. 19 %', '76,00'], ['Gesamtbetrag', '476,00']],
    }); // prettier-ignore
    expect(fields.currency).toBe('CHF');
  });
});

describe('a column of numbers', () => {
  it('called # holds quantities where they have decimals, and no codes', async () => {
    const lines = await linesOf({
      columns: ['#', 'Produkt', 'Einzelpreis', 'Summe'],
      starts: [50, 110, 330, 440],
      rows: [['2,00', 'Eichentisch', '150,00', '300,00'], ['4,00', 'Hocker', '25,00', '100,00']],
    }); // prettier-ignore
    expect(lines).toMatchObject([
      { code: undefined, name: 'Eichentisch', qty: '2', total: '300.00' },
      { code: undefined, name: 'Hocker', qty: '4', total: '100.00' },
    ]);
  });
});

describe('an amount that is open from before', () => {
  it('is added to the total and counts as a payment below zero', async () => {
    const { fields } = await read({
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['MwSt. 19 %', '76,00 EUR'],
        ['Gesamtbetrag', '476,00 EUR'],
        ['Saldovortrag', '150,00 EUR'],
        ['Zahlbetrag', '626,00 EUR'],
      ],
    });
    expect(fields).toMatchObject({ grand: '476.00', payable: '626.00' });
  });
});

describe('a row', () => {
  it('takes the amount that stands half a line under its quantity, beside more words or none', async () => {
    const lines = await linesOf({
      ...COLUMNS,
      rows: [
        ['1', ['', '4006381333931', '(EAN)'], ['Eichentisch', 'massiv'], '150,00', '2 Stk', '19 %', ['', '300,00']],
        ['2', ['', ' '], 'Hocker', '25,00', '4 Stk', '19 %', ['', '100,00']],
      ],
    }); // prettier-ignore
    expect(lines).toMatchObject([
      { name: 'Eichentisch massiv', qty: '2', price: '150.00', total: '300.00' },
      { name: 'Hocker', qty: '4', price: '25.00', total: '100.00' },
    ]);
    expect(lines).toHaveLength(2);
  });

  it('is one too where its position stands lower still, beside remarks', async () => {
    const lines = await linesOf({
      ...COLUMNS,
      rows: [
        ['1', ['', ' '], 'Eichentisch', '150,00', '2 Stk', '19 %', ['', '300,00']],
        [['', '', '2'], '', ['Hocker', '', 'mit losem Polster'], '25,00', '4 Stk', '19 %', ['', '100,00']],
      ],
    });
    expect(lines).toMatchObject([{ total: '300.00' }, { qty: '4', price: '25.00', total: '100.00' }]);
  });

  it('takes the quantity that stands half a line over its amount, where no price is printed', async () => {
    const lines = await linesOf({
      ...COLUMNS,
      rows: [
        ['1', '', ['Eichentisch', 'massiv'], '', '2 Stk', '19 %', ['', '300,00']],
        ['2', '', ['Hocker', 'Basismenge: 1 Stk'], '', '4 Stk', '19 %', ['', '100,00']],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Eichentisch massiv', qty: '2', total: '300.00' },
      { name: 'Hocker', qty: '4', total: '100.00' },
    ]);
  });

  it('whose description says for how many units the price is, has that number and a name without it', async () => {
    const lines = await linesOf({
      ...COLUMNS,
      rows: [
        ['1', '', ['Schrauben', 'Preisbasis: 100 Stk'], '150,00', '200 Stk', '19 %', '300,00'],
        ['2', '', 'Hocker', '25,00', '4 Stk', '19 %', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Schrauben', qty: '200', total: '300.00' },
      { name: 'Hocker', qty: '4', price: '25.00' },
    ]);
  });
});

describe('a label of one of the facts', () => {
  it('is no title of another kind of document, however large the facts are set', async () => {
    const head = [
      ['Rechnungsnummer:', 'M-2024-07'],
      ['Rechnungsdatum:', '17.06.2024'],
      ['Bestellung:', 'B-771'],
    ] as const;
    await expect(linesOf({ title: '', head, headSize: 12 })).resolves.toHaveLength(2);
  });
});
