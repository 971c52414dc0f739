import type { XmlElement } from '../rules/xml-tree.ts';
import { every, first, identifierAt, identifierOf, textOf, unlessEmpty } from './by-local-name.ts';
import type { Address, Payee, SemanticParty, Text } from './semantic-invoice.ts';

/**
 * Reads the seller, the buyer or the tax representative. The element that holds the trading name of other parties
 * holds the name of a tax representative.
 */
export function partyFromUbl(party: XmlElement | undefined): SemanticParty {
  const legal = first(party, 'PartyLegalEntity');
  const contact = first(party, 'Contact');
  const registered = textOf(legal, 'RegistrationName');
  const called = textOf(party, 'PartyName/Name');
  return {
    name: registered ?? called,
    tradingName: registered === undefined ? undefined : called,
    ids: idsOf(party),
    registration: identifierAt(legal, 'CompanyID'),
    vatId: taxNumber(party, 'VAT'),
    taxRegistration: taxNumber(party, 'other'),
    legalInformation: textOf(legal, 'CompanyLegalForm'),
    electronicAddress: identifierAt(party, 'EndpointID'),
    address: addressFromUbl(first(party, 'PostalAddress')),
    contact: unlessEmpty({
      name: textOf(contact, 'Name'),
      phone: textOf(contact, 'Telephone'),
      email: textOf(contact, 'ElectronicMail'),
    }),
  };
}

export function payeeFromUbl(party: XmlElement): Payee {
  return {
    name: textOf(party, 'PartyName/Name'),
    ids: idsOf(party),
    registration: identifierAt(party, 'PartyLegalEntity/CompanyID'),
  };
}

export function addressFromUbl(address: XmlElement | undefined): Address | undefined {
  return unlessEmpty({
    line1: textOf(address, 'StreetName'),
    line2: textOf(address, 'AdditionalStreetName'),
    line3: textOf(address, 'AddressLine/Line'),
    city: textOf(address, 'CityName'),
    postalCode: textOf(address, 'PostalZone'),
    subdivision: textOf(address, 'CountrySubentity'),
    country: textOf(address, 'Country/IdentificationCode'),
  });
}

/** Reads all identifiers except the creditor's, which is a separate business term (BT-90). */
function idsOf(party: XmlElement | undefined): SemanticParty['ids'] {
  return every(party, 'PartyIdentification/ID')
    .flatMap(identifierOf)
    .filter(({ scheme }) => scheme !== 'SEPA');
}

function taxNumber(party: XmlElement | undefined, tax: 'VAT' | 'other'): Text {
  const scheme = every(party, 'PartyTaxScheme').find(
    (each) => (textOf(each, 'TaxScheme/ID')?.toUpperCase() === 'VAT') === (tax === 'VAT'),
  );
  return textOf(scheme, 'CompanyID');
}
