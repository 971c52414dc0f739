import { every, first, textOf, textsOf } from '../formats/by-local-name.ts';
import { parseXml } from '../rules/parse-xml.ts';
import type { XmlElement } from '../rules/xml-tree.ts';
import type { Truth, TruthLine, TruthVatRow } from './truth.ts';
import { known } from './truth.ts';

/**
 * Reads the e-invoice inside a PDF as the truth about its page.
 * @param xml a CrossIndustryInvoice (Factur-X, ZUGFeRD 2) or CrossIndustryDocument (ZUGFeRD 1)
 */
export function readCii(xml: string): Pick<Truth, 'fields' | 'lines' | 'vat'> {
  const trade = first(parseXml(xml), 'SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction');
  const agreement = first(trade, 'ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement');
  const settlement = first(trade, 'ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement');
  return {
    fields: known({
      currency: textOf(settlement, 'InvoiceCurrencyCode'),
      ...partyOf('seller', first(agreement, 'SellerTradeParty')),
      ...partyOf('buyer', first(agreement, 'BuyerTradeParty')),
      payable: textOf(settlement, `${SUMS}/DuePayableAmount`),
      due: dueDateOf(every(settlement, 'SpecifiedTradePaymentTerms')),
    }),
    lines: linesOf(trade),
    vat: every(settlement, 'ApplicableTradeTax').map(vatRowOf),
  };
}

const SUMS = 'SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation';

/** When there are several payment terms, the whole amount is due on the date without a discount. */
function dueDateOf(terms: readonly XmlElement[]): string | undefined {
  const dated = terms.filter((each) => first(each, 'DueDateDateTime'));
  const net = dated.find((each) => !first(each, 'ApplicableTradePaymentDiscountTerms'));
  const written = textOf(net ?? dated.at(-1), 'DueDateDateTime/DateTimeString');
  return written?.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
}

function partyOf(
  role: 'seller' | 'buyer',
  party: XmlElement | undefined,
): Record<string, string | string[] | undefined> {
  const inAddress = (part: string): string[] => textsOf(party, `PostalTradeAddress/${part}`).slice(0, 1);
  const lines = ['LineOne', 'LineTwo', 'LineThree'].flatMap(inAddress);
  const place = ['PostcodeCode', 'CityName'].flatMap(inAddress);
  const numbers = every(party, 'SpecifiedTaxRegistration/ID');
  return {
    [`${role}Name`]: textsOf(party, 'Name'),
    [`${role}Street`]: lines.length > 1 ? [...lines, lines.join(', '), lines.join(' ')] : lines,
    [`${role}City`]: place.length === 0 ? undefined : place.join(' '),
    [`${role}Vat`]: numbers.find(({ attributes }) => attributes['schemeID'] === 'VA')?.text,
  };
}

function vatRowOf(tax: XmlElement): TruthVatRow {
  return {
    rate: textOf(tax, 'RateApplicablePercent') ?? textOf(tax, 'ApplicablePercent') ?? '0',
    basis: textOf(tax, 'BasisAmount') ?? '0',
    tax: textOf(tax, 'CalculatedAmount') ?? '0',
    category: textOf(tax, 'CategoryCode'),
  };
}

/** Returns the lines with an amount. The profiles without lines (MINIMUM, BASIC WL) state nothing about lines. */
function linesOf(trade: XmlElement | undefined): TruthLine[] | undefined {
  const lines = every(trade, 'IncludedSupplyChainTradeLineItem').filter(isCharged).map(lineOf);
  const charged = lines.filter((line) => line.total !== undefined);
  return charged.length === 0 ? undefined : charged;
}

/** False for titles and notes among the lines of the extended profile. Their amounts are not added up. */
function isCharged(line: XmlElement): boolean {
  const status = textOf(line, 'AssociatedDocumentLineDocument/LineStatusReasonCode');
  return status !== 'GROUP' && status !== 'INFORMATION';
}

function lineOf(line: XmlElement): TruthLine {
  const product = first(line, 'SpecifiedTradeProduct');
  const names = textsOf(product, 'Name');
  const agreement = first(line, 'SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement');
  const delivery = first(line, 'SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery');
  const settlement = first(line, 'SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement');
  const quantity = first(delivery, 'BilledQuantity');
  const prices = ['NetPriceProductTradePrice', 'GrossPriceProductTradePrice'].flatMap(
    (name) => textOf(agreement, `${name}/ChargeAmount`) ?? [],
  );
  const codes = ['SellerAssignedID', 'GlobalID', 'BuyerAssignedID'].flatMap(
    (name) => textOf(product, name) ?? [],
  );
  return {
    code: codes.length === 0 ? undefined : codes,
    // A page prints the description below the name, and nothing shows where the name ends and the description begins.
    name:
      names.length === 0 ? undefined : [...names, [...names, ...textsOf(product, 'Description')].join(' ')],
    qty: quantity?.text,
    unit: quantity?.attributes['unitCode'],
    price: prices.length === 0 ? undefined : prices,
    total: textOf(settlement, `${LINE_SUMS}/LineTotalAmount`),
  };
}

const LINE_SUMS = 'SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation';
