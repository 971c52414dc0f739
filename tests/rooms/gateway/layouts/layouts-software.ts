import Big from 'big.js';
import { day, id, sums } from './certified-parts.ts';
import { ibanText } from './foot.ts';
import { unitWord } from './goods.ts';
import { list, titleWithNumber } from './head.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import { amount, date, number, put, stack } from './page.ts';
import type { Places } from './rows.ts';
import { cells } from './rows.ts';
import { block, partyLines, sellerLine, vatText } from './parties.ts';
import { table } from './table.ts';
import { totalList, vatTable } from './totals.ts';

/** Invoices as programs and shops of several countries print them. */
export const SOFTWARE: readonly Layout[] = [
  {
    name: 'a payment service with the amount due as a headline',
    languages: ['en'],
    content: { sellerLand: 'DE', buyerLand: 'DE', currency: 'EUR' },
    look: { dates: 'words', numbers: 'point and commas', money: 'sign before' },
    draw: (page) => {
      const { content } = page;
      put(page, 'Invoice', { x: 45, y: 40, size: 18, bold: true });
      stack(page, [`Invoice number ${id(page)}`, `Date of issue ${day(page, 'date')}`, `Date due ${day(page, 'due')}`], { x: 45, y: 70 });
      stack(page, [...partyLines(page, 'seller', { country: true }), content.seller.mail, `DE VAT ${vatText(page, 'seller', 'prefix')}`], { x: 45, y: 125 }, { boldFirst: true });
      stack(page, ['Bill to', ...partyLines(page, 'buyer', { country: true }), `DE VAT ${vatText(page, 'buyer', 'prefix')}`], { x: 270, y: 125 }, { boldFirst: true });
      put(page, `${amount(page, content.payable)} due ${date(page, content.due)}`, { x: 45, y: 225, size: 15, bold: true });
      page.y = 265;
      table(page, { columns: columns('description 250', 'qty 50', 'price 75', 'rate 50', 'amount 85'), x: 42, lines: 'under titles', percentSign: true, called: { qty: 'Qty', price: 'Unit price', rate: 'Tax', amount: 'Amount' } });
      sums(page, [['Subtotal', amount(page, content.net)], ['Total excluding tax', amount(page, content.net)], [`VAT - Germany (${content.vat[0]?.rate}% on ${amount(page, content.net)})`, amount(page, content.tax)], ['Total', amount(page, content.grand)], ['Amount due', amount(page, content.payable)]], { x: 300, right: 549, y: page.y });
      put(page, `${content.id} · ${amount(page, content.payable)} due ${date(page, content.due)}`, { x: 45, y: 810, size: 7, grey: true });
      put(page, 'Page 1 of 1', { x: 549, y: 810, size: 7, align: 'right' });
    },
  },
  {
    name: 'a market place with prices before and after the VAT',
    languages: ['de', 'en', 'fr', 'es', 'it'],
    content: { lines: 2 },
    draw: (page) => {
      const { content } = page;
      const words = {
        de: ['Verkauft von', 'Rechnungsadresse', 'Stückpreis|(ohne USt.)', 'USt. %', 'Stückpreis|(inkl. USt.)', 'Zwischensumme|(inkl. USt.)', 'Gesamtpreis', 'Zahlbetrag', 'USt. Gesamt', 'Bestellnummer'],
        en: ['Sold by', 'Billing address', 'Unit price|(excl. VAT)', 'VAT rate', 'Unit price|(incl. VAT)', 'Item subtotal|(incl. VAT)', 'Invoice total', 'Total payable', 'Total VAT', 'Order number'],
        fr: ['Vendu par', 'Adresse de facturation', 'Prix unitaire|(HT)', 'Taux TVA', 'Prix unitaire|(TTC)', 'Total|(TTC)', 'Total facture', 'Total à payer', 'Total TVA', 'Numéro de commande'],
        es: ['Vendido por', 'Dirección de facturación', 'Precio unitario|(sin IVA)', 'IVA %', 'Precio unitario|(con IVA)', 'Total|(con IVA)', 'Total factura', 'Total a pagar', 'Total IVA', 'Número del pedido'],
        it: ['Venduto da', 'Indirizzo di fatturazione', 'Prezzo unitario|(IVA esclusa)', 'IVA %', 'Prezzo unitario|(IVA inclusa)', 'Totale|(IVA inclusa)', 'Totale fattura', 'Totale da pagare', 'Totale IVA', 'Numero ordine'],
        pt: [],
      }[content.language];
      const w = (at: number): string => words[at] ?? '';
      stack(page, [w(0), ...partyLines(page, 'seller', { vat: 'prefix', country: true })], { x: 330, y: 40 }, { boldFirst: true });
      put(page, titleWithNumber(page), { x: 45, y: 40, size: 15, bold: true });
      stack(page, [w(1), ...partyLines(page, 'buyer', { country: true })], { x: 45, y: 120 }, { boldFirst: true });
      list(page, ['date'], { x: 330, valueX: 450, y: 140 });
      stack(page, [`${w(9)}: 303-${content.customerNo}89-1234567`], { x: 330, y: 156 });
      page.y = 215;
      const places: Places = [[45, 'left'], [300, 'right'], [370, 'right'], [415, 'right'], [485, 'right'], [555, 'right']];
      const titles = [page.word('description'), page.word('qty'), w(2), w(3), w(4), w(5)].map((text) => text.split('|'));
      cells(page, places, titles.map(([text = '']) => text), { bold: true, size: 7.5, step: 10 });
      cells(page, places, titles.map(([, text = '']) => text), { bold: true, size: 7.5, step: 14 });
      for (const line of content.lines) {
        const withVat = (value: string): string => new Big(value).times(new Big(line.rate).plus(100)).div(100).toFixed(2);
        cells(page, places, [line.name, number(page, line.qty), amount(page, line.price), `${number(page, line.rate)} %`, amount(page, withVat(line.price)), amount(page, withVat(line.total))], { step: 11 });
        cells(page, places, [`ASIN: B0${line.code}X7`], { size: 7, grey: true, step: 16 });
      }
      put(page, `${w(6)}  ${amount(page, content.grand)}`, { x: 555, y: page.y + 6, align: 'right', bold: true, size: 11 });
      page.y += 40;
      vatTable(page, { x: 300, widths: [70, 100, 85] });
      page.y += 50;
      sums(page, [[w(8), amount(page, content.tax)], [w(7), amount(page, content.payable)]], { x: 400, right: 555, y: page.y });
    },
  },
  {
    name: 'a shop’s plugin with the order’s facts beside the address',
    languages: ['en', 'de', 'fr', 'es', 'it'],
    content: { charge: true },
    draw: (page) => {
      stack(page, partyLines(page, 'seller', { vat: 'prefix', country: true }), { x: 360, y: 40 }, { boldFirst: true });
      put(page, page.word('invoice').toUpperCase(), { x: 45, y: 125, size: 16, bold: true });
      stack(page, partyLines(page, 'buyer', { country: true }), { x: 45, y: 155 });
      list(page, ['number', 'date', 'due', 'orderNo'], { x: 330, valueX: 440, y: 155 });
      page.y = 245;
      table(page, { columns: columns('description 300', 'qty 60', 'price 75', 'amount 80'), x: 42, lines: 'rows', codeUnderName: true });
      page.y = totalList(page, ['subtotal', 'charge', 'net', 'tax', 'grand'], { x: 350, right: 555 }, { rules: true });
    },
  },
  {
    name: 'item, price condition and value, as a standard form',
    languages: ['de', 'en'],
    look: { font: 'Courier', size: 8.5 },
    draw: (page) => {
      const { content } = page;
      const german = content.language === 'de';
      put(page, sellerLine(page, ' - '), { x: 45, y: 60, size: 6.5 });
      stack(page, partyLines(page, 'buyer', { country: true }), { x: 45, y: 80 });
      put(page, german ? 'Rechnung' : 'Invoice', { x: 330, y: 60, size: 13, bold: true });
      const facts = german ? ['Belegnummer/Datum', 'Kundennummer', 'Zahlbar bis'] : ['Number/Date', 'Customer number', 'Due date'];
      page.printed.add('date');
      stack(page, [facts[0] ?? '', `${id(page)} / ${date(page, content.date)}`, facts[1] ?? '', content.customerNo, facts[2] ?? '', day(page, 'due')], { x: 330, y: 80 });
      page.y = 200;
      const places: Places = [[45, 'left'], [85, 'left'], [340, 'right'], [430, 'right'], [555, 'right']];
      cells(page, places, german ? ['Pos.', 'Material/Bezeichnung', 'Menge', 'Preis', 'Betrag'] : ['Item', 'Material/Description', 'Quantity', 'Price', 'Amount'], { bold: true });
      content.lines.forEach((line, i) => {
        cells(page, places, [String((i + 1) * 10).padStart(6, '0'), line.code, `${number(page, line.qty)} ${unitWord(line.unit, content.language)}`, number(page, line.price), number(page, line.total)], { step: 12 });
        cells(page, places, ['', line.name], { step: 17 });
      });
      page.printed.add('line.code').add('line.unit');
      const rate = content.vat[0]?.rate ?? '';
      sums(page, german ? [['Nettowert', amount(page, content.net)], [`Umsatzsteuer ${rate} %`, amount(page, content.tax)], ['Endbetrag', amount(page, content.grand)]] : [['Net value', amount(page, content.net)], [`VAT ${rate} %`, amount(page, content.tax)], ['Final amount', amount(page, content.grand)]], { x: 340, right: 555, y: page.y + 6 });
      stack(page, [ibanText(page), `${page.word('vatNo')}: ${vatText(page, 'seller', 'prefix')}`], { x: 45, y: 780 }, { size: 7 });
    },
  },
  {
    name: 'rate before quantity, the client and the sum due on top',
    languages: ['en', 'fr', 'es'],
    draw: (page) => {
      const { content } = page;
      const words = { en: ['Billed To', 'Date of Issue', 'Due Date', 'Invoice Number', 'Amount Due', 'Description', 'Rate', 'Qty', 'Line Total'], fr: ['Facturé à', 'Date d’émission', 'Date d’échéance', 'Numéro de facture', 'Montant dû', 'Description', 'Prix', 'Qté', 'Total HT'], es: ['Facturar a', 'Fecha de emisión', 'Fecha de vencimiento', 'Número de factura', 'Importe debido', 'Descripción', 'Precio', 'Cant.', 'Importe'], de: [], it: [], pt: [] }[content.language];
      const w = (at: number): string => words[at] ?? '';
      stack(page, partyLines(page, 'seller', { country: true, vat: 'prefix', contact: true }), { x: 550, y: 40 }, { align: 'right', boldFirst: true });
      put(page, w(0), { x: 45, y: 150, grey: true });
      stack(page, partyLines(page, 'buyer', { country: true }), { x: 45, y: 163 });
      stack(page, [w(1), day(page, 'date'), '', w(2), day(page, 'due')], { x: 200, y: 150 });
      stack(page, [w(3), id(page)], { x: 310, y: 150 });
      put(page, `${w(4)} (${content.currency})`, { x: 550, y: 150, align: 'right', grey: true });
      put(page, amount(page, content.payable), { x: 550, y: 165, align: 'right', size: 20 });
      page.y = 240;
      const places: Places = [[45, 'left'], [380, 'right'], [450, 'right'], [550, 'right']];
      cells(page, places, [w(5), w(6), w(7), w(8)], { bold: true, step: 18 });
      for (const line of content.lines) cells(page, places, [line.name, amount(page, line.price), number(page, line.qty), amount(page, line.total)], { step: 20 });
      page.y = totalList(page, ['subtotal', 'tax', 'grand', 'paid', 'payable'], { x: 350, right: 550 });
    },
  },
  {
    name: 'codes of the VAT at the lines and their rates below',
    languages: ['fr'],
    content: { rates: 2, lineDiscounts: true, lines: 4 },
    draw: (page) => {
      const { content } = page;
      block(page, 'seller', { x: 40, y: 40 }, { vat: 'prefix' });
      block(page, 'buyer', { x: 330, y: 100 });
      put(page, titleWithNumber(page), { x: 40, y: 150, size: 13, bold: true });
      list(page, ['date', 'due', 'customerNo'], { x: 40, valueX: 140, y: 172 });
      page.y = 240;
      const places: Places = [[40, 'left'], [100, 'left'], [330, 'right'], [385, 'right'], [430, 'right'], [505, 'right'], [550, 'right']];
      cells(page, places, ['Référence', 'Désignation', 'Qté', 'P.U. HT', 'Rem. %', 'Montant HT', 'TVA'], { bold: true });
      const codeOf = (rate: string): string => String(content.vat.findIndex((row) => row.rate === rate) + 1);
      for (const line of content.lines) cells(page, places, [line.code, line.name, number(page, line.qty), number(page, line.price), line.discount === '0' ? '' : number(page, line.discount), number(page, line.total), codeOf(line.rate)]);
      page.printed.add('line.code');
      page.y += 10;
      const from = page.y;
      const tax: Places = [[40, 'left'], [150, 'right'], [200, 'right'], [280, 'right']];
      cells(page, tax, ['Code', 'Base HT', 'Taux TVA', 'Montant TVA'], { bold: true });
      content.vat.forEach((row, i) => cells(page, tax, [String(i + 1), number(page, row.basis), number(page, row.rate), number(page, row.tax)]));
      sums(page, [['Total HT', amount(page, content.net)], ['Total TVA', amount(page, content.tax)], ['Total TTC', amount(page, content.grand)], ['Net à payer', amount(page, content.payable)]], { x: 390, right: 550, y: from });
    },
  },
]; // prettier-ignore
