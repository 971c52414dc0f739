import {
  address,
  atcudText,
  certifiedBy,
  day,
  id,
  qrLike,
  REASONS_OF_EXEMPTION,
  registerLines,
  row,
  small,
  sums,
  vatSummary,
} from './certified-parts.ts';
import { ibanText } from './foot.ts';
import type { Layout } from './layout.ts';
import { columns } from './layout.ts';
import { amount, date, number, put, stack } from './page.ts';
import { vatText } from './parties.ts';
import { table } from './table.ts';

const PT = ['pt'] as const;

/** Invoices as the certified programs of Portugal print them. */
export const CERTIFIED: readonly Layout[] = [
  {
    name: 'a program’s form with two strips of facts and a frame of sums',
    languages: PT,
    content: { rates: 2, lineDiscounts: true, allowance: true },
    look: { size: 8, money: 'none' },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `Contribuinte N.º: ${vatText(page, 'seller', 'bare')}`, ...registerLines(page)], { x: 40, y: 36 }, { boldFirst: true });
      put(page, 'Original', { x: 555, y: 36, align: 'right' });
      put(page, 'Página 1 / 1', { x: 555, y: 48, align: 'right' });
      put(page, `Factura ${id(page)}`, { x: 320, y: 70, size: 12, bold: true });
      put(page, atcudText(page), { x: 320, y: 88 });
      stack(page, ['Exmo.(s) Sr.(s)', ...address(page, 'buyer')], { x: 320, y: 108 });
      row(page, [['V/N.º Contrib.', vatText(page, 'buyer', 'bare')], ['Requisição', content.orderNo], ['Moeda', content.currency], ['Câmbio', '1,00'], ['Data', day(page, 'date')]], { x: 40, y: 172, width: 104 });
      row(page, [['Desconto Cli.', '0,00'], ['Desc. Fin.', '0,00'], ['Vencimento', day(page, 'due')], ['Condição Pagamento', `Factura a ${content.days} dias`]], { x: 40, y: 200, width: 130 });
      page.y = 236;
      table(page, { columns: columns('code 60', 'description 190', 'qty 45', 'unit 30', 'price 65', 'discount 40', 'rate 35', 'amount 60'), x: 37, called: { code: 'Artigo', price: 'Pr. Unitário', discount: 'Desc.', rate: 'IVA', amount: 'Valor', unit: 'Un.' }, lines: 'under titles' });
      const y = Math.max(page.y + 20, 560);
      vatSummary(page, { x: 40, y, heading: 'Quadro Resumo do IVA', titles: ['Taxa/Valor', 'Incid./Qtd.', 'Total', 'Motivo Isenção'], rights: [40, 150, 215, 235], cells: 'rate, basis, tax, reason' });
      sums(page, [
        ['Mercadoria/Serviços', amount(page, content.subtotal)], ['Descontos Comerciais', amount(page, content.allowance)], ['Desconto Financeiro', number(page, '0.00')],
        ['Portes', number(page, '0.00')], ['Outros Serviços', number(page, '0.00')], ['Adiantamentos', number(page, '0.00')], ['IVA', amount(page, content.tax)], ['Acerto', number(page, '0.00')], ['Total ( EUR )', amount(page, content.grand)],
      ], { x: 390, right: 555, y });
      small(page, [certifiedBy(page), 'Os bens/serviços foram colocados à disposição do adquirente na data do documento.'], { x: 40, y: 780 });
    },
  },
  {
    name: 'a program of the web with summary of taxes at the left',
    languages: PT,
    content: { rates: 3, lines: 6 },
    look: { dates: 'hyphens' },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), content.seller.mail, `Contribuinte N.º: ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 40 }, { boldFirst: true });
      put(page, `Fatura ${id(page)}`, { x: 555, y: 40, align: 'right', size: 14, bold: true });
      put(page, 'Original', { x: 555, y: 60, align: 'right' });
      put(page, atcudText(page), { x: 555, y: 73, align: 'right' });
      stack(page, ['Exmo.(s) Sr.(s)', ...address(page, 'buyer')], { x: 330, y: 110 });
      row(page, [['Data', day(page, 'date')], ['Data Vencimento', day(page, 'due')], ['Contribuinte', vatText(page, 'buyer', 'bare')], ['V/ Ref.', content.orderNo]], { x: 40, y: 190, width: 128 });
      page.y = 228;
      table(page, { columns: columns('code 65', 'description 190', 'qty 45', 'unit 35', 'price 65', 'rate 45', 'amount 70'), x: 37, called: { code: 'Referência', description: 'Designação', qty: 'Qtd', unit: 'Un', price: 'Preço Un.', rate: 'IVA', amount: 'Total' }, percentSign: true, lines: 'zebra' });
      const y = page.y + 16;
      vatSummary(page, { x: 40, y, heading: 'Resumo de IVAs', titles: ['Designação', 'Taxa', 'Incidência', 'Valor IVA'], rights: [40, 135, 205, 265], cells: 'name, rate, basis, tax' });
      sums(page, [['Total Ilíquido', amount(page, content.net)], ['Desconto', amount(page, '0.00')], ['Total IVA', amount(page, content.tax)], ['Total a pagar', amount(page, content.payable)]], { x: 380, right: 555, y });
      put(page, ibanText(page), { x: 40, y: y + 110 });
      qrLike(page, 40, 700);
      small(page, [certifiedBy(page, '2860'), 'Este documento foi emitido por programa certificado.'], { x: 120, y: 740 });
    },
  },
  {
    name: 'from and to side by side, the unit under the name',
    languages: PT,
    content: { lineDiscounts: true },
    look: { dates: 'slashes', money: 'sign after' },
    draw: (page) => {
      const { content } = page;
      put(page, `Fatura ${id(page)}`, { x: 45, y: 40, size: 18, bold: true });
      put(page, `Original · ${atcudText(page)}`, { x: 45, y: 64, grey: true });
      stack(page, [...address(page, 'seller'), 'Portugal', `NIF PT${vatText(page, 'seller', 'bare')}`], { x: 45, y: 95 }, { boldFirst: true });
      stack(page, [...address(page, 'buyer'), 'Portugal', `NIF PT${vatText(page, 'buyer', 'bare')}`], { x: 310, y: 95 }, { boldFirst: true });
      row(page, [['Data de Emissão', day(page, 'date')], ['Vencimento', day(page, 'due')], ['V/Ref.', content.orderNo]], { x: 45, y: 185, width: 150 });
      page.y = 225;
      table(page, { columns: columns('code 60', 'description 185', 'price 65', 'qty 45', 'discount 50', 'rate 45', 'amount 65'), x: 42, called: { price: 'Preço', qty: 'Qtd', discount: 'Desc.', rate: 'IVA', amount: 'Total' }, percentSign: true, lines: 'rows' });
      page.y += 8;
      const y = sums(page, [['Soma', amount(page, content.net)], ['Sem IVA', amount(page, content.net)], ['IVA', amount(page, content.tax)], ['Total', amount(page, content.grand)]], { x: 400, right: 555, y: page.y });
      vatSummary(page, { x: 45, y: y + 10, titles: ['Taxa', 'Base', 'IVA', 'Total'], rights: [45, 160, 230, 310], cells: 'rate, basis, tax, gross' });
      small(page, [certifiedBy(page, '192')], { x: 45, y: 790 });
    },
  },
  {
    name: 'two boxes of labelled parties',
    languages: PT,
    draw: (page) => {
      const { content } = page;
      const box = (role: 'seller' | 'buyer', heading: string, x: number): void => {
        const who = content[role];
        address(page, role);
        page.sheet.rect(x, 80, 250, 100).lineWidth(0.5).stroke('#777777');
        put(page, heading, { x: x + 6, y: 86, bold: true });
        const rows = [['Nome:', who.name], ['Morada:', who.street], ['Cód. Postal:', who.postalCode], ['Localidade:', who.place], ['N.º Contribuinte:', vatText(page, role, 'bare')]] as const;
        rows.forEach(([label, value], i) => {
          put(page, label, { x: x + 6, y: 102 + i * 14 });
          put(page, value, { x: x + 85, y: 102 + i * 14 });
        });
      };
      put(page, 'FATURA', { x: 40, y: 36, size: 16, bold: true });
      put(page, `N.º ${id(page)}`, { x: 555, y: 36, align: 'right', bold: true });
      put(page, 'ORIGINAL', { x: 555, y: 52, align: 'right' });
      box('seller', 'Dados do Emitente', 40);
      box('buyer', 'Dados do Cliente', 305);
      put(page, `Data: ${day(page, 'date')}    Vencimento: ${day(page, 'due')}    ${atcudText(page)}`, { x: 40, y: 195 });
      page.y = 225;
      table(page, { columns: columns('pos 25', 'code 60', 'description 190', 'qty 60', 'price 65', 'rate 45', 'amount 70'), x: 40, unitWithQty: true, lines: 'all', called: { pos: 'N.º', code: 'Ref.ª', qty: 'Quant.', price: 'P. Unitário', rate: 'Taxa', amount: 'Total Líquido' } });
      const y = page.y + 10;
      vatSummary(page, { x: 45, y, titles: ['Taxa IVA', 'Base Tributável', 'Valor IVA'], rights: [45, 160, 230], totals: true });
      sums(page, [['Total Líquido', amount(page, content.net)], ['Total Impostos', amount(page, content.tax)], ['TOTAL DOCUMENTO', amount(page, content.grand)]], { x: 370, right: 555, y });
      small(page, [certifiedBy(page, '2341')], { x: 45, y: 800 });
    },
  },
  {
    name: 'services with withholding on a form for receipts',
    languages: PT,
    content: { withholding: true, lines: 2 },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `NIF: ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 40 }, { boldFirst: true });
      put(page, 'Fatura', { x: 330, y: 40, size: 14, bold: true });
      stack(page, [`N.º do documento: ${id(page)}`, `Data de emissão: ${day(page, 'date')}`, `Data de vencimento: ${day(page, 'due')}`, atcudText(page)], { x: 330, y: 62 });
      put(page, 'Adquirente', { x: 40, y: 130, bold: true });
      stack(page, [...address(page, 'buyer'), `NIF do adquirente: ${vatText(page, 'buyer', 'bare')}`], { x: 40, y: 144 });
      page.y = 225;
      table(page, { columns: columns('description 230', 'qty 60', 'unit 50', 'price 80', 'amount 90'), x: 38, lines: 'under titles', called: { description: 'Descrição dos serviços', price: 'Valor unitário', amount: 'Valor total' } });
      const y = page.y + 8;
      sums(page, [
        ['Valor base', amount(page, content.net)], [`IVA à taxa de ${content.vat[0]?.rate}%`, amount(page, content.tax)], ['Valor com IVA', amount(page, content.grand)],
        [`Retenção na fonte de IRS (${number(page, content.withheldRate)}%)`, amount(page, `-${content.withholding}`)], ['Importância a receber', amount(page, content.payable)],
      ], { x: 320, right: 550, y });
      put(page, ibanText(page), { x: 40, y: y + 100 });
      small(page, [certifiedBy(page, '24')], { x: 40, y: 790 });
    },
  },
  {
    name: 'exempt with code and reason at each line’s rate',
    languages: PT,
    content: { category: 'E' },
    draw: (page) => {
      const { content } = page;
      stack(page, [...address(page, 'seller'), `N.I.F.: ${vatText(page, 'seller', 'bare')}`, `Tel.: ${content.seller.phone}`], { x: 40, y: 40 }, { boldFirst: true });
      put(page, `Fatura n.º ${id(page)}`, { x: 320, y: 40, bold: true, size: 12 });
      stack(page, ['Original', atcudText(page), `Data: ${day(page, 'date')}`, `Vence em: ${day(page, 'due')}`], { x: 320, y: 58 });
      stack(page, ['Cliente', ...address(page, 'buyer'), `Contribuinte: ${vatText(page, 'buyer', 'bare')}`], { x: 320, y: 130 });
      page.y = 230;
      const start = page.y;
      table(page, { columns: columns('code 60', 'description 200', 'qty 50', 'unit 40', 'price 70', 'rate 40', 'amount 70'), x: 38, lines: 'under titles', called: { rate: 'IVA' } });
      const y = Math.max(page.y, start) + 10;
      vatSummary(page, { x: 40, y, heading: 'Resumo do IVA', titles: ['Taxa', 'Base', 'IVA', 'Motivo de isenção'], rights: [40, 130, 180, 195], cells: 'rate, basis, tax, reason' });
      sums(page, [['Total ilíquido', amount(page, content.net)], ['IVA', amount(page, content.tax)], ['Total', amount(page, content.grand)]], { x: 410, right: 555, y });
      small(page, [`Motivo de isenção: ${REASONS_OF_EXEMPTION.E}`, certifiedBy(page, '1203')], { x: 40, y: y + 90 });
    },
  },
  {
    name: 'credit note with the document of origin and its reason',
    languages: PT,
    content: { credit: true, rates: 2 },
    draw: (page) => {
      const { content } = page;
      put(page, `Nota de Crédito ${id(page)}`, { x: 555, y: 40, align: 'right', size: 13, bold: true });
      put(page, atcudText(page), { x: 555, y: 58, align: 'right' });
      put(page, 'Original', { x: 555, y: 71, align: 'right' });
      stack(page, [...address(page, 'seller'), `Contribuinte n.º ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 40 }, { boldFirst: true });
      stack(page, ['Exmo.(a) Sr.(a)', ...address(page, 'buyer')], { x: 320, y: 100 });
      row(page, [['Cliente', content.customerNo], ['Contribuinte', vatText(page, 'buyer', 'bare')], ['Data', day(page, 'date')], ['Doc. origem', content.original.id], ['Data origem', date(page, content.original.date)]], { x: 40, y: 185, width: 104 });
      put(page, `Documento retificado: ${content.original.id}. Motivo: devolução de mercadoria`, { x: 40, y: 215 });
      page.y = 240;
      table(page, { columns: columns('code 60', 'description 190', 'qty 50', 'unit 40', 'price 70', 'rate 45', 'amount 70'), x: 38, lines: 'rows', called: { amount: 'Total', rate: 'IVA' }, percentSign: true });
      const y = page.y + 8;
      vatSummary(page, { x: 40, y, titles: ['IVA', 'Incidência', 'Valor'], rights: [40, 150, 220] });
      sums(page, [['Total ilíquido', amount(page, content.net)], ['Total IVA', amount(page, content.tax)], ['Total da nota de crédito', amount(page, content.grand)]], { x: 370, right: 555, y });
      small(page, [certifiedBy(page)], { x: 40, y: 790 });
    },
  },
  {
    name: 'sums carried to a second page, each page with its own head',
    languages: PT,
    content: { lines: 26, rates: 2 },
    look: { size: 8 },
    draw: (page) => {
      const { content } = page;
      const head = (number: number): void => {
        stack(page, [...address(page, 'seller'), `NIF: ${vatText(page, 'seller', 'bare')}`], { x: 40, y: 36 }, { boldFirst: true });
        stack(page, [`Fatura ${id(page)}`, atcudText(page), `Data ${day(page, 'date')}`, `Vencimento ${day(page, 'due')}`, `Pág. ${number}/2`], { x: 400, y: 36 }, { boldFirst: true });
        stack(page, ['Exmo.(s) Senhor(es)', ...address(page, 'buyer'), `NIF: ${vatText(page, 'buyer', 'bare')}`], { x: 300, y: 105 });
        page.y = 185;
      };
      const foot = (): void => void small(page, [certifiedBy(page), `${content.seller.name} · Capital Social 5.000,00 €`], { x: 40, y: 795 });
      head(1);
      table(page, {
        columns: columns('code 60', 'description 195', 'qty 50', 'unit 35', 'price 65', 'rate 40', 'amount 70'), x: 38, lines: 'under titles', carried: true, bottom: 470,
        onNewPage: () => { foot(); page.sheet.addPage(); head(2); },
      });
      const y = page.y + 6;
      vatSummary(page, { x: 40, y, heading: 'Resumo IVA', titles: ['Taxa', 'Incidência', 'Imposto'], rights: [40, 140, 200] });
      sums(page, [['Total mercadoria', amount(page, content.net)], ['Total de imposto', amount(page, content.tax)], ['Total a pagar', amount(page, content.payable)]], { x: 380, right: 555, y });
      foot();
    },
  },
]; // prettier-ignore
