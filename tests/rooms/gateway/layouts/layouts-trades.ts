import Big from 'big.js';
import { address, atcudText, certifiedBy, day, id, row, small, sums, vatSummary } from './certified-parts.ts';
import { unitWord } from './goods.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import { amount, date, number, put, stack } from './page.ts';
import { vatText } from './parties.ts';
import { table } from './table.ts';

const PT = ['pt'] as const;

/** Invoices of single trades, as the certified programs of Portugal print them. */
export const TRADES: readonly Layout[] = [
  {
    name: 'a simplified invoice on A4 with prices that include the VAT',
    languages: PT,
    content: { rates: 2, lines: 4 },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `NIF ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 40 }, { boldFirst: true });
      put(page, `Fatura ${id(page)}`, { x: 40, y: 115, bold: true, size: 12 });
      stack(page, [`Data: ${day(page, 'date')} 14:32`, atcudText(page), `Cliente: ${content.buyer.name}`, `Morada: ${content.buyer.street}`, `${content.buyer.postalCode} ${content.buyer.place}`, `NIF: ${vatText(page, 'buyer', 'bare')}`], { x: 40, y: 135 });
      page.printed.add('buyerName').add('buyerAddress');
      page.y = 235;
      table(page, { columns: columns('qty 40', 'description 220', 'price 80', 'rate 50', 'amount 70', 'grossAmount 80'), x: 38, lines: 'under titles', percentSign: true, called: { qty: 'Qtd', price: 'Preço s/IVA', rate: 'IVA', amount: 'Total s/IVA', grossAmount: 'Total c/IVA' } });
      const y = sums(page, [['Total a pagar', amount(page, content.grand)]], { x: 380, right: 575, y: page.y });
      vatSummary(page, { x: 40, y: y + 10, heading: 'Resumo IVA', titles: ['Taxa', 'Base', 'IVA', 'Total'], rights: [40, 140, 210, 290], cells: 'rate, basis, tax, gross' });
      small(page, ['Pagamento: Multibanco', certifiedBy(page, '2230'), 'Obrigado pela sua visita'], { x: 40, y: y + 90 });
    },
  },
  {
    name: 'building work by reverse charge with a record of measurement',
    languages: PT,
    content: { category: 'AE', lines: 3 },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `NIPC ${vatText(page, 'seller', 'bare')}`, 'Alvará de construção n.º 71234 - PUB'], { x: 40, y: 40 }, { boldFirst: true });
      stack(page, [...address(page, 'buyer'), `NIPC ${vatText(page, 'buyer', 'bare')}`], { x: 330, y: 110 });
      put(page, `Fatura N.º ${id(page)}`, { x: 40, y: 190, size: 12, bold: true });
      row(page, [['Data', day(page, 'date')], ['Vencimento', day(page, 'due')], ['Obra', 'Reabilitação - Fase 2'], ['Auto n.º', '4']], { x: 40, y: 212, width: 125 });
      put(page, atcudText(page), { x: 400, y: 192 });
      page.y = 252;
      table(page, { columns: columns('pos 30', 'description 235', 'unit 40', 'qty 55', 'price 75', 'amount 80'), x: 38, lines: 'all', called: { pos: 'Art.', description: 'Designação dos trabalhos', unit: 'Un.', qty: 'Quant.', price: 'Preço unit.', amount: 'Importância' } });
      const y = sums(page, [['Soma', amount(page, content.net)], ['IVA (autoliquidação)', amount(page, '0.00')], ['Total', amount(page, content.grand)]], { x: 380, right: 553, y: page.y + 6 });
      small(page, ['IVA - autoliquidação, alínea j) do n.º 1 do artigo 2.º do CIVA (M40)', certifiedBy(page, '1455')], { x: 40, y: y + 20 });
    },
  },
  {
    name: 'goods in transit with places and hours of loading',
    languages: PT,
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `Contribuinte PT ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 36 }, { boldFirst: true });
      stack(page, ['Exmo.(s) Sr.(s)', ...address(page, 'buyer')], { x: 320, y: 60 });
      put(page, `FATURA N.º ${id(page)}`, { x: 40, y: 140, bold: true, size: 11 });
      put(page, 'TRIPLICADO', { x: 555, y: 36, align: 'right' });
      row(page, [['Data', day(page, 'date')], ['Vencimento', day(page, 'due')], ['N.º Contribuinte', vatText(page, 'buyer', 'bare')], ['Cond. pagamento', `${content.days} dias`]], { x: 40, y: 162, width: 128 });
      page.y = 200;
      table(page, { columns: columns('code 60', 'description 200', 'qty 50', 'unit 40', 'price 65', 'rate 40', 'amount 70'), x: 38, lines: 'under titles' });
      const y = page.y + 10;
      stack(page, [`Local de carga: ${content.seller.street}, ${content.seller.place}`, `Hora de carga: ${date(page, content.date)} 09:15`, 'Local de descarga: Zona Industrial da Maia, Sector 5', 'Viatura: 12-AB-34', atcudText(page)], { x: 40, y }, { size: 7.5 });
      const end = sums(page, [['Total ilíquido', amount(page, content.net)], [`IVA ${content.vat[0]?.rate}%`, amount(page, content.tax)], ['Total do documento', amount(page, content.grand)]], { x: 370, right: 553, y });
      small(page, [certifiedBy(page, '88'), 'Recebi a mercadoria: ______________________'], { x: 40, y: end + 50 });
    },
  },
  {
    name: 'energy by period with fixed and variable parts',
    languages: PT,
    content: { rates: 2, lines: 4 },
    look: { size: 8.5 },
    draw: (page) => {
      const { content } = page;
      put(page, content.seller.name, { x: 40, y: 36, size: 14, bold: true });
      stack(page, ['Titular do contrato', ...address(page, 'buyer'), `NIF ${vatText(page, 'buyer', 'bare')}`], { x: 330, y: 60 });
      stack(page, [`Fatura: ${id(page)}`, `Data de emissão: ${day(page, 'date')}`, `Data limite de pagamento: ${day(page, 'due')}`, `N.º de contrato: ${content.customerNo}`, `Período de faturação: ${date(page, content.delivered)} a ${date(page, content.date)}`, atcudText(page)], { x: 40, y: 70 });
      put(page, `Valor a pagar ${amount(page, content.payable)}`, { x: 330, y: 150, size: 13, bold: true });
      page.y = 205;
      put(page, 'Detalhe da sua fatura', { x: 40, y: 185, size: 11, bold: true });
      table(page, { columns: columns('description 225', 'qty 65', 'unit 45', 'price 75', 'rate 45', 'amount 75'), x: 38, lines: 'rows', percentSign: true, called: { qty: 'Quantidade', price: 'Preço (€)', rate: 'IVA', amount: 'Valor (€)' } });
      const y = page.y + 6;
      vatSummary(page, { x: 40, y, titles: ['IVA', 'Valor base', 'Valor do IVA'], rights: [40, 150, 230], totals: true });
      sums(page, [['Total sem IVA', amount(page, content.net)], ['Total IVA', amount(page, content.tax)], ['Total da fatura', amount(page, content.grand)]], { x: 380, right: 566, y });
      address(page, 'seller');
      small(page, [`${content.seller.name} · ${content.seller.street} · ${content.seller.postalCode} ${content.seller.place} · NIPC ${vatText(page, 'seller', 'bare')}`, certifiedBy(page, '45'), `Pagamento por Multibanco: Entidade 20321 Referência 123 456 789 Montante ${amount(page, content.payable)}`], { x: 40, y: 770 });
    },
  },
  {
    name: 'narrow columns with titles over two rows and the unit beside the price',
    languages: PT,
    content: { details: true, rates: 2 },
    look: { size: 7.5, font: 'Liberation' },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `NIF/VAT: PT${vatText(page, 'seller', 'bare')}`], { x: 40, y: 36 }, { boldFirst: true });
      stack(page, [`Fatura/Invoice ${id(page)}`, `Data/Date: ${day(page, 'date')}`, `Vencimento/Due date: ${day(page, 'due')}`, atcudText(page)], { x: 230, y: 36 });
      stack(page, [...address(page, 'buyer'), `NIF/VAT: PT${vatText(page, 'buyer', 'bare')}`], { x: 410, y: 36 });
      page.y = 120;
      table(page, { columns: columns('code 50', 'description 120', 'qty 50', 'unit 35', 'price 60', 'rate 40', 'amount 65'), x: 38, titles: 'rows', lines: 'all' });
      const y = page.y + 8;
      vatSummary(page, { x: 40, y, titles: ['Taxa', 'Incid.', 'IVA'], rights: [40, 120, 170] });
      sums(page, [['Total Ilíquido', number(page, content.net)], ['Total IVA', number(page, content.tax)], ['Total', amount(page, content.grand)]], { x: 290, right: 455, y });
      small(page, [certifiedBy(page)], { x: 40, y: 800 });
    },
  },
  {
    name: 'a parts dealer with prices per item before and after the discount',
    languages: PT,
    content: { lineDiscounts: true, lines: 4 },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `Nº Contribuinte ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 40 }, { boldFirst: true });
      stack(page, [...address(page, 'buyer')], { x: 330, y: 100 });
      row(page, [['Documento', `Fatura ${id(page)}`], ['Data', day(page, 'date')], ['Vencimento', day(page, 'due')], ['V/ NIF', vatText(page, 'buyer', 'bare')], ['ATCUD', atcudText(page).slice(7)]], { x: 40, y: 170, width: 104 });
      page.y = 208;
      const rights = [45, 110, 320, 355, 415, 455, 510, 560];
      const titles = ['Ref.', 'Designação', 'Qtd.', 'Un.', 'P. Unit.', 'Desc.%', 'P. Líq.', 'Total'];
      const line = (texts: readonly string[], { bold } = { bold: false }): void => {
        texts.forEach((text, i) => put(page, text, { x: rights[i] ?? 0, y: page.y, bold, align: i < 2 || i === 3 ? 'left' : 'right' }));
        page.y += 15;
      };
      line(titles, { bold: true });
      for (const one of content.lines) {
        const less = new Big(one.price).times(new Big(100).minus(one.discount)).div(100).toFixed(4);
        line([one.code, one.name, number(page, one.qty), unitWord(one.unit, 'pt'), number(page, one.price), number(page, one.discount), number(page, less), number(page, one.total)]);
      }
      page.printed.add('line.code').add('line.unit');
      const y = page.y + 10;
      vatSummary(page, { x: 45, y, titles: ['Taxa', 'Base', 'Imposto'], rights: [45, 140, 200] });
      sums(page, [['Total ilíquido', amount(page, content.net)], ['IVA', amount(page, content.tax)], ['Total', amount(page, content.grand)]], { x: 400, right: 560, y });
      small(page, [certifiedBy(page, '731')], { x: 40, y: 790 });
    },
  },
]; // prettier-ignore
