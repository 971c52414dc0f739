import Big from 'big.js';
import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import { derived } from '../printed/provenance.ts';
import { isPostalCodeOf } from '../values/countries.ts';
import { isRateOf } from '../values/vat-rates.ts';
import type { Invoice } from './invoice.ts';

const RULE = 'seller’s country, for a domestic buyer';

/**
 * A domestic address is written without its country (UPU S42). A buyer without country and tax number is in the
 * seller's country when the postal code has that country's form and its VAT is charged. Otherwise the country stays
 * unknown.
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

/** Articles by which small businesses charge no VAT, by country: they hold at home alone, as its rates do (ADR 0160). */
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
 * Says that the buyer's country was worked out, where its VAT does not tell: every rate above zero is one of the seller's
 * country, which charges it at home (ADR 0158).
 */
export function domesticWarnings({ buyer, vat }: Invoice): GatewayWarning[] {
  const country = buyer.country;
  if (country?.rule !== `derived ${RULE}`) return [];
  const charged = vat.filter((row) => new Big(row.rate.value).gt(0));
  if (charged.every((row) => isRateOf(country.value, row.rate.value))) return [];
  return [
    {
      code: 'BUYER_COUNTRY',
      message: `The buyer's address names no country (BT-55); the seller's, ${country.value}, is written.`,
    },
  ];
}
