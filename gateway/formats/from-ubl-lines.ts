import type { XmlElement } from '../rules/xml-tree.ts';
import { every, first, identifierAt, textOf, unlessEmpty } from './by-local-name.ts';
import type { AllowanceOrCharge, Period, SemanticLine, Text } from './semantic-invoice.ts';

/** Reads a line of an invoice or credit note. */
export function ublLineOf(line: XmlElement): SemanticLine {
  const quantity = first(line, 'InvoicedQuantity|CreditedQuantity');
  const item = first(line, 'Item');
  const price = first(line, 'Price');
  const base = first(price, 'BaseQuantity');
  const discount = first(price, 'AllowanceCharge');
  return {
    id: textOf(line, 'ID'),
    note: textOf(line, 'Note'),
    object: identifierAt(line, 'DocumentReference/ID'),
    quantity: quantity?.text,
    unit: quantity?.attributes['unitCode'],
    net: textOf(line, 'LineExtensionAmount'),
    orderLine: textOf(line, 'OrderLineReference/LineID'),
    buyerAccounting: textOf(line, 'AccountingCost'),
    period: periodFromUbl(first(line, 'InvoicePeriod')),
    allowances: every(line, 'AllowanceCharge').map(allowanceFromUbl),
    price: textOf(price, 'PriceAmount'),
    priceDiscount: textOf(discount, 'Amount'),
    grossPrice: textOf(discount, 'BaseAmount'),
    baseQuantity: base?.text,
    baseUnit: base?.attributes['unitCode'],
    ...categoryOf(first(item, 'ClassifiedTaxCategory')),
    name: textOf(item, 'Name'),
    description: textOf(item, 'Description'),
    sellerCode: textOf(item, 'SellersItemIdentification/ID'),
    buyerCode: textOf(item, 'BuyersItemIdentification/ID'),
    standardCode: identifierAt(item, 'StandardItemIdentification/ID'),
    classifications: every(item, 'CommodityClassification/ItemClassificationCode').map(
      ({ text, attributes }) => ({
        value: text,
        scheme: attributes['listID'],
        version: attributes['listVersionID'],
      }),
    ),
    originCountry: textOf(item, 'OriginCountry/IdentificationCode'),
    attributes: every(item, 'AdditionalItemProperty').map((property) => ({
      name: textOf(property, 'Name'),
      value: textOf(property, 'Value'),
    })),
  };
}

/** Reads an allowance or charge of the document or of a line. */
export function allowanceFromUbl(part: XmlElement): AllowanceOrCharge {
  const indicator = textOf(part, 'ChargeIndicator');
  return {
    isCharge: indicator === 'true' || indicator === '1',
    amount: textOf(part, 'Amount'),
    base: textOf(part, 'BaseAmount'),
    percent: textOf(part, 'MultiplierFactorNumeric'),
    reason: textOf(part, 'AllowanceChargeReason'),
    reasonCode: textOf(part, 'AllowanceChargeReasonCode'),
    ...categoryOf(first(part, 'TaxCategory')),
  };
}

export function categoryOf(category: XmlElement | undefined): { category: Text; rate: Text } {
  return { category: textOf(category, 'ID'), rate: textOf(category, 'Percent') };
}

export function periodFromUbl(period: XmlElement | undefined): Period | undefined {
  return unlessEmpty({ start: textOf(period, 'StartDate'), end: textOf(period, 'EndDate') });
}
