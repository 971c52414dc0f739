import type { Maybe } from '../output/ubl-nodes.ts';
import { group, text } from '../output/ubl-nodes.ts';
import { amountText, plainDecimal } from './decimals.ts';
import type {
  AllowanceOrCharge,
  Identifier,
  Period,
  SupportingDocument,
  Text,
  VatBreakdown,
} from './semantic-invoice.ts';

/** Makes an element with an amount and its currency. */
export function amountNode(name: string, value: Text, currency: string): Maybe {
  return text(name, amountText(value), { currencyID: currency });
}

/** Makes an element with an identifier and, if known, the scheme of the identifier. */
export function identifierNode(name: string, { value, scheme }: Identifier): Maybe {
  return text(name, value, scheme === undefined ? undefined : { schemeID: scheme });
}

/** Makes the invoicing period (BG-14). `code` names the date on which VAT becomes due (BT-8). */
export function periodNode(period: Period | undefined, code?: Text): Maybe {
  return group(
    'InvoicePeriod',
    text('StartDate', period?.start),
    text('EndDate', period?.end),
    text('DescriptionCode', code),
  );
}

type TaxCategory = Pick<VatBreakdown, 'category' | 'rate' | 'reason' | 'reasonCode'>;

/** Writes a VAT category. The category "not subject to VAT" has no rate (BR-O-05). */
export function taxCategory(name: string, { category, rate, reason, reasonCode }: TaxCategory): Maybe {
  if (category === undefined && rate === undefined) return undefined;
  return group(
    name,
    text('ID', category),
    category === 'O' ? undefined : text('Percent', plainDecimal(rate)),
    text('TaxExemptionReasonCode', reasonCode),
    text('TaxExemptionReason', reason),
    group('TaxScheme', text('ID', 'VAT')),
  );
}

/** An allowance or charge of the document or a line. */
export function allowanceNode(part: AllowanceOrCharge, currency: string): Maybe {
  return group(
    'AllowanceCharge',
    text('ChargeIndicator', String(part.isCharge)),
    text('AllowanceChargeReasonCode', part.reasonCode),
    text('AllowanceChargeReason', part.reason),
    text('MultiplierFactorNumeric', plainDecimal(part.percent)),
    amountNode('Amount', part.amount, currency),
    amountNode('BaseAmount', part.base, currency),
    taxCategory('TaxCategory', { category: part.category, rate: part.rate }),
  );
}

/** Writes a supporting document (BG-24). */
export function documentNode(document: SupportingDocument): Maybe {
  const { content } = document;
  return group(
    'AdditionalDocumentReference',
    text('ID', document.id),
    text('DocumentDescription', document.description),
    group(
      'Attachment',
      content &&
        text('EmbeddedDocumentBinaryObject', content.base64, {
          ...(content.mediaType === undefined ? {} : { mimeCode: content.mediaType }),
          ...(content.filename === undefined ? {} : { filename: content.filename }),
        }),
      group('ExternalReference', text('URI', document.uri)),
    ),
  );
}
