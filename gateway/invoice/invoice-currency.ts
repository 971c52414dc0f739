import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { Invoice, Party } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Found } from '../printed/provenance.ts';
import { derived } from '../printed/provenance.ts';
import { currencyBesideAmounts, namesCurrency } from '../reading/currency.ts';
import type { ReadDocument } from '../reading/document.ts';

/** Prefixes of VAT numbers in the euro area (ECB, since 2023). Greece uses EL. */
const EURO_PREFIXES = new Set('AT BE CY DE EE EL ES FI FR HR IE IT LT LU LV MT NL PT SI SK'.split(' '));
const BY_VAT_LAW = 'by the VAT number of the seller';

/**
 * Finds the currency that the page prints. Without one, it derives the euro in two cases only (ADR 0187). Either a
 * certified Portuguese program issued the invoice, or a seller of the euro area charges VAT. Otherwise the value is
 * empty, and rule BR-05 fails.
 */
export function invoiceCurrency({
  mapping,
  document,
  fields,
  seller,
}: {
  readonly mapping: InvoiceMapping;
  readonly document: ReadDocument;
  readonly fields: ReadonlyMap<string, Found>;
  readonly seller: Party;
}): Found {
  const totals = ['payable', 'grand', 'net', 'tax'].map((name) => fields.get(name));
  const beside = currencyBesideAmounts(document, totals);
  const named = fields.get('currency');
  if (beside && named && beside.value !== named.value && named.rule.startsWith('label'))
    return derived('', `none: ${named.raw} and ${beside.raw} are both printed`);
  const read = beside ?? named;
  if (read) return read;
  const certified = fields.has('atcud') || fields.has('certificate');
  if (mapping.country === 'PT' && certified)
    return derived(mapping.currency, 'from the Portuguese program that issued it');
  return chargesEuroVat(fields, seller) && !namesCurrency(document)
    ? derived('EUR', BY_VAT_LAW)
    : derived('', 'none: no currency is printed');
}

/**
 * True when a seller of the euro area charges VAT. Directive 2006/112/EC, article 230, requires that VAT is stated in
 * the national currency.
 */
function chargesEuroVat(fields: ReadonlyMap<string, Found>, { vatId }: Party): boolean {
  const prefix = vatId?.value.slice(0, 2) ?? '';
  return Number(fields.get('tax')?.value ?? 0) > 0 && EURO_PREFIXES.has(prefix);
}

/** Warns when the page prints no currency. */
export function currencyWarnings({ currency, seller }: Invoice): GatewayWarning[] {
  if (!currency.rule.endsWith(BY_VAT_LAW)) return [];
  return [
    {
      code: 'CURRENCY_DERIVED',
      message: `No currency is printed. The seller’s VAT number ${seller.vatId?.value ?? ''} belongs to the euro area, so the currency (BT-5) is EUR.`,
    },
  ];
}
