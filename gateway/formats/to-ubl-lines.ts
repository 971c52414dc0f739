import type { Maybe } from '../output/ubl-nodes.ts';
import { group, text } from '../output/ubl-nodes.ts';
import { plainDecimal } from './decimals.ts';
import type { SemanticLine, Text } from './semantic-invoice.ts';
import { allowanceNode, amountNode, identifierNode, periodNode, taxCategory } from './ubl-parts.ts';

/** Writes a line of an invoice or credit note (BG-25). */
export function ublLine(line: SemanticLine, currency: string, credit: boolean): Maybe {
  return group(
    credit ? 'CreditNoteLine' : 'InvoiceLine',
    text('ID', line.id),
    text('Note', line.note),
    quantityNode(credit ? 'CreditedQuantity' : 'InvoicedQuantity', line.quantity, line.unit),
    amountNode('LineExtensionAmount', line.net, currency),
    text('AccountingCost', line.buyerAccounting),
    periodNode(line.period),
    group('OrderLineReference', text('LineID', line.orderLine)),
    line.object &&
      group('DocumentReference', identifierNode('ID', line.object), text('DocumentTypeCode', '130')),
    line.allowances.map((part) => allowanceNode({ ...part, category: undefined, rate: undefined }, currency)),
    itemNode(line),
    priceNode(line, currency),
  );
}

function quantityNode(name: string, quantity: Text, unit: Text): Maybe {
  return text(name, plainDecimal(quantity), unit === undefined ? undefined : { unitCode: unit });
}

function itemNode(line: SemanticLine): Maybe {
  const code = (name: string, id: Text): Maybe => group(name, text('ID', id));
  return group(
    'Item',
    text('Description', line.description),
    text('Name', line.name),
    code('BuyersItemIdentification', line.buyerCode),
    code('SellersItemIdentification', line.sellerCode),
    line.standardCode && group('StandardItemIdentification', identifierNode('ID', line.standardCode)),
    group('OriginCountry', text('IdentificationCode', line.originCountry)),
    line.classifications.map(({ value, scheme, version }) =>
      group(
        'CommodityClassification',
        text('ItemClassificationCode', value, {
          ...(scheme === undefined ? {} : { listID: scheme }),
          ...(version === undefined ? {} : { listVersionID: version }),
        }),
      ),
    ),
    taxCategory('ClassifiedTaxCategory', { category: line.category, rate: line.rate }),
    line.attributes.map(({ name, value }) =>
      group('AdditionalItemProperty', text('Name', name), text('Value', value)),
    ),
  );
}

function priceNode(line: SemanticLine, currency: string): Maybe {
  const amount = (name: string, value: Text): Maybe =>
    text(name, plainDecimal(value), { currencyID: currency });
  return group(
    'Price',
    text('PriceAmount', line.price, { currencyID: currency }),
    quantityNode('BaseQuantity', line.baseQuantity, line.baseUnit ?? line.unit),
    line.priceDiscount === undefined
      ? undefined
      : group(
          'AllowanceCharge',
          text('ChargeIndicator', 'false'),
          amount('Amount', line.priceDiscount),
          amount('BaseAmount', line.grossPrice),
        ),
  );
}
