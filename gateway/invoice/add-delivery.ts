import { billingPeriod } from '../reading/billing-period.ts';
import { countryDeliveredTo } from '../reading/delivered-to.ts';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import type { VatRow } from '../found-invoice/invoice.ts';

/**
 * Adds the billing period (BG-14) to the fields. For an intra-community supply it also adds the country of delivery
 * (BT-80).
 */
export function addDelivery(
  fields: Map<string, Found>,
  vat: readonly VatRow[],
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): void {
  // Rule BR-IC-12 requires the country of delivery for an intra-community supply only.
  const country = vat.some((row) => row.category === 'K') ? countryDeliveredTo(document) : undefined;
  if (country && !fields.has('deliverToCountry')) fields.set('deliverToCountry', country);
  const period = billingPeriod(document, itemLines);
  if (period) fields.set('periodStart', period.start).set('periodEnd', period.end);
}
