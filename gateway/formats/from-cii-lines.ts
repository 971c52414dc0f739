import Big from 'big.js';
import type { XmlElement } from '../rules/xml-tree.ts';
import { every, first, identifierAt, textOf } from './by-local-name.ts';
import { allowanceOf, periodOf } from './cii-parts.ts';
import type { Identifier, SemanticLine, Text, VatBreakdown } from './semantic-invoice.ts';

/**
 * Reads a line of a CrossIndustryInvoice. The basic profile of ZUGFeRD 1 omits values that can be computed. When the
 * breakdown has only one rate, every line has that rate. The price is the amount divided by the quantity, if the
 * division is exact.
 */
export function lineOf(line: XmlElement, vat: readonly VatBreakdown[]): SemanticLine {
  const agreement = first(line, 'SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement');
  const delivery = first(line, 'SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery');
  const settlement = first(line, 'SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement');
  const product = first(line, 'SpecifiedTradeProduct');
  const quantity = first(delivery, 'BilledQuantity');
  const net = textOf(
    settlement,
    'SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation/LineTotalAmount',
  );
  const tax = first(settlement, 'ApplicableTradeTax');
  const only = vat.length === 1 ? vat[0] : undefined;
  const object = every(settlement, 'AdditionalReferencedDocument').find(
    (document) => textOf(document, 'TypeCode') === '130',
  );
  return {
    id: textOf(line, 'AssociatedDocumentLineDocument/LineID'),
    note: textOf(line, 'AssociatedDocumentLineDocument/IncludedNote/Content'),
    object: objectOf(object),
    quantity: quantity?.text,
    unit: quantity?.attributes['unitCode'],
    net,
    orderLine: textOf(agreement, 'BuyerOrderReferencedDocument/LineID'),
    buyerAccounting: textOf(settlement, 'ReceivableSpecifiedTradeAccountingAccount/ID'),
    period: periodOf(first(settlement, 'BillingSpecifiedPeriod')),
    allowances: every(settlement, 'SpecifiedTradeAllowanceCharge').map(allowanceOf),
    ...priceOf(agreement, quantity?.text, net),
    category: textOf(tax, 'CategoryCode') ?? (tax ? undefined : only?.category),
    rate: textOf(tax, 'RateApplicablePercent|ApplicablePercent') ?? (tax ? undefined : only?.rate),
    ...itemOf(product),
  };
}

/** Reads the object of an invoice or line (BT-18, BT-128). */
export function objectOf(document: XmlElement | undefined): Identifier | undefined {
  const value = textOf(document, 'IssuerAssignedID');
  return value === undefined ? undefined : { value, scheme: textOf(document, 'ReferenceTypeCode') };
}

type Price = Pick<SemanticLine, 'price' | 'priceDiscount' | 'grossPrice' | 'baseQuantity' | 'baseUnit'>;

function priceOf(agreement: XmlElement | undefined, quantity: Text, net: Text): Price {
  const netPrice = first(agreement, 'NetPriceProductTradePrice');
  const gross = first(agreement, 'GrossPriceProductTradePrice');
  const base = first(netPrice, 'BasisQuantity') ?? first(gross, 'BasisQuantity');
  const discount = every(gross, 'AppliedTradeAllowanceCharge')
    .map(allowanceOf)
    .find(({ isCharge }) => !isCharge)?.amount;
  return {
    price: textOf(netPrice, 'ChargeAmount') ?? evenPrice(net, quantity),
    priceDiscount: discount,
    grossPrice: discount === undefined ? undefined : textOf(gross, 'ChargeAmount'),
    baseQuantity: base?.text,
    baseUnit: base?.attributes['unitCode'],
  };
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

function evenPrice(net: Text, quantity: Text): Text {
  if (net === undefined || quantity === undefined || !DECIMAL.test(net) || !DECIMAL.test(quantity))
    return undefined;
  if (new Big(quantity).eq(0)) return undefined;
  const price = new Big(net).div(quantity).round(6);
  return price.times(quantity).eq(net) ? price.toFixed() : undefined;
}

function itemOf(product: XmlElement | undefined): Omit<SemanticLine, 'allowances'> {
  return {
    name: textOf(product, 'Name'),
    description: textOf(product, 'Description'),
    sellerCode: textOf(product, 'SellerAssignedID'),
    buyerCode: textOf(product, 'BuyerAssignedID'),
    standardCode: identifierAt(product, 'GlobalID'),
    classifications: every(product, 'DesignatedProductClassification/ClassCode')
      .filter(({ text }) => text !== '')
      .map(({ text, attributes }) => ({
        value: text,
        scheme: attributes['listID'],
        version: attributes['listVersionID'],
      })),
    originCountry: textOf(product, 'OriginTradeCountry/ID'),
    attributes: every(product, 'ApplicableProductCharacteristic').map((attribute) => ({
      name: textOf(attribute, 'Description'),
      value: textOf(attribute, 'Value'),
    })),
  };
}
