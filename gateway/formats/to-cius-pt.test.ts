import { describe, expect, it } from '@jest/globals';
import { ublSample } from '../../tests/rooms/gateway/ubl-sample.ts';
import { parseXml } from '../rules/parse-xml.ts';
import { allAt, textAt } from '../rules/xml-tree.ts';
import { readSemantic } from './read-semantic.ts';
import type { SemanticInvoice } from './semantic-invoice.ts';
import { toCiusPt } from './to-cius-pt.ts';

const BUYERS = { line1: 'Calle Real 1', city: 'Vigo', postalCode: '36201', country: 'ES' } as never;

function sample(
  change: (said: SemanticInvoice) => Partial<SemanticInvoice>,
  category: 'S' | 'E' = 'S',
): SemanticInvoice {
  const said = readSemantic(ublSample({ category }))!.invoice;
  const withAddress = { ...said, buyer: { ...said.buyer, address: BUYERS } };
  return { ...withAddress, ...change(withAddress) };
}

const deliveredTo = (invoice: SemanticInvoice): string | undefined =>
  textAt(
    parseXml(toCiusPt(invoice)),
    'cac:Delivery',
    'cac:DeliveryLocation',
    'cac:Address',
    'cbc:StreetName',
  );
const nowhere = { name: undefined, location: undefined, date: undefined, address: undefined };

describe('an invoice by CIUS-PT', () => {
  it('is delivered to the buyer where the document names no other place, and to no made-up one where it does', () => {
    expect(deliveredTo(sample(() => ({ delivery: nowhere })))).toBe('Calle Real 1');
    const country = (code: string) => ({ ...nowhere, address: { country: code } as never });
    expect(deliveredTo(sample(() => ({ delivery: country('ES') })))).toBe('Calle Real 1');
    expect(deliveredTo(sample(() => ({ delivery: country('FR') })))).toBeUndefined();
    expect(deliveredTo(sample(() => ({ delivery: { ...nowhere, name: 'Armazém' } })))).toBeUndefined();
    const printed = {
      ...nowhere,
      address: { line1: 'Rua 2', city: 'Faro', postalCode: '8000-001', country: 'PT' } as never,
    };
    expect(deliveredTo(sample(() => ({ delivery: printed })))).toBe('Rua 2');
  });

  it('says the same amounts in its forms: filled up with zeros, never rounded', () => {
    const invoice = sample(({ lines }) => ({
      lines: lines.map((line) => ({ ...line, quantity: '1.23456', price: '3', rate: '6' })),
    }));
    const [line] = allAt(parseXml(toCiusPt(invoice)), 'cac:InvoiceLine');
    expect(textAt(line, 'cbc:InvoicedQuantity')).toBe('1.23456');
    expect(textAt(line, 'cac:Price', 'cbc:PriceAmount')).toBe('3.00');
    expect(textAt(line, 'cac:Item', 'cac:ClassifiedTaxCategory', 'cbc:Percent')).toBe('6.00');
    const other = sample(({ lines }) => ({ lines: lines.map((each) => ({ ...each, quantity: '2' })) }));
    expect(textAt(allAt(parseXml(toCiusPt(other)), 'cac:InvoiceLine')[0], 'cbc:InvoicedQuantity')).toBe(
      '2.000',
    );
  });

  it('says the reason of an exemption in the breakdown and in each exempt line, in words', () => {
    const root = parseXml(
      toCiusPt(
        sample(
          ({ vat }) => ({
            vat: vat.map((row) => ({ ...row, reason: 'M07 - Isento artigo 9.º do CIVA', reasonCode: 'M07' })),
          }),
          'E',
        ),
      ),
    );
    const row = allAt(root, 'cac:TaxTotal', 'cac:TaxSubtotal', 'cac:TaxCategory')[0];
    expect([textAt(row, 'cbc:TaxExemptionReason'), textAt(row, 'cbc:TaxExemptionReasonCode')]).toEqual([
      'M07 - Isento artigo 9.º do CIVA',
      undefined,
    ]);
    for (const line of allAt(root, 'cac:InvoiceLine')) {
      const properties = allAt(line, 'cac:Item', 'cac:AdditionalItemProperty');
      expect(properties.map((each) => [textAt(each, 'cbc:Name'), textAt(each, 'cbc:Value')])).toContainEqual([
        '#TAXEXEMPTIONREASON@CLASSIFIEDTAXCATEGORY#',
        'M07 - Isento artigo 9.º do CIVA',
      ]);
    }
  });

  it('says its specification', () => {
    expect(textAt(parseXml(toCiusPt(sample(() => ({})))), 'cbc:CustomizationID')).toBe(
      'urn:cen.eu:en16931:2017#compliant#urn:feap.gov.pt:CIUS-PT:2.1.1',
    );
  });
});
