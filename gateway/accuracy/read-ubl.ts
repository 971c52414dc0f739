import Big from 'big.js';
import { every, first, textOf, textsOf } from '../formats/by-local-name.ts';
import { parseXml } from '../rules/parse-xml.ts';
import type { XmlElement } from '../rules/xml-tree.ts';
import type { FieldName } from './truth.ts';

/** The values of a UBL document, in the terms of the truth files. */
export interface UblContent {
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  /** Further values of a field in the document, for example of an address in several elements. */
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
  /**
   * The price after the line's allowance, for each unit and rounded to cents. Some suppliers print this value as the
   * price.
   */
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

/** Reads a UBL Invoice or CreditNote that the gateway wrote. */
export function readUbl(xml: string): UblContent {
  const root = parseXml(xml);
  const totals = first(root, 'LegalMonetaryTotal');
  const taxTotal = first(root, 'TaxTotal');
  const means = first(root, 'PaymentMeans');
  const seller = first(root, 'AccountingSupplierParty/Party');
  const buyer = first(root, 'AccountingCustomerParty/Party');
  const fields = {
    id: textOf(root, 'ID'),
    date: textOf(root, 'IssueDate'),
    due: textOf(root, 'DueDate') ?? textOf(means, 'PaymentDueDate'),
    currency: textOf(root, 'DocumentCurrencyCode'),
    ...partyOf('seller', seller),
    ...partyOf('buyer', buyer),
    net: textOf(totals, 'TaxExclusiveAmount'),
    tax: textOf(taxTotal, 'TaxAmount'),
    grand: textOf(totals, 'TaxInclusiveAmount'),
    payable: textOf(totals, 'PayableAmount'),
    iban: textOf(means, 'PayeeFinancialAccount/ID'),
    atcud: textsOf(root, 'Note')
      .find((note) => note.startsWith('ATCUD:'))
      ?.slice(6),
  };
  return {
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    also: { sellerStreet: streetsOf(seller), buyerStreet: streetsOf(buyer) },
    lines: every(root, 'InvoiceLine|CreditNoteLine').map(lineOf),
    vat: every(taxTotal, 'TaxSubtotal').map((row) => ({
      rate: textOf(row, 'TaxCategory/Percent') ?? '',
      basis: textOf(row, 'TaxableAmount') ?? '',
      tax: textOf(row, 'TaxAmount') ?? '',
      category: textOf(row, 'TaxCategory/ID') ?? '',
    })),
  };
}

function partyOf(
  role: 'seller' | 'buyer',
  party: XmlElement | undefined,
): Record<string, string | undefined> {
  const city = ['PostalZone', 'CityName'].flatMap((part) => textOf(party, `PostalAddress/${part}`) ?? []);
  const vat = every(party, 'PartyTaxScheme').find((scheme) => textOf(scheme, 'TaxScheme/ID') === 'VAT');
  return {
    [`${role}Name`]: textOf(party, 'PartyLegalEntity/RegistrationName') ?? textOf(party, 'PartyName/Name'),
    [`${role}Street`]: textOf(party, 'PostalAddress/StreetName'),
    [`${role}City`]: city.length === 0 ? undefined : city.join(' '),
    [`${role}Vat`]: textOf(vat, 'CompanyID'),
  };
}

function streetsOf(party: XmlElement | undefined): string[] {
  const address = first(party, 'PostalAddress');
  return ['AdditionalStreetName', 'AddressLine/Line'].flatMap((line) => textOf(address, line) ?? []);
}

function priceLessAllowance(line: XmlElement, quantity: string | undefined): string | undefined {
  const total = textOf(line, 'LineExtensionAmount');
  // When a line has several allowances, the price after only one of them is not a price.
  const isReduced = every(line, 'AllowanceCharge/Amount').length === 1;
  if (!isReduced || quantity === undefined || total === undefined || new Big(quantity).eq(0))
    return undefined;
  return new Big(total).div(quantity).round(2, Big.roundHalfUp).toFixed(2);
}

function lineOf(line: XmlElement): UblLine {
  const quantity = first(line, 'InvoicedQuantity|CreditedQuantity');
  const qty = quantity?.text;
  const reduced = priceLessAllowance(line, qty);
  return {
    ...(reduced === undefined ? {} : { priceLessAllowance: reduced }),
    code: textOf(line, 'Item/SellersItemIdentification/ID'),
    otherCodes: ['StandardItemIdentification', 'BuyersItemIdentification'].flatMap(
      (name) => textOf(line, `Item/${name}/ID`) ?? [],
    ),
    name: textOf(line, 'Item/Name'),
    qty,
    unit: quantity?.attributes['unitCode'],
    price: textOf(line, 'Price/PriceAmount'),
    total: textOf(line, 'LineExtensionAmount'),
  };
}
