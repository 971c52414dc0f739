import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

interface Read {
  readonly content: UblContent;
  readonly warnings: readonly string[];
}

async function readPdf(pdf: Buffer): Promise<Read> {
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  const content = readUbl(new TextDecoder().decode(outcome.body));
  return { content, warnings: outcome.warnings.map(({ code }) => code) };
}

async function read(page: PlainInvoice): Promise<Read> {
  return readPdf(await makePlainInvoice(page));
}

type Place = readonly [x: number, y: number, text: string];

const HEAD: readonly Place[] = [
  [50, 40, 'Tischlerei Moll GmbH'], [50, 53, 'Am Anger 3'], [50, 66, '04109 Leipzig'], [50, 79, 'USt-IdNr.: DE136695976'],
  [50, 130, 'Rechnung an:'], [50, 143, 'Gasthof Krone OHG'], [50, 156, 'Markt 1'], [50, 169, '99084 Erfurt'],
  [330, 110, 'Rechnungsnummer: M-2024-07'], [330, 124, 'Rechnungsdatum: 17.06.2024'],
  [50, 700, 'Pos'], [90, 700, 'Bezeichnung'], [300, 700, 'Menge'], [370, 700, 'Einzelpreis'], [470, 700, 'Gesamt'],
  [50, 720, '1'], [90, 720, 'Eichentisch'], [300, 720, '2'], [370, 720, '150,00'], [470, 720, '300,00'],
]; // prettier-ignore

const TOTALS: readonly Place[] = [
  [330, 200, 'Nettobetrag'], [470, 200, '400,00 EUR'], [330, 215, 'MwSt. 19 %'], [470, 215, '76,00 EUR'],
  [330, 230, 'Gesamtbetrag'], [470, 230, '476,00 EUR'],
]; // prettier-ignore

/** An invoice whose table continues on the second page, where its titles are not printed again. */
async function overTwoPages(first: readonly Place[], second: readonly Place[]): Promise<Read> {
  const pdf = await makePlainPdf({
    draw: (sheet) => {
      sheet.font('Helvetica').fontSize(9);
      for (const [x, y, text] of [...HEAD, ...first]) sheet.text(text, x, y, { lineBreak: false });
      sheet.addPage({ size: 'A4', margin: 0 });
      for (const [x, y, text] of [...second, ...TOTALS]) sheet.text(text, x, y, { lineBreak: false });
    },
  });
  return readPdf(pdf);
}

const SECOND: readonly Place[] = [
  [50, 90, '2'], [90, 90, 'Hocker'], [300, 90, '4'], [370, 90, '25,00'], [470, 90, '100,00'],
]; // prettier-ignore

describe('a table over a page end', () => {
  it('goes on on a page without titles, under the head of the page', async () => {
    const { content } = await overTwoPages([], [[50, 40, 'Tischlerei Moll GmbH'], [480, 40, 'Seite 2'], ...SECOND]);
    expect(content.lines).toMatchObject([
      { name: 'Eichentisch', qty: '2', total: '300.00' },
      { name: 'Hocker', qty: '4', price: '25.00', total: '100.00' },
    ]);
    expect(content.lines).toHaveLength(2);
  });

  it('takes the rest of a name from the top of the next page', async () => {
    const { content } = await overTwoPages([[90, 731, 'massiv, geölt,']], [[90, 60, 'mit Auszug'], ...SECOND]);
    expect(content.lines).toMatchObject([{ name: 'Eichentisch massiv, geölt, mit Auszug' }, { name: 'Hocker' }]);
  });

  it('takes no remark from there for a part of the name', async () => {
    const { content } = await overTwoPages([[90, 750, 'Lieferung frei Haus']], [[90, 60, 'Holz aus der Region'], ...SECOND]);
    expect(content.lines).toMatchObject([{ name: 'Eichentisch' }, { name: 'Hocker' }]);
  });
}); // prettier-ignore

describe('a line under an item', () => {
  it('that says a price is no part of its name, no end of the table and no item', async () => {
    const { content } = await read({
      columns: ['Bezeichnung', 'Einzelpreis', 'Menge', 'Gesamt'],
      starts: [50, 290, 370, 450],
      rows: [
        [['Eichentisch', 'Bruttopreis : 160,00'], '150,00', '2', '300,00'],
        [['Hocker', 'Listenpreis: 30,00'], '25,00', '4', '100,00'],
      ],
    });
    expect(content.lines).toMatchObject([{ name: 'Eichentisch' }, { name: 'Hocker', qty: '4' }]);
    expect(content.lines).toHaveLength(2);
  });

  it('gives no number of the buyer as the seller’s', async () => {
    const { content } = await read({
      columns: ['Ihre Art.-Nr.', 'Bezeichnung', 'Menge', 'Einzelpreis', 'Gesamt'],
      starts: [50, 120, 290, 370, 450],
      rows: [
        ['K-1', 'Eichentisch', '2', '150,00', '300,00'],
        ['K-2', 'Hocker', '4', '25,00', '100,00'],
      ],
    });
    expect(content.lines).toMatchObject([{ name: 'Eichentisch', code: undefined }, { name: 'Hocker', code: undefined }]);
  });

  it('with a rate right behind the unit of its quantity has both', async () => {
    const { content } = await read({
      columns: ['Bezeichnung', 'Einzelpreis', 'Menge', 'Steuer', 'Gesamt'],
      starts: [50, 250, 330, 420, 480],
      rows: [
        ['Eichentisch', '150,00', '2 Stk 19 % USt', '', '300,00'],
        ['Hocker', '25,00', '4 Stk 19 % USt', '', '100,00'],
      ],
    });
    expect(content.lines).toMatchObject([{ qty: '2', unit: 'C62' }, { qty: '4', unit: 'C62' }]);
  });
}); // prettier-ignore

describe('a price', () => {
  it('that is printed rounded is told where the quantity shows it', async () => {
    const rows = (price: string) => [['Eichentisch', '2', '150,00', '300,00'], ['Holz', '3', price, '100,00']];
    expect((await read({ rows: rows('33,33') })).warnings).toContain('PRICE_ROUNDED');
    expect((await read({ rows: rows('33,3333') })).warnings).not.toContain('PRICE_ROUNDED');
  });
}); // prettier-ignore

describe('the block of a party', () => {
  const buyer = (...lines: string[]) => ({ buyer: ['Rechnungsempfänger:', ...lines] });

  it('has a name under its numbers', async () => {
    const { content } = await read(buyer('Nummer : 4711', 'Globale Nummer: 4012345000009 (GLN)', 'Gasthof Krone OHG', 'Markt 1', '99084 Erfurt'));
    expect(content.fields).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerStreet: 'Markt 1' });
  });

  it('has a name in two lines where an empty line parts it from the street', async () => {
    const { content } = await read(buyer('Gasthof Krone', 'Wirtsleute Adler', '', 'Markt 1', '99084 Erfurt'));
    expect(content.fields).toMatchObject({ buyerName: 'Gasthof Krone Wirtsleute Adler', buyerStreet: 'Markt 1', buyerCity: '99084 Erfurt' });
  });

  it('of the seller counts more under its title than an address in one line further down', async () => {
    const { content } = await read({
      seller: ['Verkäufer:', 'Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE136695976'],
      ...buyer('Gasthof Krone OHG', 'Markt 1', '99084 Erfurt', '', 'Rosa Blum, Ringstr. 4, 10115 Berlin'),
    });
    expect(content.fields).toMatchObject({ sellerName: 'Tischlerei Moll GmbH' });
  });
}); // prettier-ignore
