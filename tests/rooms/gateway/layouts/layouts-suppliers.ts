import Big from 'big.js';
import { centredFoot, closing, columnsFoot } from './foot.ts';
import { fact, list, strip, title, titleWithNumber } from './head.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import { amount, date, number, PAGE_WIDTH, put, stack } from './page.ts';
import type { Page } from './page.ts';
import { block, partyLines, vatText } from './parties.ts';
import { countryName, placeLine } from './people.ts';
import { ATTENTION, BALANCES, BRANCHES, EARLY, SLIPS, SLOGANS, WAREHOUSES } from './supplier-words.ts';
import { table } from './table.ts';
import { totalList, vatTable } from './totals.ts';

const usual = columns('code 65', 'description 195', 'qty 60', 'unit 45', 'price 75', 'amount 75');

function usualEnd(page: Page): void {
  page.y = totalList(page, ['net', 'tax', 'grand'], { x: 370, right: 557 });
  closing(page, 45, ['terms', 'iban']);
}

/** The first word of a name, as a brand. */
function brand(page: Page): string {
  return (page.content.seller.name.split(/[\s,]+/)[0] ?? '').toUpperCase();
}

/** Things that stand beside the parts of an invoice on paper of suppliers, and are none of them. */
export const SUPPLIERS: readonly Layout[] = [
  {
    name: 'a place of delivery beside the buyer',
    draw: (page) => {
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', contact: true, country: true });
      put(page, title(page), { x: 400, y: 40, bold: true, size: 20 });
      block(page, 'buyer', { x: 45, y: 150 }, { title: page.word('billTo'), country: true });
      put(page, page.word('shipTo'), { x: 320, y: 150, bold: true });
      stack(page, WAREHOUSES[page.content.language], { x: 320, y: 163.5 });
      page.y = strip(page, ['number', 'date', 'due', 'customerNo'], { x: 45, y: 235, width: 126 }) + 12;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      usualEnd(page);
    },
  },
  {
    name: 'a place of delivery before the buyer',
    draw: (page) => {
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', country: true });
      put(page, titleWithNumber(page), { x: 330, y: 44, bold: true, size: 14 });
      list(page, ['date', 'due'], { x: 330, valueX: 430, y: 70 });
      put(page, page.word('shipTo'), { x: 45, y: 140, bold: true });
      stack(page, WAREHOUSES[page.content.language], { x: 45, y: 153.5 });
      block(page, 'buyer', { x: 330, y: 140 }, { country: true, vat: 'prefix', yours: true });
      page.y = 250;
      table(page, { columns: usual, x: 40, lines: 'rows' });
      usualEnd(page);
    },
  },
  {
    name: 'brand and slogan on top, the company under the table',
    draw: (page) => {
      put(page, brand(page), { x: 45, y: 38, size: 24, bold: true });
      put(page, SLOGANS[page.content.language], { x: 45, y: 66, size: 9, grey: true });
      put(page, title(page), { x: 550, y: 44, align: 'right', size: 16 });
      block(page, 'buyer', { x: 45, y: 120 }, { title: page.word('billTo'), country: true });
      list(page, ['number', 'date', 'due'], { x: 350, valueX: 450, y: 120 });
      page.y = 240;
      table(page, { columns: usual, x: 40, lines: 'zebra' });
      usualEnd(page);
      columnsFoot(page, 770);
    },
  },
  {
    name: 'brand and slogan over the address',
    draw: (page) => {
      put(page, brand(page), { x: 45, y: 38, size: 22, bold: true });
      put(page, SLOGANS[page.content.language], { x: 45, y: 62, size: 9 });
      stack(page, partyLines(page, 'seller', { vat: 'prefix', contact: true, country: true }), { x: 45, y: 76 });
      block(page, 'buyer', { x: 330, y: 120 }, { title: page.word('billTo'), country: true });
      put(page, titleWithNumber(page), { x: 45, y: 200, size: 13, bold: true });
      list(page, ['date', 'due'], { x: 45, valueX: 150, y: 222 });
      page.y = 270;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      usualEnd(page);
    },
  },
  {
    name: 'a department under the buyer’s name',
    draw: (page) => {
      block(page, 'seller', { x: 550, y: 40 }, { align: 'right', vat: 'prefix', country: true });
      const [name = '', ...rest] = partyLines(page, 'buyer', { country: true });
      stack(page, [name, ATTENTION[page.content.language], ...rest], { x: 60, y: 130 });
      put(page, title(page), { x: 60, y: 230, size: 15, bold: true });
      page.y = strip(page, ['number', 'date', 'customerNo', 'due'], { x: 60, y: 250, width: 120 }) + 14;
      table(page, { columns: columns('pos 30', 'description 215', 'qty 55', 'unit 45', 'price 70', 'amount 75'), x: 57, lines: 'under titles' });
      usualEnd(page);
    },
  },
  {
    name: 'a second address of the seller',
    draw: (page) => {
      const [name = '', ...rest] = partyLines(page, 'seller', { country: true, contact: true });
      stack(page, [name, ...rest, BRANCHES[page.content.language]], { x: 45, y: 40 }, { boldFirst: true });
      put(page, `${page.word('vatNo')}: ${vatText(page, 'seller', 'prefix')}`, { x: 45, y: 150 });
      block(page, 'buyer', { x: 330, y: 100 }, { title: page.word('billTo'), country: true, vat: 'prefix', yours: true });
      put(page, titleWithNumber(page), { x: 45, y: 200, size: 13, bold: true });
      list(page, ['date', 'due', 'contact'], { x: 45, valueX: 150, y: 222 });
      page.y = 285;
      table(page, { columns: usual, x: 40, lines: 'all' });
      usualEnd(page);
    },
  },
  {
    name: 'a slip to return with the money',
    draw: (page) => {
      const { content } = page;
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', country: true });
      put(page, title(page), { x: 400, y: 40, bold: true, size: 20 });
      list(page, ['number', 'date', 'due', 'customerNo'], { x: 380, valueX: 480, y: 80 });
      block(page, 'buyer', { x: 45, y: 140 }, { country: true });
      page.y = 250;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      usualEnd(page);
      page.sheet.moveTo(30, 690).lineTo(565, 690).dash(3, { space: 3 }).stroke('#666666').undash();
      put(page, SLIPS[content.language], { x: 45, y: 700, bold: true });
      stack(page, [content.buyer.name, content.buyer.street], { x: 45, y: 715 });
      list(page, ['customerNo', 'number'], { x: 330, valueX: 440, y: 700 });
      put(page, `${page.word('payable')}:`, { x: 330, y: 730 });
      put(page, amount(page, content.payable), { x: 440, y: 730 });
    },
  },
  {
    name: 'a balance from before',
    draw: (page) => {
      const { content } = page;
      const [before, received] = BALANCES[content.language];
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', contact: true, country: true });
      block(page, 'buyer', { x: 330, y: 120 }, { country: true });
      put(page, titleWithNumber(page), { x: 45, y: 150, size: 13, bold: true });
      list(page, ['date', 'due', 'customerNo'], { x: 45, valueX: 150, y: 175 });
      put(page, before, { x: 330, y: 200 });
      put(page, amount(page, '153.20'), { x: 550, y: 200, align: 'right' });
      put(page, received, { x: 330, y: 214 });
      put(page, amount(page, '-153.20'), { x: 550, y: 214, align: 'right' });
      page.y = 250;
      table(page, { columns: usual, x: 40, lines: 'rows' });
      usualEnd(page);
    },
  },
  {
    name: 'a discount for paying early under the totals',
    draw: (page) => {
      const { content } = page;
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', country: true });
      block(page, 'buyer', { x: 45, y: 130 }, { title: page.word('billTo'), country: true });
      put(page, titleWithNumber(page), { x: 340, y: 44, size: 14, bold: true });
      list(page, ['date', 'due'], { x: 340, valueX: 440, y: 130 });
      page.y = 240;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 370, right: 557 });
      const less = new Big(content.grand).times('0.98').round(2).toFixed(2);
      const text = EARLY[content.language].replace('{rate}', '2').replace('{date}', date(page, content.date)).replace('{amount}', amount(page, less));
      put(page, text, { x: 45, y: page.y });
      page.y += 18;
      closing(page, 45, ['terms', 'iban']);
    },
  },
  {
    name: 'several rates, the breakdown with gross amounts',
    content: { rates: 3, lines: 6 },
    draw: (page) => {
      const { content } = page;
      block(page, 'seller', { x: 45, y: 40 }, { vat: 'prefix', country: true });
      block(page, 'buyer', { x: 320, y: 120 }, { title: page.word('billTo'), vat: 'prefix', country: true });
      put(page, titleWithNumber(page), { x: 45, y: 160, size: 13, bold: true });
      list(page, ['date', 'due'], { x: 45, valueX: 150, y: 182 });
      page.y = 240;
      table(page, { columns: columns('description 210', 'qty 60', 'unit 50', 'price 70', 'rate 50', 'amount 75'), x: 40, lines: 'rows' });
      const rights = [100, 190, 270, 360];
      (['vatRate', 'vatBase', 'vatAmount', 'grossAmount'] as const).forEach((key, i) => put(page, page.word(key), { x: rights[i] ?? 0, y: page.y, align: 'right', bold: true }));
      const from = page.y;
      for (const row of content.vat) {
        page.y += 14;
        const gross = new Big(row.basis).plus(row.tax).toFixed(2);
        [`${number(page, row.rate)} %`, number(page, row.basis), number(page, row.tax), number(page, gross)].forEach((text, i) => put(page, text, { x: rights[i] ?? 0, y: page.y, align: 'right' }));
      }
      page.y = totalList(page, ['net', 'totalTax', 'grand'], { x: 390, right: 557, y: from }) + 20;
      closing(page, 45, ['iban', 'terms']);
    },
  },
  {
    name: 'letterhead centred over three lines',
    look: { font: 'Times', size: 10 },
    draw: (page) => {
      const { seller, language } = page.content;
      page.printed.add('sellerName').add('sellerAddress');
      put(page, seller.name, { x: PAGE_WIDTH / 2, y: 36, align: 'center', size: 15, bold: true });
      put(page, SLOGANS[language], { x: PAGE_WIDTH / 2, y: 55, align: 'center', grey: true });
      put(page, `${seller.street} - ${placeLine(seller)} - ${countryName(seller.land, language)}`, { x: PAGE_WIDTH / 2, y: 69, align: 'center' });
      put(page, [`${page.word('phone')} ${seller.phone}`, seller.mail, `${page.word('vatNo')}: ${vatText(page, 'seller', 'prefix')}`].join(' - '), { x: PAGE_WIDTH / 2, y: 83, align: 'center' });
      block(page, 'buyer', { x: 320, y: 120 }, { country: true });
      put(page, titleWithNumber(page), { x: 45, y: 160, size: 13, bold: true });
      list(page, ['date', 'due', 'orderNo'], { x: 45, valueX: 150, y: 182 });
      page.y = 260;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      usualEnd(page);
    },
  },
  {
    name: 'only the buyer’s address above, the seller’s at the end',
    draw: (page) => {
      put(page, brand(page), { x: 550, y: 38, align: 'right', size: 20, bold: true });
      block(page, 'buyer', { x: 60, y: 110 }, { country: true });
      put(page, titleWithNumber(page), { x: 60, y: 210, size: 13, bold: true });
      list(page, ['date', 'due', 'customerNo'], { x: 360, valueX: 450, y: 110 });
      page.y = 245;
      table(page, { columns: usual, x: 45, lines: 'rows' });
      usualEnd(page);
      centredFoot(page, 795, ' · ');
    },
  },
  {
    name: 'facts beside the buyer in one row each',
    look: { size: 9.5 },
    draw: (page) => {
      block(page, 'seller', { x: 45, y: 36 }, { contact: true, vat: 'prefix', country: true });
      const facts = (['number', 'date', 'due', 'customerNo', 'orderNo'] as const).map((name) => fact(page, name));
      const lines = partyLines(page, 'buyer', { country: true });
      facts.forEach(([label, value], i) => {
        put(page, lines[i] ?? '', { x: 45, y: 150 + i * 13 });
        put(page, `${label} ${value}`, { x: 330, y: 150 + i * 13 });
      });
      put(page, title(page), { x: 45, y: 235, size: 15, bold: true });
      page.y = 265;
      table(page, { columns: usual, x: 40, lines: 'under titles' });
      vatTable(page, { x: 45 });
      page.y = totalList(page, ['net', 'totalTax', 'grand'], { x: 370, right: 557 }) + 20;
      closing(page, 45, ['terms', 'iban']);
    },
  },
]; // prettier-ignore
