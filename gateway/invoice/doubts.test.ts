import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

async function read(page: PlainInvoice): Promise<UblContent & { warnings: string[] }> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  const warnings = outcome.warnings.map(({ code, message }) => `${code} ${message}`);
  return { ...readUbl(new TextDecoder().decode(outcome.body)), warnings };
}

const five = (rows: readonly (readonly string[])[]): PlainInvoice => ({
  columns: ['Bezeichnung', 'Menge', 'Einheit', 'Einzelpreis', 'Gesamt'],
  starts: [50, 230, 290, 360, 470],
  rows,
});

describe('what is read and not sure', () => {
  it('is a unit that nothing is known of', async () => {
    const { warnings } = await read(
      five([
        ['Eichentisch', '2', 'Gebinde', '150,00', '300,00'],
        ['Hocker', '4', 'Stk', '25,00', '100,00'],
      ]),
    );
    expect(warnings).toEqual([expect.stringMatching(/^UNIT_UNKNOWN .*“Gebinde” of line 1 /)]);
  });

  it('is an amount whose cell says more', async () => {
    const { warnings, lines } = await read({
      rows: [
        ['Eichentisch', '2', '150,00', '300,00 abzgl. 7'],
        ['Hocker', '4', '25,00', '100,00 EUR'],
      ],
    });
    expect(lines.map(({ total }) => total)).toEqual(['300.00', '100.00']);
    expect(warnings).toEqual([expect.stringMatching(/^CELL_TEXT .*line 1 says “abzgl. 7”/)]);
  });

  it('is a name with a colon, where all are written so and one has nothing behind it', async () => {
    const second = ['Hocker:', '4', '25,00', '100,00'];
    const both = await read({ rows: [['Tisch: Eiche, geölt', '2', '150,00', '300,00'], second] });
    expect(both.lines.map(({ name }) => name)).toEqual(['Tisch: Eiche, geölt', 'Hocker']);
    expect(both.warnings).toEqual([expect.stringMatching(/^LINE_NAME .*line 1 /)]);
    const one = await read({ rows: [['Tisch Eiche, geölt', '2', '150,00', '300,00'], second] });
    expect(one.warnings).toEqual([]);
  });

  it('is a price that is not printed beside a quantity', async () => {
    const { warnings, lines } = await read({
      rows: [
        ['Eichentisch', '2', '', '300,00'],
        ['Hocker', '4', '25,00', '100,00'],
      ],
    });
    expect(lines.map(({ price }) => price)).toEqual(['150', '25.00']);
    expect(warnings).toEqual([expect.stringMatching(/^PRICE_WORKED_OUT .*line 1 /)]);
  });

  it('is a quantity that is not printed beside a price, unless it is one', async () => {
    const { warnings, lines } = await read({
      rows: [
        ['Eichentisch', '', '150,00', '300,00'],
        ['Hocker', '', '100,00', '100,00'],
      ],
    });
    expect(lines.map(({ qty }) => qty)).toEqual(['2', '1']);
    expect(warnings).toEqual([expect.stringMatching(/^QUANTITY_WORKED_OUT .*line 1 .* 2 was computed/)]);
  });

  it('is a row between the items whose amount is none of theirs, with how many there are', async () => {
    const row = ['Eichentisch', '2', '150,00', '300,00'];
    const stool = ['Hocker', '4', '25,00', '100,00'];
    const { warnings } = await read({ rows: [row, ['', '', '', '12,34'], stool] });
    expect(warnings).toEqual([expect.stringMatching(/^ROWS_LEFT_OUT 1 .*“12,34”/)]);
    const sum = await read({ rows: [row, ['', '', '', '300,00'], stool] });
    expect(sum.warnings).toEqual([]);
  });
});

describe('net amount and tax that are not printed', () => {
  it('are worked out from the lines and the one rate of the gross amount', async () => {
    const { fields, vat } = await read({ totals: [['Summe inkl. 19 % MwSt.', '476,00 EUR']] });
    expect(fields).toMatchObject({ net: '400.00', tax: '76.00', grand: '476.00' });
    expect(vat).toMatchObject([{ rate: '19', basis: '400.00', tax: '76.00' }]);
  });

  it('are worked out from the rates of the lines', async () => {
    const { fields, vat } = await read({
      columns: ['Bezeichnung', 'Menge', 'MwSt. %', 'Einzelpreis', 'Gesamt'],
      starts: [50, 230, 290, 360, 470],
      rows: [
        ['Eichentisch', '2', '19 %', '150,00', '300,00'],
        ['Hocker', '4', '7 %', '25,00', '100,00'],
      ],
      totals: [['Gesamtbetrag', '464,00 EUR']],
    });
    expect(fields).toMatchObject({ net: '400.00', tax: '64.00', grand: '464.00' });
    expect(vat).toMatchObject([
      { rate: '19', basis: '300.00', tax: '57.00' },
      { rate: '7', basis: '100.00', tax: '7.00' },
    ]);
  });

  it('are refused where no printed rate leads to the gross amount', async () => {
    await expect(read({ totals: [['Summe inkl. 19 % MwSt.', '480,00 EUR']] })).rejects.toThrow();
  });
});
