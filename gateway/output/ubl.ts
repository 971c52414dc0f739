import Big from 'big.js';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { DocumentAllowance, Invoice, VatRow } from '../found-invoice/invoice.ts';
import type { Amounts } from '../found-invoice/amounts.ts';
import { amountsOf, lineNet } from '../found-invoice/amounts.ts';
import { countryDeliveredTo } from '../found-invoice/delivery.ts';
import { invoiceLine } from './ubl-lines.ts';
import type { Maybe } from './ubl-nodes.ts';
import { group, money, text } from './ubl-nodes.ts';
import { parties } from './ubl-parties.ts';
import type { XmlNode } from './xml-writer.ts';

const NAMESPACES = {
  invoice: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  creditNote: 'urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2',
  cac: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  cbc: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
} as const;

/**
 * Makes an invoice or credit note as UBL 2.1, by the EN 16931-3-2 binding, with the elements in the order of the
 * schema.
 */
export function ublNode(invoice: Invoice, output: InvoiceMapping['output']): XmlNode {
  const amounts = amountsOf(invoice);
  const credit = invoice.credit;
  const currency = invoice.currency.value;
  const due = invoice.fields.get('dueDate')?.value;
  const root = credit ? 'CreditNote' : 'Invoice';
  const children: (Maybe | readonly Maybe[])[] = [
    text('CustomizationID', output.customizationId),
    text('ProfileID', output.profileId),
    text('ID', invoice.fields.get('number')?.value),
    text('IssueDate', invoice.fields.get('issueDate')?.value),
    credit ? undefined : text('DueDate', due),
    text(`${root}TypeCode`, invoice.typeCode),
    notes(invoice).map((note) => text('Note', note)),
    text('DocumentCurrencyCode', currency),
    text('BuyerReference', invoice.fields.get('buyerReference')?.value),
    group(
      'InvoicePeriod',
      text('StartDate', invoice.fields.get('periodStart')?.value),
      text('EndDate', invoice.fields.get('periodEnd')?.value),
    ),
    group('OrderReference', text('ID', invoice.fields.get('orderReference')?.value)),
    ...parties(invoice),
    delivery(invoice),
    paymentMeans(invoice, credit ? due : undefined),
    group('PaymentTerms', text('Note', invoice.fields.get('paymentTerms')?.value)),
    documentAllowances(invoice, amounts, currency),
    taxTotal(invoice, amounts, currency),
    credit || amounts.withholding.eq(0) ? undefined : withholdingTotal(invoice, amounts, currency),
    monetaryTotal(amounts, currency),
    invoice.lines.map((line) => invoiceLine(line, invoice, credit)),
  ];
  return {
    name: root,
    attributes: { xmlns: credit ? NAMESPACES.creditNote : NAMESPACES.invoice },
    namespaces: { cac: NAMESPACES.cac, cbc: NAMESPACES.cbc },
    children: children.flat().filter((child) => child !== undefined),
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
 * Writes the date and place of delivery of an intra-community supply (BR-IC-11, BR-IC-12), if the document states
 * them.
 */
function delivery(invoice: Invoice): Maybe {
  const country = countryDeliveredTo(invoice)?.value;
  return group(
    'Delivery',
    text('ActualDeliveryDate', invoice.fields.get('deliveryDate')?.value),
    country === undefined
      ? undefined
      : group('DeliveryLocation', group('Address', group('Country', text('IdentificationCode', country)))),
  );
}

/** Writes the means of payment by UNCL4461: 30 (credit transfer) with an account, 1 (not defined) with only a date. */
function paymentMeans(invoice: Invoice, creditDue: string | undefined): Maybe {
  const iban = invoice.fields.get('iban')?.value;
  if (iban === undefined && creditDue === undefined) return undefined;
  return group(
    'PaymentMeans',
    text('PaymentMeansCode', iban === undefined ? '1' : '30'),
    text('PaymentDueDate', creditDue),
    iban === undefined ? undefined : group('PayeeFinancialAccount', text('ID', iban)),
  );
}

/**
 * Writes allowances and charges on the whole document as the page states them. Where the page states only totals,
 * splits the totals by the VAT breakdown.
 */
function documentAllowances(invoice: Invoice, amounts: Amounts, currency: string): Maybe[] {
  const printed = invoice.allowances.map(({ isCharge, amount, reason, row }) =>
    documentAllowance({ isCharge, amount, reason, row, currency }),
  );
  if (printed.length > 0) return printed;
  return [
    { isCharge: false, total: amounts.allowance },
    { isCharge: true, total: amounts.charge },
  ].flatMap(({ isCharge, total }) =>
    total.eq(0)
      ? []
      : splitByRate(invoice, total, isCharge, amounts).map(({ row, amount }) =>
          documentAllowance({ isCharge, amount, reason: isCharge ? 'Charge' : 'Discount', row, currency }),
        ),
  );
}

function documentAllowance({
  isCharge,
  amount,
  reason,
  row,
  currency,
}: DocumentAllowance & { readonly currency: string }): Maybe {
  return group(
    'AllowanceCharge',
    text('ChargeIndicator', String(isCharge)),
    text('AllowanceChargeReason', reason),
    money('Amount', amount, currency),
    taxCategory('TaxCategory', row, { withReason: false }),
  );
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
        .filter((line) => line.rate && new Big(line.rate.value).eq(row.rate.value))
        .reduce((sum, line) => sum.plus(lineNet(line)), new Big(0));
      return { row, amount: charge ? new Big(row.basis.value).minus(lines) : lines.minus(row.basis.value) };
    })
    .filter(({ amount }) => amount.gt(0));
  const sum = parts.reduce((s, { amount }) => s.plus(amount), new Big(0));
  if (!both && sum.eq(total)) return parts;
  const first = invoice.vat[0];
  return first ? [{ row: first, amount: total }] : [];
}

/** The general VATEX codes of the categories that have such a code (Connecting Europe Facility VATEX code list). */
const REASON_CODES: Readonly<Record<string, string>> = {
  AE: 'VATEX-EU-AE',
  K: 'VATEX-EU-IC',
  G: 'VATEX-EU-G',
  O: 'VATEX-EU-O',
};

function taxCategory(name: string, row: VatRow, { withReason }: { readonly withReason: boolean }): Maybe {
  return group(
    name,
    text('ID', row.category),
    row.category === 'O' ? undefined : text('Percent', new Big(row.rate.value).toFixed()),
    withReason ? text('TaxExemptionReasonCode', REASON_CODES[row.category]) : undefined,
    withReason ? text('TaxExemptionReason', row.reason?.value) : undefined,
    group('TaxScheme', text('ID', 'VAT')),
  );
}

function taxTotal(invoice: Invoice, amounts: Amounts, currency: string): Maybe {
  return group(
    'TaxTotal',
    money('TaxAmount', amounts.tax, currency),
    invoice.vat.map((row) =>
      group(
        'TaxSubtotal',
        money('TaxableAmount', new Big(row.basis.value), currency),
        money('TaxAmount', new Big(row.tax.value), currency),
        taxCategory('TaxCategory', row, { withReason: row.category !== 'S' }),
      ),
    ),
  );
}

function withholdingTotal(invoice: Invoice, amounts: Amounts, currency: string): Maybe {
  return group(
    'WithholdingTaxTotal',
    money('TaxAmount', amounts.withholding, currency),
    group(
      'TaxSubtotal',
      money('TaxableAmount', amounts.net, currency),
      money('TaxAmount', amounts.withholding, currency),
      group(
        'TaxCategory',
        text('Percent', withholdingRate(invoice, amounts)),
        group('TaxScheme', text('ID', 'IRS')),
      ),
    ),
  );
}

function withholdingRate(invoice: Invoice, amounts: Amounts): string | undefined {
  if (amounts.net.eq(0)) return undefined;
  const printed = /(\d{1,2}(?:[.,]\d{1,2})?)\s?%/.exec(invoice.fields.get('withholding')?.rule ?? '')?.[1];
  return (
    printed?.replace(',', '.') ??
    amounts.withholding.div(amounts.net).times(100).round(1, Big.roundHalfUp).toString()
  );
}

/**
 * Tax that the buyer withholds counts as paid (BT-113), so that BT-115 is the amount that the buyer still transfers.
 */
function monetaryTotal(amounts: Amounts, currency: string): Maybe {
  const prepaid = amounts.paid.plus(amounts.withholding);
  return group(
    'LegalMonetaryTotal',
    money('LineExtensionAmount', amounts.lineTotal, currency),
    money('TaxExclusiveAmount', amounts.net, currency),
    money('TaxInclusiveAmount', amounts.grand, currency),
    amounts.allowance.eq(0) ? undefined : money('AllowanceTotalAmount', amounts.allowance, currency),
    amounts.charge.eq(0) ? undefined : money('ChargeTotalAmount', amounts.charge, currency),
    prepaid.eq(0) ? undefined : money('PrepaidAmount', prepaid, currency),
    amounts.rounding.eq(0) ? undefined : money('PayableRoundingAmount', amounts.rounding, currency),
    money('PayableAmount', amounts.payable, currency),
  );
}
