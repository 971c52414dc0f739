import { closing } from './foot.ts';
import { list, title, titleWithNumber } from './head.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import type { Page } from './page.ts';
import { put } from './page.ts';
import { block } from './parties.ts';
import { table } from './table.ts';
import { totalList, totalStrip, vatTable } from './totals.ts';

function head(page: Page): void {
  block(page, 'seller', { x: 42, y: 38 }, { vat: 'prefix', country: true });
  block(page, 'buyer', { x: 330, y: 110 }, { title: page.word('billTo'), country: true });
  put(page, title(page), { x: 42, y: 150, size: 17, bold: true });
  list(page, ['number', 'date', 'due', 'orderNo'], { x: 42, valueX: 150, y: 180 });
  page.y = 260;
}

function nextPage(page: Page): void {
  page.sheet.addPage({ size: 'A4', margin: 0 });
  page.number += 1;
  put(page, titleWithNumber(page), { x: 42, y: 36, size: 10, bold: true });
  page.y = 70;
}

/** Layouts that combine several difficulties, and layouts with columns that no field has. */
export const MIXED: readonly Layout[] = [
  {
    name: 'columns of EAN and lot beside the code',
    look: { size: 8 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('code 50', 'ean 75', 'description 150', 'lot 50', 'qty 45', 'unit 35', 'price 50', 'amount 60'), x: 40, lines: 'under titles' });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 370, right: 555 });
      closing(page, 42, ['iban', 'terms']);
    },
  },
  {
    name: 'a column of lots and discounts, no code',
    content: { lineDiscounts: true },
    look: { size: 8.5 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('description 180', 'lot 60', 'qty 50', 'unit 40', 'price 60', 'discount 55', 'amount 70'), x: 40, lines: 'rows', percentSign: true });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 370, right: 552 });
      closing(page, 42, ['iban']);
    },
  },
  {
    name: 'several rates, deposit paid',
    content: { rates: 3, paid: true, lines: 7 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('code 60', 'description 190', 'qty 55', 'unit 45', 'price 60', 'rate 45', 'amount 65'), x: 40, lines: 'zebra' });
      page.y = vatTable(page, { x: 42 });
      page.y = totalList(page, ['net', 'totalTax', 'grand', 'paid', 'payable'], { x: 350, right: 558 });
      closing(page, 42, ['iban', 'terms']);
    },
  },
  {
    name: 'several rates, discount and shipping, a breakdown',
    content: { rates: 2, allowance: true, charge: true, lines: 5 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('description 210', 'qty 60', 'unit 50', 'price 70', 'rate 50', 'amount 75'), x: 40, lines: 'rows' });
      page.y = totalList(page, ['subtotal', 'allowance', 'charge', 'net', 'totalTax', 'grand'], { x: 340, right: 555 });
      page.y = vatTable(page, { x: 42, y: page.y + 10 });
      closing(page, 42, ['iban']);
    },
  },
  {
    name: 'codes and details in lines of their own over a page break',
    content: { lines: 24, details: true, rates: 2 },
    look: { size: 9 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('pos 30', 'description 210', 'qty 75', 'price 65', 'rate 50', 'amount 75'), x: 40, lines: 'rows', codeUnderName: true, unitWithQty: true, bottom: 740, onNewPage: () => nextPage(page) });
      if (page.y > 690) nextPage(page);
      page.y = totalList(page, ['net', 'taxByRate', 'grand'], { x: 330, right: 545 });
      closing(page, 42, ['terms', 'iban']);
    },
  },
  {
    name: 'amounts with blanks and a comma',
    content: { lines: 5 },
    look: { numbers: 'comma and blanks', money: 'code after', size: 9.5 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('code 65', 'description 190', 'qty 60', 'unit 50', 'price 70', 'amount 80'), x: 40, lines: 'all' });
      page.y = totalStrip(page, ['net', 'totalTax', 'grand'], { x: 250, width: 305 }, { boxed: true }) + 8;
      closing(page, 42, ['iban']);
    },
  },
  {
    name: 'amounts with commas and a point',
    content: { lines: 4, charge: true },
    look: { numbers: 'point and commas', money: 'code before', dates: 'iso', size: 9 },
    draw: (page) => {
      head(page);
      table(page, { columns: columns('pos 30', 'code 65', 'description 170', 'qty 60', 'unit 45', 'price 70', 'amount 80'), x: 40, lines: 'under titles' });
      page.y = totalList(page, ['subtotal', 'charge', 'net', 'tax', 'grand'], { x: 350, right: 558 }, { colon: true });
      closing(page, 42, ['iban', 'terms']);
    },
  },
  {
    name: 'amounts with a comma alone, figures in the middle',
    content: { lines: 6, lineDiscounts: true },
    look: { numbers: 'comma', money: 'none', font: 'Times', size: 10 },
    draw: (page) => {
      head(page);
      list(page, ['currency'], { x: 330, valueX: 430, y: 200 });
      page.y = 260;
      table(page, { columns: columns('description 190', 'qty 65', 'unit 55', 'price 70', 'discount 60', 'amount 80'), x: 40, lines: 'all', figures: 'center', percentSign: true });
      page.y = totalList(page, ['net', 'tax', 'grand'], { x: 370, right: 550 });
      closing(page, 42, ['iban']);
    },
  },
]; // prettier-ignore
