import Big from 'big.js';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { derived } from '../printed/provenance.ts';
import { isPostalCodeOf } from '../values/countries.ts';
import { isRateOf } from '../values/vat-rates.ts';
import type { Invoice } from './invoice.ts';

const RULE = 'seller’s country, for a domestic buyer';

/**
 * Derives the country of a buyer without country and tax number, because domestic addresses print no country (UPU
 * S42). It is the seller's country if the postal code has that country's form and the seller charges its VAT.
 * Otherwise the country is unknown.
 */
export function domesticBuyer(invoice: Invoice): Invoice {
  const { seller, buyer } = invoice;
  const country = seller.country?.value;
  const code = buyer.postalCode?.value;
  if (buyer.country !== undefined || buyer.vatId !== undefined) return invoice;
  if (country === undefined || code === undefined || !isPostalCodeOf(country, code)) return invoice;
  if (!isCharged(invoice) && !isSmallBusiness(invoice, country)) return invoice;
  return { ...invoice, buyer: { ...buyer, country: derived(country, RULE) } };
}

function isCharged({ vat }: Invoice): boolean {
  return vat.some((row) => row.category === 'S' && new Big(row.rate.value).gt(0));
}

/**
 * Laws under which small businesses charge no VAT, by country. These laws, like the country's rates, apply only to
 * domestic supplies (ADR 0160).
 */
const SMALL_BUSINESS: Readonly<Record<string, RegExp>> = {
  AT: /§ ?6 abs\. ?1 z(?:iffer)?\.? ?27/i,
  DE: /§ ?19 (?:abs\. ?1 )?ustg|kleinunternehmer/i,
  FR: /\b293 ?b\b/i,
  IT: /regime forfettario/i,
};

function isSmallBusiness({ vat }: Invoice, country: string): boolean {
  const article = SMALL_BUSINESS[country];
  return article !== undefined && vat.length > 0 && vat.every((row) => article.test(row.reason?.value ?? ''));
}

/**
 * Warns that the buyer's country was derived, unless the VAT proves the country. A rate above zero of the seller's
 * country is charged to domestic buyers (ADR 0158).
 */
export function domesticWarnings({ buyer, vat }: Invoice): GatewayWarning[] {
  const country = buyer.country;
  if (country?.rule !== `derived ${RULE}`) return [];
  const charged = vat.filter((row) => new Big(row.rate.value).gt(0));
  if (charged.every((row) => isRateOf(country.value, row.rate.value))) return [];
  return [
    {
      code: 'BUYER_COUNTRY',
      message: `The buyer's address names no country (BT-55); the seller's country, ${country.value}, was written.`,
    },
  ];
}
