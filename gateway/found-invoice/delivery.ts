import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { Invoice } from './invoice.ts';
import type { Found } from '../printed/provenance.ts';

const isIntraCommunity = (invoice: Invoice): boolean => invoice.vat.some((row) => row.category === 'K');

/**
 * Returns the country of delivery (BT-80) that the page prints. An intra-community supply without a printed country
 * gets the buyer's country. Such a supply goes to another member state, nearly always to the country of the buyer's
 * VAT number. A warning reports that the country was derived.
 */
export function countryDeliveredTo(invoice: Invoice): Found | undefined {
  const printed = invoice.fields.get('deliverToCountry');
  if (printed !== undefined || !isIntraCommunity(invoice)) return printed;
  const { seller, buyer } = invoice;
  return buyer.country?.value === seller.country?.value ? undefined : buyer.country;
}

/** Warns that the written document states a country of delivery that the page does not print. */
export function deliveryWarnings(invoice: Invoice): GatewayWarning[] {
  const country = invoice.fields.has('deliverToCountry') ? undefined : countryDeliveredTo(invoice);
  if (country === undefined) return [];
  return [
    {
      code: 'DELIVER_TO_COUNTRY',
      message: `The page does not print the country of delivery (BT-80); the buyer's country, ${country.value}, was written.`,
    },
  ];
}
