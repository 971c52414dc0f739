import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import type { Invoice, Party } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Found } from '../printed/provenance.ts';
import { derived } from '../printed/provenance.ts';
import { currencyBesideAmounts, namesCurrency } from '../reading/currency.ts';
import type { ReadDocument } from '../reading/document.ts';

/** Prefixes of VAT numbers of the states whose currency is the euro (ECB, since 2023; Greece writes EL). */
const EURO_PREFIXES = new Set('AT BE CY DE EE EL ES FI FR HR IE IT LT LU LV MT NL PT SI SK'.split(' '));
const BY_VAT_LAW = 'by the VAT number of the seller';

/**
 * The currency as printed. Without any, it is derived in two cases alone: a certified Portuguese program issues in
 * euros, and a seller of the euro area states the VAT in euros (ADR 0187). Elsewhere the value is empty and BR-05 fails.
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

/** Directive 2006/112/EC, article 230: whatever an invoice is in, the VAT to be paid is stated in the national currency. */
function chargesEuroVat(fields: ReadonlyMap<string, Found>, { vatId }: Party): boolean {
  const prefix = vatId?.value.slice(0, 2) ?? '';
  return Number(fields.get('tax')?.value ?? 0) > 0 && EURO_PREFIXES.has(prefix);
}

/** Says that the currency stands nowhere on the page. */
export function currencyWarnings({ currency, seller }: Invoice): GatewayWarning[] {
  if (!currency.rule.endsWith(BY_VAT_LAW)) return [];
  return [
    {
      code: 'CURRENCY_DERIVED',
      message: `No currency is printed. The seller’s VAT number ${seller.vatId?.value ?? ''} is of the euro area, so the currency (BT-5) is EUR.`,
    },
  ];
}
