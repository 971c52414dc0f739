import type { XmlElement } from '../rules/xml-tree.ts';
import {
  every,
  first,
  identifierAt,
  identifierOf,
  textOf,
  unlessEmpty,
  withListedScheme,
} from './by-local-name.ts';
import type { Address, Identifier, Payee, SemanticParty, Text } from './semantic-invoice.ts';

/** Reads the seller, the buyer or the tax representative. */
export function partyOf(party: XmlElement | undefined): SemanticParty {
  const contact = first(party, 'DefinedTradeContact');
  return {
    name: textOf(party, 'Name'),
    tradingName: textOf(party, 'SpecifiedLegalOrganization/TradingBusinessName'),
    ids: idsOf(party),
    registration: registrationOf(party),
    vatId: taxNumber(party, 'VA'),
    taxRegistration: taxNumber(party, 'FC'),
    legalInformation: textOf(party, 'Description'),
    electronicAddress: identifierAt(party, 'URIUniversalCommunication/URIID'),
    address: addressOf(party),
    contact: unlessEmpty({
      name: textOf(contact, 'PersonName') ?? textOf(contact, 'DepartmentName'),
      phone: textOf(contact, 'TelephoneUniversalCommunication/CompleteNumber'),
      email: textOf(contact, 'EmailURIUniversalCommunication/URIID'),
    }),
  };
}

/** Reads the payee, if the payee is not the seller. */
export function payeeOf(party: XmlElement | undefined): Payee | undefined {
  if (party === undefined) return undefined;
  return {
    name: textOf(party, 'Name'),
    ids: idsOf(party),
    registration: registrationOf(party),
  };
}

/** Reads the postal address of a party or of the place of delivery. */
export function addressOf(party: XmlElement | undefined): Address | undefined {
  const address = first(party, 'PostalTradeAddress');
  return unlessEmpty({
    line1: textOf(address, 'LineOne'),
    line2: textOf(address, 'LineTwo'),
    line3: textOf(address, 'LineThree'),
    city: textOf(address, 'CityName'),
    postalCode: textOf(address, 'PostcodeCode'),
    subdivision: textOf(address, 'CountrySubDivisionName'),
    country: textOf(address, 'CountryID'),
  });
}

/**
 * Reads the identifiers under a scheme of ISO 6523 first, then the other identifiers. An identifier that the parties
 * agreed on has no scheme (BR-CL-10).
 */
function idsOf(party: XmlElement | undefined): SemanticParty['ids'] {
  const found = [...every(party, 'GlobalID'), ...every(party, 'ID')].flatMap(identifierOf);
  return found.map(withListedScheme);
}

function registrationOf(party: XmlElement | undefined): Identifier | undefined {
  const found = identifierAt(party, 'SpecifiedLegalOrganization/ID');
  return found && withListedScheme(found);
}

function taxNumber(party: XmlElement | undefined, scheme: 'VA' | 'FC'): Text {
  return every(party, 'SpecifiedTaxRegistration/ID').find(
    ({ attributes, text }) => attributes['schemeID'] === scheme && text !== '',
  )?.text;
}
