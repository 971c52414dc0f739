import { XMLParser } from 'fast-xml-parser';
import type { Truth, TruthLine, TruthVatRow } from './truth.ts';
import { known } from './truth.ts';
import { at, list, string } from './xml-tree.ts';

const REPEATED = [
  'IncludedSupplyChainTradeLineItem',
  'SpecifiedTaxRegistration',
  'ApplicableTradeTax',
  'SpecifiedTradeSettlementPaymentMeans',
  'Name',
  'Description',
];

/**
 * Reads the e-invoice inside a PDF as the truth about its page.
 * @param xml a CrossIndustryInvoice (Factur-X, ZUGFeRD 2) or CrossIndustryDocument (ZUGFeRD 1)
 */
export function readCii(xml: string): Pick<Truth, 'fields' | 'lines' | 'vat'> {
  const parser = new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    isArray: (name) => REPEATED.includes(name),
  });
  const parsed: unknown = parser.parse(xml);
  const root = at(parsed, 'CrossIndustryInvoice') ?? at(parsed, 'CrossIndustryDocument');
  const trade = at(root, 'SupplyChainTradeTransaction') ?? at(root, 'SpecifiedSupplyChainTradeTransaction');
  const agreement = oneOf(trade, 'HeaderTradeAgreement');
  const settlement = oneOf(trade, 'HeaderTradeSettlement');
  const sums =
    at(settlement, 'SpecifiedTradeSettlementHeaderMonetarySummation') ??
    at(settlement, 'SpecifiedTradeSettlementMonetarySummation');
  return {
    fields: known({
      currency: string(at(settlement, 'InvoiceCurrencyCode')),
      ...partyOf('seller', at(agreement, 'SellerTradeParty')),
      ...partyOf('buyer', at(agreement, 'BuyerTradeParty')),
      payable: string(at(sums, 'DuePayableAmount')),
      due: dueDateOf(settlement),
    }),
    lines: linesOf(trade),
    vat: list(at(settlement, 'ApplicableTradeTax')).map(vatRowOf),
  };
}

/** Of several payment terms, returns the date without a discount, on which the whole amount is due. */
function dueDateOf(settlement: unknown): string | undefined {
  const terms = list(at(settlement, 'SpecifiedTradePaymentTerms')).filter((each) =>
    at(each, 'DueDateDateTime'),
  );
  const net = terms.find((each) => !at(each, 'ApplicableTradePaymentDiscountTerms'));
  const written = string(at(net ?? terms.at(-1), 'DueDateDateTime', 'DateTimeString'));
  return written?.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
}

function oneOf(trade: unknown, name: string): unknown {
  return at(trade, `Applicable${name}`) ?? at(trade, `ApplicableSupplyChain${name.replace('Header', '')}`);
}

function partyOf(role: 'seller' | 'buyer', party: unknown): Record<string, string | string[] | undefined> {
  const address = at(party, 'PostalTradeAddress');
  const lines = ['LineOne', 'LineTwo', 'LineThree']
    .map((name) => string(at(address, name)))
    .filter((line) => line !== undefined);
  const place = [string(at(address, 'PostcodeCode')), string(at(address, 'CityName'))].filter(
    (part) => part !== undefined,
  );
  const numbers = list(at(party, 'SpecifiedTaxRegistration')).map((registration) => at(registration, 'ID'));
  const vat = numbers.find((id) => string(at(id, '@schemeID')) === 'VA');
  return {
    [`${role}Name`]: list(at(party, 'Name')).flatMap((name) => string(name) ?? []),
    [`${role}Street`]: lines.length > 1 ? [...lines, lines.join(', '), lines.join(' ')] : lines,
    [`${role}City`]: place.length === 0 ? undefined : place.join(' '),
    [`${role}Vat`]: string(vat),
  };
}

function vatRowOf(tax: unknown): TruthVatRow {
  return {
    rate: string(at(tax, 'RateApplicablePercent')) ?? string(at(tax, 'ApplicablePercent')) ?? '0',
    basis: string(at(tax, 'BasisAmount')) ?? '0',
    tax: string(at(tax, 'CalculatedAmount')) ?? '0',
    category: string(at(tax, 'CategoryCode')),
  };
}

/** Returns the lines with an amount. The profiles without lines (MINIMUM, BASIC WL) state nothing about lines. */
function linesOf(trade: unknown): TruthLine[] | undefined {
  const lines = list(at(trade, 'IncludedSupplyChainTradeLineItem')).filter(isCharged).map(lineOf);
  const charged = lines.filter((line) => line.total !== undefined);
  return charged.length === 0 ? undefined : charged;
}

/**
 * False for titles and notes among the lines of the extended profile. They are not added up, even when they have an
 * amount.
 */
function isCharged(line: unknown): boolean {
  const status = string(at(line, 'AssociatedDocumentLineDocument', 'LineStatusReasonCode'));
  return status !== 'GROUP' && status !== 'INFORMATION';
}

function lineOf(line: unknown): TruthLine {
  const product = at(line, 'SpecifiedTradeProduct');
  const names = list(at(product, 'Name')).flatMap((name) => string(name) ?? []);
  const descriptions = list(at(product, 'Description')).flatMap((text) => string(text) ?? []);
  const agreement = at(line, 'SpecifiedLineTradeAgreement') ?? at(line, 'SpecifiedSupplyChainTradeAgreement');
  const delivery = at(line, 'SpecifiedLineTradeDelivery') ?? at(line, 'SpecifiedSupplyChainTradeDelivery');
  const settlement =
    at(line, 'SpecifiedLineTradeSettlement') ?? at(line, 'SpecifiedSupplyChainTradeSettlement');
  const sums =
    at(settlement, 'SpecifiedTradeSettlementLineMonetarySummation') ??
    at(settlement, 'SpecifiedTradeSettlementMonetarySummation');
  const quantity = at(delivery, 'BilledQuantity');
  const prices = ['NetPriceProductTradePrice', 'GrossPriceProductTradePrice'].flatMap(
    (name) => string(at(agreement, name, 'ChargeAmount')) ?? [],
  );
  const codes = ['SellerAssignedID', 'GlobalID', 'BuyerAssignedID'].flatMap(
    (name) => string(at(product, name)) ?? [],
  );
  return {
    code: codes.length === 0 ? undefined : codes,
    // A page prints the description below the name, and nothing shows where the description begins.
    name: names.length === 0 ? undefined : [...names, [...names, ...descriptions].join(' ')],
    qty: string(quantity),
    unit: string(at(quantity, '@unitCode')),
    price: prices.length === 0 ? undefined : prices,
    total: string(at(sums, 'LineTotalAmount')),
  };
}
