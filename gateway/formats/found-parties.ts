import type { Invoice, Party } from '../found-invoice/invoice.ts';
import type { SemanticParty } from './semantic-invoice.ts';

/** The scheme of a SIREN in ISO 6523. */
const SIREN_SCHEME = '0002';

/**
 * Returns the seller that was read from a page (BG-4). A seller without a VAT number needs its registration, its
 * identifier or its tax number (BR-CO-26, ADR 0160). The SIREN of a French company is its tax number as well.
 */
export function foundSeller(invoice: Invoice): SemanticParty {
  const { fields, seller } = invoice;
  if (seller.vatId !== undefined) return partyOf(invoice, seller);
  const said = (name: string): string | undefined => fields.get(name)?.value;
  const siren = said('sellerSiren');
  const taxRegistration = said('sellerTaxNumber') ?? siren;
  const registration = siren ?? said('sellerRegistration');
  const id = said('sellerIdentifier') ?? (registration === undefined ? taxRegistration : undefined);
  const scheme = siren === undefined ? undefined : SIREN_SCHEME;
  return {
    ...partyOf(invoice, seller),
    ids: id === undefined ? [] : [{ value: id }],
    registration: registration === undefined ? undefined : { value: registration, scheme },
    taxRegistration,
  };
}

/** Returns the buyer that was read from a page (BG-7). */
export function foundBuyer(invoice: Invoice): SemanticParty {
  return partyOf(invoice, invoice.buyer);
}

/**
 * A document that is not subject to VAT names no VAT numbers (BR-O-02). Such a document has the numbers as
 * registrations.
 */
function partyOf(invoice: Invoice, who: Party): SemanticParty {
  const isTaxed = invoice.vat.every((row) => row.category !== 'O');
  const number = taxNumber(who);
  return {
    name: who.name?.value,
    tradingName: who.name?.value,
    ids: [],
    registration: isTaxed || number === undefined ? undefined : { value: number },
    vatId: isTaxed ? number : undefined,
    address: {
      line1: who.street?.value,
      city: who.city?.value,
      postalCode: who.postalCode?.value,
      country: who.country?.value,
    },
  };
}

/** BR-CO-09 requires the country's prefix on a VAT number. A number of an unknown country gets no prefix. */
export function taxNumber(who: Party): string | undefined {
  const value = who.vatId?.value;
  if (value === undefined) return undefined;
  return /^\d{9}$/.test(value) ? `${who.country?.value ?? ''}${value}` : value;
}
