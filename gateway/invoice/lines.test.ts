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

/** A table in which one cell holds several reference numbers, each with its label. */
const REFERENCES: PlainInvoice = {
  columns: ['Pos', 'Referenz', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
  starts: [50, 80, 190, 330, 390, 480],
  rows: [
    ['0010', ['Ihre Art.-Nr.: MB', '77', 'Art.-Nr.: K 12 4', '4006381333931 (EAN)'], ['Leimholzplatte', 'Buche 18 mm'], '2', '150,00', '300,00'],
    ['0020', ['Kunden-Art.-Nr.: 9', 'Art.-Nr.:', 'BR/7-A'], 'Zarge', '4', '25,00', '100,00'],
  ],
}; // prettier-ignore

describe('the code of a line', () => {
  it('is the number that the cell calls the seller’s, and the cell leaves the name alone', async () => {
    const { lines, warnings } = await read(REFERENCES);
    expect(lines).toMatchObject([
      { code: 'K 12 4', name: 'Leimholzplatte Buche 18 mm', qty: '2', total: '300.00' },
      { code: 'BR/7-A', name: 'Zarge', qty: '4', total: '100.00' },
    ]);
    expect(warnings).not.toContain('LINE-NET');
  });

  it('is a number of the trade where no number is the seller’s, joined where its cell broke it, and never the buyer’s', async () => {
    const rows = [
      ['1', ['Ihre Art.-Nr.: MB77', 'EAN: 40063813', '33931'], 'Leimholzplatte', '2', '150,00', '300,00'],
      ['2', ['Ihre Art.-Nr.: MB78'], 'Zarge', '4', '25,00', '100,00'],
    ];
    const { lines } = await read({ ...REFERENCES, rows });
    expect(lines.map(({ code }) => code)).toEqual(['4006381333931', undefined]);
  });
});

describe('a GTIN', () => {
  it('beside the seller’s number goes with it', async () => {
    const { lines } = await read(REFERENCES);
    expect(lines.map(({ code, otherCodes }) => [code, otherCodes])).toEqual([
      ['K 12 4', ['4006381333931']],
      ['BR/7-A', []],
    ]);
  });

  it('at the start of a description tells no line of it from the name, which is kept whole', async () => {
    const { lines } = await read({
      rows: [
        [['EAN 4006381333931', 'Artikel-Nr. LB18', 'Leimholzplatte'], '2', '150,00', '300,00'],
        [['Hocker', 'Artikel-Nr. HK9'], '4', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { code: 'LB18', name: 'EAN 4006381333931 Artikel-Nr. LB18 Leimholzplatte' },
      { code: 'HK9', name: 'Hocker' },
    ]);
  });
});

describe('a row', () => {
  it('whose values stand in the middle of its words takes the words over and under them', async () => {
    const { lines } = await read({
      columns: ['Pos', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 80, 330, 390, 480],
      cells: 'middle',
      rows: [
        ['1', ['Eichentisch', 'massiv', 'geölt'], '2', '150,00', '300,00'],
        ['2', ['Hocker', 'dreibeinig', 'mit Polster'], '4', '25,00', '100,00'],
      ],
    });
    expect(lines.map(({ name }) => name)).toEqual([
      'Eichentisch massiv geölt',
      'Hocker dreibeinig mit Polster',
    ]);
  });

  it('keeps a name and its description apart where the title names both', async () => {
    const { lines, xml } = await read({
      columns: ['Pos', 'Name & Beschreibung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 80, 330, 390, 480],
      rows: [
        ['1', ['Eichentisch - massiv,', 'geölt'], '2', '150,00', '300,00'],
        ['2', 'Hocker', '4', '25,00', '100,00'],
      ],
    });
    expect(lines.map(({ name }) => name)).toEqual(['Eichentisch', 'Hocker']);
    expect(xml).toContain('<cbc:Description>massiv, geölt</cbc:Description>');
  });

  it('takes of a price that is worked out in its cell the net one', async () => {
    const { lines, warnings } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      cells: 'middle',
      rows: [
        ['Eichentisch', '2', ['(Brutto: 160,00)', '(Rabatt: 10,00)', '(Netto: 150,00)'], '300,00'],
        ['Hocker', '4', ['27,00', '- 2,00', '= 25,00'], '100,00'],
      ],
    });
    expect(lines.map(({ price }) => price)).toEqual(['150.00', '25.00']);
    expect(warnings).not.toContain('LINE-NET');
  });

  it('gives the words of a second column of codes to no other column', async () => {
    const starts = [50, 100, 180, 300, 370, 460];
    const rows = [
      ['T-18', '4006381333931', 'Eichentisch', '2', '150,00', '300,00'],
      ['H-9', '4006381333948', 'Hocker', '4', '25,00', '100,00'],
    ];
    const expected = [
      { code: 'T-18', name: 'Eichentisch' },
      { code: 'H-9', name: 'Hocker' },
    ];
    const { lines } = await read({
      columns: ['Art.-Nr.', 'EAN', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts,
      rows,
    });
    expect(lines).toMatchObject(expected);
    const other = await read({
      columns: ['Item no.', 'GTIN', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts,
      rows,
    });
    expect(other.lines).toMatchObject(expected);
  });

  it('gives the words of a column that is not understood to no other column', async () => {
    const { lines } = await read({
      columns: ['Bezeichnung', 'Furnierart', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 200, 300, 370, 460],
      rows: [
        ['Eichentisch', 'Wurzel', '2', '150,00', '300,00'],
        ['Hocker', 'ohne', '4', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Eichentisch', qty: '2' },
      { name: 'Hocker', qty: '4' },
    ]);
  });
});

describe('the price of a line', () => {
  it('is for as many units as the cell of the unit or the name says, where the amount comes out with it', async () => {
    const { lines, xml, warnings } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einheit', 'Einzelpreis', 'Gesamt'],
      starts: [50, 230, 300, 370, 460],
      rows: [
        ['Schrauben', '200', '100 Stk', '150,00', '300,00'],
        ['Dübel (4 kg)', '8', 'kg', '50,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Schrauben', qty: '200', unit: 'H87', price: '150.00', total: '300.00' },
      { name: 'Dübel', qty: '8', unit: 'KGM', price: '50.00', total: '100.00' },
    ]);
    expect(xml).toContain('<cbc:BaseQuantity unitCode="H87">100<');
    expect(xml).toContain('<cbc:BaseQuantity unitCode="KGM">4<');
    expect(warnings).not.toContain('LINE-NET');
  });

  it('goes with the allowances and charges of its line, in a column or in a line of their own', async () => {
    const { lines, xml, warnings } = await read({
      columns: ['Bezeichnung', 'Menge', 'Einzelpreis', 'Rabatt / Zuschlag', 'Gesamt'],
      starts: [50, 230, 290, 360, 470],
      rows: [
        ['Eichentisch', '2', '155,00', '-10,00', '300,00'],
        ['Hocker', '5', ['25,00', '20 %'], '', ['125,00', '- 25,00']],
      ],
    });
    expect(lines).toMatchObject([
      { name: 'Eichentisch', price: '155.00', total: '300.00' },
      { name: 'Hocker', price: '25.00', total: '100.00' },
    ]);
    expect(
      [...xml.matchAll(/<cbc:ChargeIndicator>false<[^]*?<cbc:Amount currencyID="EUR">([\d.]+)</g)].map(
        ([, amount]) => amount,
      ),
    ).toEqual(['10.00', '25.00']);
    expect(warnings).not.toContain('LINE-NET');
  });
});

describe('a line whose name says more', () => {
  it('has the number before the dash as its code, where every name begins with one', async () => {
    const rows = [
      ['TX-204/A - Eichentisch', '2', '150,00', '300,00'],
      ['HK-9 - Hocker', '4', '25,00', '100,00'],
    ];
    expect((await read({ rows })).lines).toMatchObject([
      { code: 'TX-204/A', name: 'Eichentisch' },
      { code: 'HK-9', name: 'Hocker' },
    ]);
    const [first] = rows;
    const mixed = await read({ rows: [first ?? [], ['Hocker', '4', '25,00', '100,00']] });
    expect(mixed.lines.map(({ name, code }) => [name, code])).toEqual([
      ['TX-204/A - Eichentisch', undefined],
      ['Hocker', undefined],
    ]);
  });

  it('has its unit, where no column has', async () => {
    const { lines } = await read({
      rows: [
        ['Montage (Stunden): Küche', '2', '150,00', '300,00'],
        ['Leinöl pro Liter:', '4', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { unit: 'HUR', name: 'Montage (Stunden): Küche' },
      { unit: 'LTR', name: 'Leinöl pro Liter' },
    ]);
  });
});

describe('lines without a rate', () => {
  const breakdown = {
    columns: ['Steuersatz', 'Basisbetrag', 'Steuerbetrag'],
    starts: [50, 150, 250],
    cells: 'top',
  } as const;

  it('have that of the one way to part them into the bases', async () => {
    const { xml, vat } = await read({
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['Steuerbetrag', '64,00 EUR'],
        ['Gesamtbetrag', '464,00 EUR'],
      ],
      breakdown: {
        ...breakdown,
        rows: [
          ['19 %', '300,00', '57,00'],
          ['7 %', '100,00', '7,00'],
        ],
      },
    });
    expect(vat).toHaveLength(2);
    const rates = [...xml.matchAll(/<cac:ClassifiedTaxCategory>[^]*?<cbc:Percent>(\d+)/g)].map(
      ([, rate]) => rate,
    );
    expect(rates).toEqual(['19', '7']);
  });

  it('are refused where there are several ways', async () => {
    const page = {
      rows: [
        ['Eichentisch', '2', '100,00', '200,00'],
        ['Hocker', '8', '25,00', '200,00'],
      ],
      totals: [
        ['Nettobetrag', '400,00 EUR'],
        ['Steuerbetrag', '52,00 EUR'],
        ['Gesamtbetrag', '452,00 EUR'],
      ],
      breakdown: {
        ...breakdown,
        rows: [
          ['19 %', '200,00', '38,00'],
          ['7 %', '200,00', '14,00'],
        ],
      },
    } as const;
    await expect(read(page)).rejects.toThrow('BR-S-0');
  });
});

describe('rows that are parts of another', () => {
  const page = {
    columns: ['Pos', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
    starts: [50, 90, 270, 340, 440],
  };
  const namesOf = async (rows: readonly (readonly string[])[]): Promise<(string | undefined)[]> =>
    (await read({ ...page, rows })).lines.map(({ name }) => name);
  const sum = ['01', 'Tisch', '2', '200,00', '400,00'];

  it('are the lines, and their sum is none', async () => {
    const parts = [
      ['01.01', 'Platte', '2', '100,00', '200,00'],
      ['01.02', 'Beine', '8', '25,00', '200,00'],
    ];
    expect(await namesOf([...parts, sum])).toEqual(['Platte', 'Beine']);
    expect(await namesOf(parts)).toEqual(['Platte', 'Beine']);
  });

  it('are none where they have no amounts of their own', async () => {
    const parts = [
      ['01.01', 'Platte', '2', '0,00', '0,00'],
      ['01.02', 'Beine', '8', '0,00', '0,00'],
    ];
    expect(await namesOf([sum, ...parts])).toEqual(['Tisch']);
  });
});

describe('a GTIN in a line of its own under a name', () => {
  const rows = [
    ['T1', ['Eichentisch', 'GTIN: 4012345001235'], '2', '150,00', '300,00'],
    ['H7', 'Hocker', '4', '25,00', '100,00'],
  ];

  it('is the standard identifier of the item, and no part of its name', async () => {
    const { lines, xml } = await read({
      columns: ['Art.-Nr.', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 110, 290, 360, 460],
      rows,
    });
    expect(lines).toMatchObject([{ code: 'T1', name: 'Eichentisch' }, { name: 'Hocker' }]);
    expect(xml).toContain('<cbc:ID schemeID="0160">4012345001235<');
  });

  it('is its code where it has no other', async () => {
    const { lines } = await read({ rows: rows.map((row) => row.slice(1)) });
    expect(lines[0]).toMatchObject({ code: '4012345001235', name: 'Eichentisch' });
  });
});

describe('titles over two rows that go on with the same word', () => {
  it('are the unit and the price for one', async () => {
    const { lines, warnings } = await read({
      columns: ['Bezeichnung', 'Menge', ['Meng.-', 'einheit'], ['Preis/', 'Einheit'], 'Betrag'],
      starts: [50, 250, 310, 380, 470],
      rows: [
        ['Eichentisch', '2', 'Stk.', '150,00', '300,00'],
        ['Leim', '4', 'kg', '25,00', '100,00'],
      ],
    });
    expect(lines).toMatchObject([
      { unit: 'H87', price: '150.00' },
      { unit: 'KGM', price: '25.00' },
    ]);
    expect(warnings).toEqual([]);
  });
});
