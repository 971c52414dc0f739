import Big from 'big.js';
import type { Amounts } from '../found-invoice/amounts.ts';
import { amountsOf, grossOf, lineNet, lineNetText, priceOf, quantityOf } from '../found-invoice/amounts.ts';
import { countryDeliveredTo } from '../found-invoice/delivery.ts';
import type { Invoice, InvoiceLine, VatRow } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Maybe } from '../output/ubl-nodes.ts';
import { group, money, text } from '../output/ubl-nodes.ts';
import type { XmlNode } from '../output/xml-writer.ts';
import { isSameNumber } from '../values/numbers.ts';
import { unitCode } from '../values/units.ts';
import { plainDecimal } from './decimals.ts';
import { foundBuyer, foundSeller } from './found-parties.ts';
import type {
  AllowanceOrCharge,
  SemanticInvoice,
  SemanticLine,
  Text,
  VatBreakdown,
} from './semantic-invoice.ts';
import { ublNode } from './to-ubl.ts';

/** Makes an invoice or credit note that was read from a page as UBL 2.1, by the EN 16931-3-2 binding. */
export function foundUbl(invoice: Invoice, output: InvoiceMapping['output']): XmlNode {
  const amounts = amountsOf(invoice);
  const { credit } = invoice;
  const withheld = credit || amounts.withholding.eq(0) ? undefined : withholdingTotal(invoice, amounts);
  const semantic = foundSemantic(invoice, amounts);
  const { customizationId: specification, profileId: process } = output;
  return ublNode({ ...semantic, specification, process }, { credit, withheld });
}

/** Returns the values of an invoice that was read from a page, in the terms of the standard. */
export function foundSemantic(invoice: Invoice, amounts: Amounts = amountsOf(invoice)): SemanticInvoice {
  const field = (name: string): Text => invoice.fields.get(name)?.value;
  const country = countryDeliveredTo(invoice)?.value;
  const iban = field('iban');
  return {
    number: field('number'),
    issueDate: field('issueDate'),
    typeCode: invoice.typeCode,
    currency: invoice.currency.value,
    dueDate: field('dueDate'),
    buyerReference: field('buyerReference'),
    order: field('orderReference'),
    paymentTerms: field('paymentTerms'),
    notes: notes(invoice).map((note) => ({ text: note })),
    preceding: [],
    seller: foundSeller(invoice),
    buyer: foundBuyer(invoice),
    delivery: { date: field('deliveryDate'), address: country === undefined ? undefined : { country } },
    period: { start: field('periodStart'), end: field('periodEnd') },
    // UNCL4461, 30: a credit transfer.
    payments: iban === undefined ? [] : [{ code: '30', account: iban }],
    allowances: documentAllowances(invoice, amounts),
    totals: totalsOf(amounts),
    vat: invoice.vat.map(vatOf),
    documents: [],
    lines: invoice.lines.map((line) => lineOf(line, invoice.vat)),
  };
}

function notes(invoice: Invoice): string[] {
  const list: string[] = [];
  const atcud = invoice.fields.get('atcud')?.value;
  if (atcud !== undefined) list.push(`ATCUD:${atcud}`);
  const hash = invoice.fields.get('hash')?.value;
  const certificate = invoice.fields.get('certificate')?.value;
  if (certificate !== undefined)
    list.push(
      `${hash === undefined ? '' : `${hash}-`}Processado por programa certificado n.º ${certificate}/AT`,
    );
  const withholding = invoice.fields.get('withholding')?.value;
  if (withholding !== undefined && Number(withholding) !== 0) list.push(`Retenção na fonte: ${withholding}`);
  return list;
}

/**
 * Returns allowances and charges on the whole document, as the page states them. Otherwise it splits the totals by the
 * VAT breakdown.
 */
function documentAllowances(invoice: Invoice, amounts: Amounts): AllowanceOrCharge[] {
  if (invoice.allowances.length > 0)
    return invoice.allowances.map(({ isCharge, amount, reason, row }) => ({
      isCharge,
      amount: amount.toFixed(2),
      reason,
      ...categoryOf(row),
    }));
  return [false, true].flatMap((isCharge) => {
    const total = isCharge ? amounts.charge : amounts.allowance;
    if (total.eq(0)) return [];
    return splitByRate(invoice, total, isCharge, amounts).map(({ row, amount }) => ({
      isCharge,
      amount: amount.toFixed(2),
      reason: isCharge ? 'Charge' : 'Discount',
      ...categoryOf(row),
    }));
  });
}

function splitByRate(
  invoice: Invoice,
  total: Big,
  charge: boolean,
  amounts: Amounts,
): { row: VatRow; amount: Big }[] {
  const both = amounts.allowance.gt(0) && amounts.charge.gt(0);
  const parts = invoice.vat
    .map((row) => {
      const lines = invoice.lines
        .filter((line) => line.rate && isSameNumber(line.rate.value, row.rate.value))
        .reduce((sum, line) => sum.plus(lineNet(line)), new Big(0));
      return { row, amount: charge ? new Big(row.basis.value).minus(lines) : lines.minus(row.basis.value) };
    })
    .filter(({ amount }) => amount.gt(0));
  const sum = parts.reduce((s, { amount }) => s.plus(amount), new Big(0));
  if (!both && sum.eq(total)) return parts;
  const first = invoice.vat[0];
  return first ? [{ row: first, amount: total }] : [];
}

const categoryOf = (row: VatRow): { category: string; rate: string } => ({
  category: row.category,
  rate: row.rate.value,
});

/** The general VATEX codes of the categories that have such a code (Connecting Europe Facility VATEX code list). */
const REASON_CODES: Readonly<Record<string, string>> = {
  AE: 'VATEX-EU-AE',
  K: 'VATEX-EU-IC',
  G: 'VATEX-EU-G',
  O: 'VATEX-EU-O',
};

function vatOf(row: VatRow): VatBreakdown {
  const basis = new Big(row.basis.value).toFixed(2);
  const tax = new Big(row.tax.value).toFixed(2);
  const reason = row.category === 'S' ? undefined : row.reason?.value;
  return { basis, tax, ...categoryOf(row), reasonCode: REASON_CODES[row.category], reason };
}

function withholdingTotal(invoice: Invoice, { withholding, net }: Amounts): Maybe {
  const currency = invoice.currency.value;
  return group(
    'WithholdingTaxTotal',
    money('TaxAmount', withholding, currency),
    group(
      'TaxSubtotal',
      money('TaxableAmount', net, currency),
      money('TaxAmount', withholding, currency),
      group(
        'TaxCategory',
        text('Percent', withholdingRate(invoice, withholding, net)),
        group('TaxScheme', text('ID', 'IRS')),
      ),
    ),
  );
}

function withholdingRate(invoice: Invoice, withholding: Big, net: Big): string | undefined {
  if (net.eq(0)) return undefined;
  const printed = /(\d{1,2}(?:[.,]\d{1,2})?)\s?%/.exec(invoice.fields.get('withholding')?.rule ?? '')?.[1];
  return printed?.replace(',', '.') ?? withholding.div(net).times(100).round(1, Big.roundHalfUp).toString();
}

/**
 * Tax that the buyer withholds counts as paid (BT-113), so that BT-115 is the amount that the buyer still transfers.
 */
function totalsOf(amounts: Amounts): SemanticInvoice['totals'] {
  const unlessZero = (amount: Big): Text => (amount.eq(0) ? undefined : amount.toFixed(2));
  return {
    lines: amounts.lineTotal.toFixed(2),
    allowances: unlessZero(amounts.allowance),
    charges: unlessZero(amounts.charge),
    net: amounts.net.toFixed(2),
    tax: amounts.tax.toFixed(2),
    grand: amounts.grand.toFixed(2),
    paid: unlessZero(amounts.paid.plus(amounts.withholding)),
    rounding: unlessZero(amounts.rounding),
    payable: amounts.payable.toFixed(2),
  };
}

/** The scheme of a GTIN in ISO/IEC 6523 (BT-157). */
const GTIN_SCHEME = '0160';

function lineOf(line: InvoiceLine, vat: readonly VatRow[]): SemanticLine {
  const { price, quantity } = unsignedPrice(line);
  const unit = unitCode(line.unit?.value);
  return {
    id: String(line.position),
    quantity,
    unit,
    net: lineNetText(line),
    allowances: [...discountOf(line), ...adjustmentOf(line)],
    price,
    baseQuantity: line.priceBase?.value,
    ...lineCategory(line, vat),
    name: line.name?.value ?? line.code?.value,
    description: line.description?.value,
    sellerCode: line.code?.value,
    standardCode: line.standardCode && { value: line.standardCode.value, scheme: GTIN_SCHEME },
    classifications: [],
    attributes: [],
  };
}

/** Moves the sign of a returned item from the price to the quantity, because a price is never negative (BR-27). */
function unsignedPrice(line: InvoiceLine): { price: string; quantity: Text } {
  const price = line.price?.value ?? priceOf(line).toFixed();
  return price.startsWith('-')
    ? { price: price.slice(1), quantity: quantityOf(line).times(-1).toFixed() }
    : { price, quantity: plainDecimal(line.qty?.value ?? '1') };
}

function discountOf(line: InvoiceLine): AllowanceOrCharge[] {
  const percent = line.discount?.value;
  if (percent === undefined || new Big(percent).eq(0)) return [];
  const gross = grossOf(line).round(2, Big.roundHalfUp);
  const discount = gross.minus(lineNet(line));
  if (discount.eq(0)) return [];
  const amount = discount.toFixed(2);
  return [{ isCharge: false, amount, base: gross.toFixed(2), percent, reason: 'Discount' }];
}

/** Returns the sum of a line's allowances and charges (BG-27, BG-28). */
function adjustmentOf(line: InvoiceLine): AllowanceOrCharge[] {
  const amount = new Big(line.adjustment?.value ?? '0');
  if (amount.eq(0)) return [];
  const isCharge = amount.gt(0);
  return [{ isCharge, amount: amount.abs().toFixed(2), reason: isCharge ? 'Charge' : 'Discount' }];
}

function lineCategory({ rate }: InvoiceLine, vat: readonly VatRow[]): { category?: Text; rate?: Text } {
  if (!rate) return {};
  const row = vat.find((each) => isSameNumber(each.rate.value, rate.value));
  return { category: row?.category ?? (new Big(rate.value).eq(0) ? 'E' : 'S'), rate: rate.value };
}
