import type { Invoice, Party } from '../found-invoice/invoice.ts';
import { group, text } from './ubl-nodes.ts';
import type { XmlNode } from './xml-writer.ts';

/**
 * Writes seller and buyer (BG-4, BG-7). A document that is not subject to VAT names no VAT numbers (BR-O-02). Such a
 * document has the numbers as registrations.
 */
export function parties(invoice: Invoice): XmlNode[] {
  const numbers = invoice.vat.some((row) => row.category === 'O') ? 'registrations' : 'VAT numbers';
  return [
    party('AccountingSupplierParty', invoice.seller, numbers, sellerNumbers(invoice)),
    party('AccountingCustomerParty', invoice.buyer, numbers, {}),
  ];
}

/** The numbers of a party besides its VAT number. */
interface OtherNumbers {
  /** The identifier of the party (BT-29). */
  readonly identifier?: string | undefined;
  /** The legal registration of the party (BT-30). */
  readonly registration?: string | undefined;
  /** The scheme of the registration, ISO 6523. */
  readonly scheme?: string | undefined;
  /** The tax registration of the party (BT-32). */
  readonly taxNumber?: string | undefined;
}

/** The scheme of a SIREN in ISO 6523. */
const SIREN_SCHEME = '0002';

/**
 * Returns the seller's other numbers. A seller without a VAT number needs its registration, its identifier or its tax
 * number (BR-CO-26, ADR 0160). The SIREN of a French company is its tax number as well.
 */
function sellerNumbers({ fields, seller }: Invoice): OtherNumbers {
  if (seller.vatId !== undefined) return {};
  const said = (name: string): string | undefined => fields.get(name)?.value;
  const siren = said('sellerSiren');
  const taxNumber = said('sellerTaxNumber') ?? siren;
  const registration = siren ?? said('sellerRegistration');
  return {
    identifier: said('sellerIdentifier') ?? (registration === undefined ? taxNumber : undefined),
    registration,
    scheme: siren === undefined ? undefined : SIREN_SCHEME,
    taxNumber,
  };
}

function party(
  name: string,
  who: Party,
  numbers: 'VAT numbers' | 'registrations',
  other: OtherNumbers,
): XmlNode {
  const number = taxNumber(who);
  const vatId = numbers === 'VAT numbers' ? number : undefined;
  const registration = numbers === 'registrations' ? number : undefined;
  const partyNode = group(
    'Party',
    group('PartyIdentification', text('ID', other.identifier)),
    group('PartyName', text('Name', who.name?.value)),
    group(
      'PostalAddress',
      text('StreetName', who.street?.value),
      text('CityName', who.city?.value),
      text('PostalZone', who.postalCode?.value),
      group('Country', text('IdentificationCode', who.country?.value)),
    ),
    vatId === undefined
      ? undefined
      : group('PartyTaxScheme', text('CompanyID', vatId), group('TaxScheme', text('ID', 'VAT'))),
    other.taxNumber === undefined
      ? undefined
      : group('PartyTaxScheme', text('CompanyID', other.taxNumber), group('TaxScheme', text('ID', 'FC'))),
    group(
      'PartyLegalEntity',
      text('RegistrationName', who.name?.value),
      text(
        'CompanyID',
        registration ?? other.registration,
        registration === undefined && other.scheme !== undefined ? { schemeID: other.scheme } : undefined,
      ),
    ),
  );
  return { name: `cac:${name}`, children: partyNode ? [partyNode] : [] };
}

/** BR-CO-09 requires the country's prefix on a VAT number. A number of an unknown country gets no prefix. */
export function taxNumber(who: Party): string | undefined {
  const value = who.vatId?.value;
  if (value === undefined) return undefined;
  return /^\d{9}$/.test(value) ? `${who.country?.value ?? ''}${value}` : value;
}
