import type { Invoice, Party } from '../found-invoice/invoice.ts';
import { group, text } from './ubl-nodes.ts';
import type { XmlNode } from './xml-writer.ts';

/**
 * Seller and buyer (BG-4, BG-7). A document that is not subject to VAT names no VAT numbers (BR-O-02): they are the parties'
 * registrations then.
 */
export function parties(invoice: Invoice): XmlNode[] {
  const numbers = invoice.vat.some((row) => row.category === 'O') ? 'registrations' : 'VAT numbers';
  return [
    party('AccountingSupplierParty', invoice.seller, numbers),
    party('AccountingCustomerParty', invoice.buyer, numbers),
  ];
}

function party(name: string, who: Party, numbers: 'VAT numbers' | 'registrations'): XmlNode {
  const number = taxNumber(who);
  const vatId = numbers === 'VAT numbers' ? number : undefined;
  const registration = numbers === 'registrations' ? number : undefined;
  const partyNode = group(
    'Party',
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
    group('PartyLegalEntity', text('RegistrationName', who.name?.value), text('CompanyID', registration)),
  );
  return { name: `cac:${name}`, children: partyNode ? [partyNode] : [] };
}

/** BR-CO-09 asks for the country's prefix on a VAT number. Where the country is not known, none is made up. */
export function taxNumber(who: Party): string | undefined {
  const value = who.vatId?.value;
  if (value === undefined) return undefined;
  return /^\d{9}$/.test(value) ? `${who.country?.value ?? ''}${value}` : value;
}
