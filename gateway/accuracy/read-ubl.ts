import Big from 'big.js';
import { XMLParser } from 'fast-xml-parser';
import type { FieldName } from './truth.ts';
import { at, list, string, tree } from './xml-tree.ts';

/** The values of a UBL document, in the terms of the truth files. */
export interface UblContent {
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  /** Further values of a field in the document, such as an address in several elements. */
  readonly also?: Readonly<Partial<Record<FieldName, readonly string[]>>>;
  readonly lines: readonly UblLine[];
  readonly vat: readonly UblVatRow[];
}

export interface UblLine {
  readonly code: string | undefined;
  /** The buyer's code and a standard code. */
  readonly otherCodes?: readonly string[];
  readonly name: string | undefined;
  readonly qty: string | undefined;
  /** The code of the unit in UN/ECE Recommendation 20. */
  readonly unit: string | undefined;
  readonly price: string | undefined;
  /** The price less the line's allowance for each unit, rounded to cents. Some suppliers state this as the price. */
  readonly priceLessAllowance?: string;
  readonly total: string | undefined;
}

export interface UblVatRow {
  /** Empty for a category without a rate. */
  readonly rate: string;
  readonly basis: string;
  readonly tax: string;
  readonly category: string;
}

const REPEATED = [
  'InvoiceLine',
  'CreditNoteLine',
  'Note',
  'TaxTotal',
  'TaxSubtotal',
  'PartyTaxScheme',
  'PaymentMeans',
];

/** Reads a UBL Invoice or CreditNote that the gateway wrote. */
export function readUbl(xml: string): UblContent {
  const parser = new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    isArray: (name) => REPEATED.includes(name),
  });
  const document = tree(parser.parse(xml));
  const root = tree(document['Invoice'] ?? document['CreditNote']);
  const totals = tree(root['LegalMonetaryTotal']);
  const notes = list(root['Note']).map((note) => string(note) ?? '');
  const taxTotal = tree(list(root['TaxTotal'])[0]);
  const means = list(root['PaymentMeans'])[0];
  const fields = {
    id: string(root['ID']),
    date: string(root['IssueDate']),
    due: string(root['DueDate']) ?? string(at(means, 'PaymentDueDate')),
    currency: string(root['DocumentCurrencyCode']),
    ...partyOf('seller', at(root, 'AccountingSupplierParty', 'Party')),
    ...partyOf('buyer', at(root, 'AccountingCustomerParty', 'Party')),
    net: string(totals['TaxExclusiveAmount']),
    tax: string(taxTotal['TaxAmount']),
    grand: string(totals['TaxInclusiveAmount']),
    payable: string(totals['PayableAmount']),
    iban: string(at(means, 'PayeeFinancialAccount', 'ID')),
    atcud: notes.find((note) => note.startsWith('ATCUD:'))?.slice(6),
  };
  return {
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    also: {
      sellerStreet: streetsOf(at(root, 'AccountingSupplierParty', 'Party')),
      buyerStreet: streetsOf(at(root, 'AccountingCustomerParty', 'Party')),
    },
    lines: list(root['InvoiceLine'] ?? root['CreditNoteLine']).map(lineOf),
    vat: list(taxTotal['TaxSubtotal']).map((row) => ({
      rate: string(at(row, 'TaxCategory', 'Percent')) ?? '',
      basis: string(at(row, 'TaxableAmount')) ?? '',
      tax: string(at(row, 'TaxAmount')) ?? '',
      category: string(at(row, 'TaxCategory', 'ID')) ?? '',
    })),
  };
}

function partyOf(role: 'seller' | 'buyer', party: unknown): Record<string, string | undefined> {
  const address = at(party, 'PostalAddress');
  const city = [string(at(address, 'PostalZone')), string(at(address, 'CityName'))].filter(
    (part) => part !== undefined,
  );
  return {
    [`${role}Name`]:
      string(at(party, 'PartyLegalEntity', 'RegistrationName')) ?? string(at(party, 'PartyName', 'Name')),
    [`${role}Street`]: string(at(address, 'StreetName')),
    [`${role}City`]: city.length === 0 ? undefined : city.join(' '),
    [`${role}Vat`]: string(at(vatSchemeOf(party), 'CompanyID')),
  };
}

function vatSchemeOf(party: unknown): unknown {
  return list(at(party, 'PartyTaxScheme')).find((scheme) => string(at(scheme, 'TaxScheme', 'ID')) === 'VAT');
}

function streetsOf(party: unknown): string[] {
  const address = at(party, 'PostalAddress');
  return [at(address, 'AdditionalStreetName'), at(address, 'AddressLine', 'Line')].flatMap(
    (line) => string(line) ?? [],
  );
}

function priceLessAllowance(line: unknown, quantity: string | undefined): string | undefined {
  const total = string(at(line, 'LineExtensionAmount'));
  const isReduced = at(line, 'AllowanceCharge', 'Amount') !== undefined;
  if (!isReduced || quantity === undefined || total === undefined || new Big(quantity).eq(0))
    return undefined;
  return new Big(total).div(quantity).round(2, Big.roundHalfUp).toFixed(2);
}

function lineOf(line: unknown): UblLine {
  const quantity = at(line, 'InvoicedQuantity') ?? at(line, 'CreditedQuantity');
  const reduced = priceLessAllowance(line, string(quantity));
  return {
    ...(reduced === undefined ? {} : { priceLessAllowance: reduced }),
    code: string(at(line, 'Item', 'SellersItemIdentification', 'ID')),
    otherCodes: ['StandardItemIdentification', 'BuyersItemIdentification'].flatMap(
      (name) => string(at(line, 'Item', name, 'ID')) ?? [],
    ),
    name: string(at(line, 'Item', 'Name')),
    qty: string(quantity),
    unit: string(at(quantity, '@unitCode')),
    price: string(at(line, 'Price', 'PriceAmount')),
    total: string(at(line, 'LineExtensionAmount')),
  };
}
