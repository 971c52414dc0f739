import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

interface Numbered {
  readonly id: string | undefined;
  readonly date: string | undefined;
  /** The doubts about the number, as warnings state them. */
  readonly doubts: readonly string[];
}

async function numberOf(page: PlainInvoice): Promise<Numbered> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  const { fields } = readUbl(new TextDecoder().decode(outcome.body));
  const doubts = outcome.warnings.filter(({ code }) => code === 'NUMBER_GOES_ON');
  return { id: fields.id, date: fields.date, doubts: doubts.map(({ message }) => message) };
}

const DATE = ['Rechnungsdatum:', '17.06.2024'] as const;

describe('the number of a document', () => {
  it('with words right behind it is in doubt, and the words are told', async () => {
    const read = await numberOf({ title: 'Rechnung Nr. 4711 Bauteil Nord vom 17.06.2024', head: [DATE] });
    expect(read.id).toBe('4711');
    expect(read.doubts).toEqual([expect.stringContaining('“Bauteil Nord”')]);
  });

  it('is in no doubt where its date goes on behind it, or where it stands alone elsewhere', async () => {
    const dated = await numberOf({ title: 'Rechnung Nr. 4711 vom 17.06.2024', head: [DATE] });
    expect(dated).toMatchObject({ id: '4711', doubts: [] });
    const twice = await numberOf({
      title: 'Rechnung 4711 Bauteil Nord',
      head: [['Rechnungsnummer:', '4711'], DATE],
    });
    expect(twice).toMatchObject({ id: '4711', doubts: [] });
  });

  it('of a credit note is its own, with a word for number between its title and it', async () => {
    const note = (title: string, refersTo: string): PlainInvoice => ({
      title,
      head: [['Fecha:', '17/06/2024']],
      seller: ['Talleres Moll, S.L.', 'Calle Mayor, 3', '28013 Madrid', 'CIF: ESB10718542'],
      buyer: ['Hostal Corona, S.L.', 'Plaza Nueva, 1', '41001 Sevilla', 'España'],
      columns: ['Concepto', 'Cantidad', 'Precio', 'Importe'],
      totals: [
        ['Total sin IVA', '400,00 EUR'],
        ['IVA 21 %', '84,00 EUR'],
        ['Total con IVA', '484,00 EUR'],
      ],
      after: [refersTo],
    });
    const page = note('Nota de abono núm. AB-77', 'Abono de la factura FV-1203 de fecha 02/06/2024');
    expect(await numberOf(page)).toEqual({ id: 'AB-77', date: '2024-06-17', doubts: [] });
    const other = note('Abono nº AB-78', 'Rectifica la factura FV-1204 de 02/06/2024');
    expect(await numberOf(other)).toMatchObject({ id: 'AB-78', doubts: [] });
  });

  it('is no postal code that stands on the line of the title', async () => {
    const page: PlainInvoice = {
      title: 'Rechnung                       99084 Erfurt',
      titleSize: 12,
      head: [['Belegnummer:', 'M-2024-08'], DATE],
    };
    expect(await numberOf(page)).toMatchObject({ id: 'M-2024-08' });
  });
});
