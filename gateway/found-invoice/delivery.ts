import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import type { Invoice } from './invoice.ts';
import type { Found } from '../printed/provenance.ts';

const isIntraCommunity = (invoice: Invoice): boolean => invoice.vat.some((row) => row.category === 'K');

/**
 * The country delivered to (BT-80): as printed, else, for an intra-community supply, the buyer's. Such a supply goes to
 * another member state, nearly always the one whose VAT number the buyer gives; that it is worked out is a warning.
 */
export function countryDeliveredTo(invoice: Invoice): Found | undefined {
  const printed = invoice.fields.get('deliverToCountry');
  if (printed !== undefined || !isIntraCommunity(invoice)) return printed;
  const { seller, buyer } = invoice;
  return buyer.country?.value === seller.country?.value ? undefined : buyer.country;
}

/** What the written document says that the page does not. */
export function deliveryWarnings(invoice: Invoice): GatewayWarning[] {
  const country = invoice.fields.has('deliverToCountry') ? undefined : countryDeliveredTo(invoice);
  if (country === undefined) return [];
  return [
    {
      code: 'DELIVER_TO_COUNTRY',
      message: `The country delivered to (BT-80) is not printed; the buyer's, ${country.value}, is written.`,
    },
  ];
}
