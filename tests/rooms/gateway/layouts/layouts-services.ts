import Big from 'big.js';
import { day, id } from './certified-parts.ts';
import { ibanText } from './foot.ts';
import { unitWord } from './goods.ts';
import { list, title, titleWithNumber } from './head.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import { date, number, put, sentence, stack } from './page.ts';
import type { Places } from './rows.ts';
import { cells } from './rows.ts';
import { block, partyLines, vatText } from './parties.ts';
import { countryName } from './people.ts';
import { table } from './table.ts';
import { totalList, vatTable } from './totals.ts';

/** Invoices and statements of services, trades and building, in several countries. */
export const SERVICES: readonly Layout[] = [
  {
    name: 'concept, price, units, subtotal and VAT',
    languages: ['es', 'it'],
    content: { withholding: true },
    draw: (page) => {
      const { content } = page;
      const spanish = content.language === 'es';
      put(page, page.word('invoice'), { x: 45, y: 40, size: 20, bold: true });
      stack(page, [`${spanish ? 'Número' : 'Numero'} #${id(page)}`, `${spanish ? 'Fecha' : 'Data'} ${day(page, 'date')}`, `${spanish ? 'Vencimiento' : 'Scadenza'} ${day(page, 'due')}`], { x: 45, y: 70 });
      stack(page, partyLines(page, 'seller', { country: true, vat: 'bare' }), { x: 45, y: 125 }, { boldFirst: true });
      stack(page, partyLines(page, 'buyer', { country: true, vat: 'bare' }), { x: 320, y: 125 }, { boldFirst: true });
      page.y = 230;
      table(page, { columns: columns('description 210', 'price 70', 'qty 60', 'amount 75', 'rate 45', 'grossAmount 75'), x: 42, lines: 'rows', upperCase: true, percentSign: true, called: spanish ? { description: 'Concepto', price: 'Precio', qty: 'Unidades', amount: 'Subtotal', rate: 'IVA', grossAmount: 'Total' } : { description: 'Descrizione', price: 'Prezzo', qty: 'Quantità', amount: 'Imponibile', rate: 'IVA', grossAmount: 'Totale' } });
      page.y = totalList(page, ['net', 'tax', 'grand', 'withholding', 'payable'], { x: 350, right: 575 });
      put(page, ibanText(page), { x: 45, y: page.y + 10 });
    },
  },
  {
    name: 'a letter with the items’ amounts only and a total in words',
    languages: ['de', 'fr', 'en', 'pt'],
    content: { lines: 3 },
    look: { font: 'Times', size: 10.5 },
    draw: (page) => {
      block(page, 'seller', { x: 550, y: 45 }, { align: 'right', contact: true, vat: 'prefix' });
      block(page, 'buyer', { x: 60, y: 150 });
      put(page, titleWithNumber(page), { x: 60, y: 245, size: 14, bold: true });
      list(page, ['date', 'due'], { x: 60, valueX: 170, y: 268 });
      page.y = 315;
      table(page, { columns: columns('description 220', 'qty 80', 'price 85', 'amount 90'), x: 57, unitWithQty: true, exactQuantities: true, lines: 'none' });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 330, right: 530 }, { colon: true });
      stack(page, [sentence(page, 'terms'), ibanText(page), sentence(page, 'thanks')], { x: 60, y: page.y + 14 });
    },
  },
  {
    name: 'a hotel’s folio with a date before each item',
    languages: ['en', 'de', 'pt'],
    content: { rates: 2, lines: 5 },
    draw: (page) => {
      const { content } = page;
      const words = { en: ['Room', 'Arrival', 'Departure', 'Date'], de: ['Zimmer', 'Anreise', 'Abreise', 'Datum'], pt: ['Quarto', 'Entrada', 'Saída', 'Data'], fr: [], es: [], it: [] }[content.language];
      const w = (at: number): string => words[at] ?? '';
      const { seller } = content;
      put(page, seller.name, { x: 297, y: 36, size: 15, align: 'center', bold: true });
      partyLines(page, 'seller');
      put(page, `${seller.street} · ${content.language === 'en' ? `${seller.place} ${seller.postalCode}` : `${seller.postalCode} ${seller.place}`} · ${countryName(seller.land, content.language)}`, { x: 297, y: 56, align: 'center' });
      put(page, `${page.word('vatNo')}: ${vatText(page, 'seller', 'prefix')}`, { x: 297, y: 70, align: 'center' });
      put(page, title(page), { x: 340, y: 88, size: 13, bold: true });
      block(page, 'buyer', { x: 45, y: 110 }, { title: page.word('billTo') });
      list(page, ['number', 'date', 'due'], { x: 340, valueX: 450, y: 110 });
      stack(page, [`${w(0)}: 204`, `${w(1)}: ${date(page, content.delivered)}`, `${w(2)}: ${date(page, content.date)}`], { x: 340, y: 155 });
      page.y = 225;
      const places: Places = [[45, 'left'], [135, 'left'], [350, 'right'], [420, 'right'], [465, 'right'], [550, 'right']];
      cells(page, places, [w(3), page.word('description'), page.word('qty'), page.word('price'), page.word('rate'), page.word('amount')], { bold: true });
      for (const line of content.lines) cells(page, places, [date(page, content.delivered), line.name, number(page, line.qty), number(page, line.price), `${number(page, line.rate)} %`, number(page, line.total)]);
      page.y += 8;
      vatTable(page, { x: 45 });
      totalList(page, ['net', 'totalTax', 'grand'], { x: 370, right: 550 });
    },
  },
  {
    name: 'stages of building work with a retention',
    languages: ['en', 'es', 'it', 'pt'],
    content: { lines: 3, paid: true },
    draw: (page) => {
      block(page, 'seller', { x: 45, y: 40 }, { contact: true, vat: 'prefix' });
      block(page, 'buyer', { x: 45, y: 140 }, { title: page.word('billTo') });
      put(page, titleWithNumber(page), { x: 330, y: 44, size: 13, bold: true });
      list(page, ['date', 'due', 'orderNo'], { x: 330, valueX: 440, y: 70 });
      page.y = 235;
      table(page, { columns: columns('pos 30', 'description 235', 'qty 60', 'unit 45', 'price 70', 'amount 75'), x: 42, lines: 'all' });
      page.y = totalList(page, ['subtotal', 'net', 'tax', 'grand', 'paid', 'payable'], { x: 340, right: 555 }, { rules: true });
    },
  },
  {
    name: 'many calls over three pages with sums carried forward',
    languages: ['en', 'de', 'fr', 'es', 'it', 'pt'],
    content: { lines: 40 },
    look: { size: 8 },
    draw: (page) => {
      const { content } = page;
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', country: true });
      block(page, 'buyer', { x: 330, y: 100 }, { title: page.word('billTo') });
      put(page, titleWithNumber(page), { x: 45, y: 160, size: 13, bold: true });
      list(page, ['date', 'due'], { x: 45, valueX: 150, y: 180 });
      page.y = 230;
      let sheets = 1;
      table(page, {
        columns: columns('pos 30', 'description 225', 'qty 60', 'unit 45', 'price 70', 'amount 80'), x: 42, lines: 'under titles', carried: true, bottom: 700, rowHeight: 2.3,
        onNewPage: () => {
          put(page, `${page.word('page')} ${sheets}`, { x: 297, y: 805, align: 'center', size: 7 });
          page.sheet.addPage();
          sheets += 1;
          put(page, `${content.seller.name} - ${titleWithNumber(page)} - ${date(page, content.date)}`, { x: 45, y: 36, size: 7 });
          page.y = 60;
        },
      });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 340, right: 552 });
    },
  },
  {
    name: 'totals by rate in one strip with a sum below',
    languages: ['de', 'fr', 'it', 'pt'],
    content: { rates: 2, lines: 4 },
    look: { money: 'none' },
    draw: (page) => {
      const { content } = page;
      const words = { de: ['Warenwert', 'Nettobetrag', 'MwSt-%', 'MwSt-Betrag', 'Endbetrag'], fr: ['Marchandise', 'Base HT', 'Taux TVA', 'Montant TVA', 'Total TTC'], it: ['Merce', 'Imponibile', 'Aliquota IVA', 'Imposta', 'Totale'], pt: ['Mercadoria', 'Incidência', 'Taxa IVA', 'Valor IVA', 'Total'], en: [], es: [] }[content.language];
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix' });
      block(page, 'buyer', { x: 330, y: 100 }, { vat: 'prefix', yours: true });
      put(page, titleWithNumber(page), { x: 45, y: 160, size: 13, bold: true });
      list(page, ['date', 'due', 'currency'], { x: 45, valueX: 150, y: 180 });
      page.y = 245;
      table(page, { columns: columns('code 65', 'description 195', 'qty 55', 'unit 45', 'price 70', 'rate 45', 'amount 75'), x: 40, lines: 'under titles' });
      page.y += 12;
      const places: Places = [[130, 'right'], [230, 'right'], [310, 'right'], [420, 'right'], [550, 'right']];
      cells(page, places, words, { bold: true });
      for (const row of content.vat) cells(page, places, [row.basis, row.basis, row.rate, row.tax, new Big(row.basis).plus(row.tax).toFixed(2)].map((value) => number(page, value)));
      page.y += 6;
      cells(page, places, [number(page, content.net), number(page, content.net), 'EUR', number(page, content.tax), number(page, content.grand)]);
    },
  },
  {
    name: 'the article number above its name in one column',
    languages: ['de', 'en', 'es'],
    content: { rates: 2, lines: 4 },
    draw: (page) => {
      const { content } = page;
      const words = { de: ['Art-Nr.', 'Bezeichnung', 'Menge', 'Nettopreis', 'MwSt-%', 'Nettowert'], en: ['Item no.', 'Description', 'Quantity', 'Unit price', 'VAT %', 'Net amount'], es: ['Referencia', 'Descripción', 'Cantidad', 'Precio', 'IVA %', 'Importe'], fr: [], it: [], pt: [] }[content.language];
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix' });
      block(page, 'buyer', { x: 330, y: 100 });
      put(page, titleWithNumber(page), { x: 45, y: 160, size: 13, bold: true });
      list(page, ['date', 'due'], { x: 45, valueX: 150, y: 180 });
      page.y = 235;
      const places: Places = [[45, 'left'], [320, 'right'], [400, 'right'], [460, 'right'], [550, 'right']];
      cells(page, places, [words[0] ?? '', ...words.slice(2)], { bold: true, step: 11 });
      cells(page, places, [words[1] ?? ''], { bold: true, step: 18 });
      for (const line of content.lines) {
        cells(page, places, [line.code, `${number(page, line.qty)} ${unitWord(line.unit, content.language)}`, number(page, line.price), number(page, line.rate), number(page, line.total)], { step: 11 });
        cells(page, places, [line.name], { step: 18 });
      }
      page.printed.add('line.code').add('line.unit');
      vatTable(page, { x: 45 });
      totalList(page, ['net', 'totalTax', 'grand'], { x: 370, right: 550 });
    },
  },
]; // prettier-ignore
