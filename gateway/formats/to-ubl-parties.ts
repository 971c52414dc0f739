import type { Maybe } from '../output/ubl-nodes.ts';
import { group, text } from '../output/ubl-nodes.ts';
import type { XmlNode } from '../output/xml-writer.ts';
import type { Address, Payee, SemanticParty, Text } from './semantic-invoice.ts';
import { identifierNode } from './ubl-parts.ts';

/**
 * Writes a party.
 * @param creditorId BT-90; the binding writes it as a further identifier of the payee
 */
export function partyNode(name: string, party: SemanticParty, creditorId: Text): XmlNode {
  const { address, registration, electronicAddress, contact } = party;
  const node = group(
    'Party',
    electronicAddress && identifierNode('EndpointID', electronicAddress),
    party.ids.map((id) => group('PartyIdentification', identifierNode('ID', id))),
    creditorNode(creditorId),
    group('PartyName', text('Name', party.tradingName)),
    address && group('PostalAddress', postalAddress(address), country(address)),
    taxScheme(party.vatId, 'VAT'),
    taxScheme(party.taxRegistration, 'FC'),
    group(
      'PartyLegalEntity',
      text('RegistrationName', party.name),
      registration && identifierNode('CompanyID', registration),
      text('CompanyLegalForm', party.legalInformation),
    ),
    contact &&
      group(
        'Contact',
        text('Name', contact.name),
        text('Telephone', contact.phone),
        text('ElectronicMail', contact.email),
      ),
  );
  return { name: `cac:${name}`, children: node ? [node] : [] };
}

export function payeeNode(payee: Payee, creditorId: Text): Maybe {
  return group(
    'PayeeParty',
    payee.ids.map((id) => group('PartyIdentification', identifierNode('ID', id))),
    creditorNode(creditorId),
    group('PartyName', text('Name', payee.name)),
    payee.registration && group('PartyLegalEntity', identifierNode('CompanyID', payee.registration)),
  );
}

export function representativeNode(party: SemanticParty): Maybe {
  const { address } = party;
  return group(
    'TaxRepresentativeParty',
    group('PartyName', text('Name', party.name)),
    address && group('PostalAddress', postalAddress(address), country(address)),
    taxScheme(party.vatId, 'VAT'),
  );
}

/** Writes an address without its country, which the schema puts last. */
export function postalAddress(address: Address): Maybe[] {
  return [
    text('StreetName', address.line1),
    text('AdditionalStreetName', address.line2),
    text('CityName', address.city),
    text('PostalZone', address.postalCode),
    text('CountrySubentity', address.subdivision),
    group('AddressLine', text('Line', address.line3)),
  ];
}

export function country(address: Address): Maybe {
  return group('Country', text('IdentificationCode', address.country));
}

function creditorNode(creditorId: Text): Maybe {
  if (creditorId === undefined) return undefined;
  return group('PartyIdentification', text('ID', creditorId, { schemeID: 'SEPA' }));
}

function taxScheme(number: Text, id: 'VAT' | 'FC'): Maybe {
  return number === undefined
    ? undefined
    : group('PartyTaxScheme', text('CompanyID', number), group('TaxScheme', text('ID', id)));
}
