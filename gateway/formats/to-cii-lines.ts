import type { Maybe } from './cii-nodes.ts';
import { chargeIndicator, dateNode, leaf, node } from './cii-nodes.ts';
import { amountText, plainDecimal } from './decimals.ts';
import type { AllowanceOrCharge, Period, SemanticLine, Text } from './semantic-invoice.ts';

/** Writes a line of an invoice or credit note (BG-25). */
export function ciiLine(line: SemanticLine): Maybe {
  return node(
    'IncludedSupplyChainTradeLineItem',
    node(
      'AssociatedDocumentLineDocument',
      leaf('LineID', line.id),
      node('IncludedNote', leaf('Content', line.note)),
    ),
    productNode(line),
    node(
      'SpecifiedLineTradeAgreement',
      node('BuyerOrderReferencedDocument', leaf('LineID', line.orderLine)),
      grossPrice(line),
      node(
        'NetPriceProductTradePrice',
        leaf('ChargeAmount', plainDecimal(line.price)),
        quantity('BasisQuantity', line.baseQuantity, line.baseUnit),
      ),
    ),
    node('SpecifiedLineTradeDelivery', quantity('BilledQuantity', line.quantity, line.unit)),
    node(
      'SpecifiedLineTradeSettlement',
      (line.category ?? line.rate) === undefined
        ? undefined
        : taxNode('ApplicableTradeTax', line.category, line.rate),
      ciiPeriod(line.period),
      line.allowances.map((part) => ciiAllowance(part)),
      node('SpecifiedTradeSettlementLineMonetarySummation', leaf('LineTotalAmount', amountText(line.net))),
      line.object &&
        node(
          'AdditionalReferencedDocument',
          leaf('IssuerAssignedID', line.object.value),
          leaf('TypeCode', '130'),
          leaf('ReferenceTypeCode', line.object.scheme),
        ),
      node('ReceivableSpecifiedTradeAccountingAccount', leaf('ID', line.buyerAccounting)),
    ),
  );
}

function productNode(line: SemanticLine): Maybe {
  const { standardCode } = line;
  return node(
    'SpecifiedTradeProduct',
    standardCode && leaf('GlobalID', standardCode.value, { schemeID: standardCode.scheme }),
    leaf('SellerAssignedID', line.sellerCode),
    leaf('BuyerAssignedID', line.buyerCode),
    leaf('Name', line.name),
    leaf('Description', line.description),
    line.attributes.map(({ name, value }) =>
      node('ApplicableProductCharacteristic', leaf('Description', name), leaf('Value', value)),
    ),
    line.classifications.map(({ value, scheme, version }) =>
      node(
        'DesignatedProductClassification',
        leaf('ClassCode', value, { listID: scheme, listVersionID: version }),
      ),
    ),
    node('OriginTradeCountry', leaf('ID', line.originCountry)),
  );
}

function grossPrice(line: SemanticLine): Maybe {
  if (line.priceDiscount === undefined) return undefined;
  return node(
    'GrossPriceProductTradePrice',
    leaf('ChargeAmount', plainDecimal(line.grossPrice)),
    node(
      'AppliedTradeAllowanceCharge',
      chargeIndicator({ isCharge: false }),
      leaf('ActualAmount', plainDecimal(line.priceDiscount)),
    ),
  );
}

function quantity(name: string, value: Text, unit: Text): Maybe {
  return leaf(name, plainDecimal(value), { unitCode: unit });
}

function taxNode(name: string, category: Text, rate: Text): Maybe {
  return node(
    name,
    leaf('TypeCode', 'VAT'),
    leaf('CategoryCode', category),
    leaf('RateApplicablePercent', plainDecimal(rate)),
  );
}

/** Writes an allowance or charge of a line, or of the document with its VAT category. */
export function ciiAllowance(part: AllowanceOrCharge): Maybe {
  const { category, rate } = part;
  return node(
    'SpecifiedTradeAllowanceCharge',
    chargeIndicator(part),
    leaf('CalculationPercent', plainDecimal(part.percent)),
    leaf('BasisAmount', amountText(part.base)),
    leaf('ActualAmount', amountText(part.amount)),
    leaf('ReasonCode', part.reasonCode),
    leaf('Reason', part.reason),
    category === undefined ? undefined : taxNode('CategoryTradeTax', category, rate),
  );
}

export function ciiPeriod(period: Period | undefined): Maybe {
  return node(
    'BillingSpecifiedPeriod',
    dateNode('StartDateTime', period?.start),
    dateNode('EndDateTime', period?.end),
  );
}
