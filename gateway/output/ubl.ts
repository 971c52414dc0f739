import Big from 'big.js';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Invoice, InvoiceLine, Party, VatRow } from '../invoice/invoice.ts';
import type { Amounts } from '../invoice/amounts.ts';
import { amountsOf, grossOf, lineNet, priceOf, quantityOf } from '../invoice/amounts.ts';
import { unitCode } from './units.ts';
import { writeXml } from './xml-writer.ts';
import type { XmlNode } from './xml-writer.ts';

const NAMESPACES = {
  invoice: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  creditNote: 'urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2',
  cac: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  cbc: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
} as const;

type Maybe = XmlNode | undefined;

function text(name: string, value: string | undefined, attributes?: Record<string, string>): Maybe {
  if (value === undefined || value.trim() === '') return undefined;
  return { name: `cbc:${name}`, text: value, ...(attributes ? { attributes } : {}) };
}

function group(name: string, ...children: readonly (Maybe | readonly Maybe[])[]): Maybe {
  const present = children.flat().filter((child) => child !== undefined);
  return present.length === 0 ? undefined : { name: `cac:${name}`, children: present };
}

/** Writes an invoice or credit note as UBL 2.1, elements in the order of its schema, by the EN 16931-3-2 binding. */
export function ublXml(invoice: Invoice, output: InvoiceMapping['output']): string {
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
    group('OrderReference', text('ID', invoice.fields.get('orderReference')?.value)),
    party('AccountingSupplierParty', invoice.seller),
    party('AccountingCustomerParty', invoice.buyer),
    paymentMeans(invoice, credit ? due : undefined),
    group('PaymentTerms', text('Note', invoice.fields.get('paymentTerms')?.value)),
    documentAllowances(invoice, amounts, currency),
    taxTotal(invoice, amounts, currency),
    credit || amounts.withholding.eq(0) ? undefined : withholdingTotal(invoice, amounts, currency),
    monetaryTotal(amounts, currency),
    invoice.lines.map((line) => invoiceLine(line, invoice, credit)),
  ];
  return writeXml({
    name: root,
    attributes: { xmlns: credit ? NAMESPACES.creditNote : NAMESPACES.invoice },
    namespaces: { cac: NAMESPACES.cac, cbc: NAMESPACES.cbc },
    children: children.flat().filter((child) => child !== undefined),
  });
}

function notes(invoice: Invoice): string[] {
  const list: string[] = [];
  const atcud = invoice.fields.get('atcud')?.value;
  if (atcud !== undefined) list.push(`ATCUD:${atcud}`);
  const [hash, certificate] = [invoice.fields.get('hash')?.value, invoice.fields.get('certificate')?.value];
  if (certificate !== undefined)
    list.push(
      `${hash === undefined ? '' : `${hash}-`}Processado por programa certificado n.º ${certificate}/AT`,
    );
  const withholding = invoice.fields.get('withholding')?.value;
  if (withholding !== undefined && Number(withholding) !== 0) list.push(`Retenção na fonte: ${withholding}`);
  return list;
}

function party(name: string, who: Party): XmlNode {
  const vatId = taxNumber(who);
  const partyNode = group(
    'Party',
    group('PartyName', text('Name', who.name?.value)),
    group(
      'PostalAddress',
      text('StreetName', who.street?.value),
      text('CityName', who.city?.value),
      text('PostalZone', who.postalCode?.value),
      group('Country', text('IdentificationCode', who.country?.value)),
    ),
    vatId === undefined
      ? undefined
      : group('PartyTaxScheme', text('CompanyID', vatId), group('TaxScheme', text('ID', 'VAT'))),
    group('PartyLegalEntity', text('RegistrationName', who.name?.value ?? vatId)),
  );
  return { name: `cac:${name}`, children: partyNode ? [partyNode] : [] };
}

/** BR-CO-09 asks for the country's prefix on a VAT number. */
function taxNumber(who: Party): string | undefined {
  const value = who.vatId?.value;
  if (value === undefined) return undefined;
  return /^\d{9}$/.test(value) ? `${who.country?.value ?? 'PT'}${value}` : value;
}

/** UNCL4461: 30 credit transfer where an account is given, 1 "not defined" where only a date is. */
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

function money(name: string, value: Big, currency: string): Maybe {
  return text(name, value.toFixed(2), { currencyID: currency });
}

/** Allowances and charges on the whole document, split by rate the way the breakdown says they fall. */
function documentAllowances(invoice: Invoice, amounts: Amounts, currency: string): Maybe[] {
  const parts: Maybe[] = [];
  for (const [charge, total] of [
    [false, amounts.allowance],
    [true, amounts.charge],
  ] as const) {
    if (total.eq(0)) continue;
    for (const { row, amount } of splitByRate(invoice, total, charge, amounts)) {
      parts.push(
        group(
          'AllowanceCharge',
          text('ChargeIndicator', String(charge)),
          text('AllowanceChargeReason', charge ? 'Charge' : 'Discount'),
          money('Amount', amount, currency),
          taxCategory('TaxCategory', row, false),
        ),
      );
    }
  }
  return parts;
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

/** VATEX codes for the categories that have a general one (Connecting Europe Facility VATEX code list). */
const REASON_CODES: Readonly<Record<string, string>> = {
  AE: 'VATEX-EU-AE',
  K: 'VATEX-EU-IC',
  G: 'VATEX-EU-G',
  O: 'VATEX-EU-O',
};

function taxCategory(name: string, row: VatRow, withReason: boolean): Maybe {
  return group(
    name,
    text('ID', row.category),
    row.category === 'O' ? undefined : text('Percent', new Big(row.rate.value).toString()),
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
        taxCategory('TaxCategory', row, row.category !== 'S'),
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

/** What is withheld counts as paid (BT-113), so that BT-115 is what the buyer still transfers (docs/adr). */
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

function invoiceLine(line: InvoiceLine, invoice: Invoice, credit: boolean): Maybe {
  const currency = invoice.currency.value;
  const gross = grossOf(line).round(2, Big.roundHalfUp);
  const net = lineNet(line);
  const discount = line.discount && !new Big(line.discount.value).eq(0) ? gross.minus(net) : new Big(0);
  const percent = line.discount?.value;
  return group(
    credit ? 'CreditNoteLine' : 'InvoiceLine',
    text('ID', String(line.position)),
    text(credit ? 'CreditedQuantity' : 'InvoicedQuantity', quantityOf(line).toString(), {
      unitCode: unitCode(line.unit?.value),
    }),
    money('LineExtensionAmount', net, currency),
    discount.eq(0) || percent === undefined
      ? undefined
      : group(
          'AllowanceCharge',
          text('ChargeIndicator', 'false'),
          text('AllowanceChargeReason', 'Discount'),
          text('MultiplierFactorNumeric', new Big(percent).toString()),
          money('Amount', discount, currency),
          money('BaseAmount', gross, currency),
        ),
    group(
      'Item',
      text('Name', line.name?.value ?? line.code?.value ?? String(line.position)),
      line.code === undefined ? undefined : group('SellersItemIdentification', text('ID', line.code.value)),
      lineTaxCategory(line, invoice.vat),
    ),
    group(
      'Price',
      text('PriceAmount', line.price?.value ?? priceOf(line).toString(), { currencyID: currency }),
    ),
  );
}

function lineTaxCategory(line: InvoiceLine, vat: readonly VatRow[]): Maybe {
  const rate = line.rate;
  if (!rate) return undefined;
  const row = vat.find((v) => new Big(v.rate.value).eq(rate.value));
  const category = row?.category ?? (new Big(rate.value).eq(0) ? 'E' : 'S');
  return group(
    'ClassifiedTaxCategory',
    text('ID', category),
    category === 'O' ? undefined : text('Percent', new Big(rate.value).toString()),
    group('TaxScheme', text('ID', 'VAT')),
  );
}
