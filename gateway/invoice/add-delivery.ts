import { billingPeriod } from '../reading/billing-period.ts';
import { countryDeliveredTo } from '../reading/delivered-to.ts';
import type { ReadDocument } from '../reading/document.ts';
import type { Found } from '../printed/provenance.ts';
import type { VatRow } from '../found-invoice/invoice.ts';

/** Adds to the fields what the page says of the billing period (BG-14) and, where it must, of the place delivered to (BT-80). */
export function addDelivery(
  fields: Map<string, Found>,
  vat: readonly VatRow[],
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): void {
  // Only an intra-community supply must say where it went (BR-IC-12).
  const country = vat.some((row) => row.category === 'K') ? countryDeliveredTo(document) : undefined;
  if (country && !fields.has('deliverToCountry')) fields.set('deliverToCountry', country);
  const period = billingPeriod(document, itemLines);
  if (period) fields.set('periodStart', period.start).set('periodEnd', period.end);
}
