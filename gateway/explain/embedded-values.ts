import type { ExplainedValue } from '../../schemas/protocols/gateway-explanation.ts';
import type { SemanticInvoice, SemanticParty, Text } from '../formats/semantic-invoice.ts';

type Named = readonly [path: string, kind: ExplainedValue['kind'], value: Text];

/**
 * Returns every value of an embedded e-invoice that a person would look for on the page. These values have no places
 * on the page.
 */
export function embeddedValues(invoice: SemanticInvoice): ExplainedValue[] {
  return [...named(invoice)].flatMap(([path, kind, value]) => {
    if (value === undefined) return [];
    const place = { page: 0, box: null, pageWidth: null, pageHeight: null };
    return [{ path, kind, value, raw: '', ...place, rule: 'embedded e-invoice', confidence: 1 }];
  });
}

function* named(invoice: SemanticInvoice): Generator<Named> {
  const { totals } = invoice;
  const fields = {
    number: invoice.number,
    issueDate: invoice.issueDate,
    dueDate: invoice.dueDate,
    currency: invoice.currency,
    net: totals.net,
    tax: totals.tax,
    grand: totals.grand,
    payable: totals.payable,
    iban: invoice.payments[0]?.account,
  };
  for (const [name, value] of Object.entries(fields)) yield [name, 'field', value];
  yield* party('seller', invoice.seller);
  yield* party('buyer', invoice.buyer);
  for (const [i, line] of invoice.lines.entries()) {
    const { sellerCode: code, name, quantity: qty, unit, price, rate, net: total } = line;
    const parts = { code, name, qty, unit, price, rate, total };
    for (const [part, value] of Object.entries(parts)) yield [`lines[${i}].${part}`, 'line', value];
  }
  for (const [i, { rate, basis, tax, reason }] of invoice.vat.entries())
    for (const [part, value] of Object.entries({ rate, basis, tax, reason }))
      yield [`vat[${i}].${part}`, 'vat', value];
}

function* party(role: 'seller' | 'buyer', { name, vatId, address }: SemanticParty): Generator<Named> {
  const parts = {
    name,
    vatId,
    street: address?.line1,
    postalCode: address?.postalCode,
    city: address?.city,
    country: address?.country,
  };
  for (const [part, value] of Object.entries(parts)) yield [`${role}.${part}`, 'party', value];
}
