import type { Maybe } from './cii-nodes.ts';
import { idNodes, leaf, node } from './cii-nodes.ts';
import type { Address, Identifier, Payee, SemanticParty } from './semantic-invoice.ts';

export function ciiParty(name: string, party: SemanticParty): Maybe {
  const { contact, address, electronicAddress } = party;
  return node(
    name,
    idNodes(party.ids),
    leaf('Name', party.name),
    leaf('Description', party.legalInformation),
    node(
      'SpecifiedLegalOrganization',
      registrationNode(party.registration),
      leaf('TradingBusinessName', party.tradingName),
    ),
    contact &&
      node(
        'DefinedTradeContact',
        leaf('PersonName', contact.name),
        node('TelephoneUniversalCommunication', leaf('CompleteNumber', contact.phone)),
        node('EmailURIUniversalCommunication', leaf('URIID', contact.email)),
      ),
    address && addressNode(address),
    electronicAddress &&
      node(
        'URIUniversalCommunication',
        leaf('URIID', electronicAddress.value, { schemeID: electronicAddress.scheme }),
      ),
    node('SpecifiedTaxRegistration', leaf('ID', party.taxRegistration, { schemeID: 'FC' })),
    node('SpecifiedTaxRegistration', leaf('ID', party.vatId, { schemeID: 'VA' })),
  );
}

export function ciiPayee(payee: Payee): Maybe {
  return node(
    'PayeeTradeParty',
    idNodes(payee.ids),
    leaf('Name', payee.name),
    node('SpecifiedLegalOrganization', registrationNode(payee.registration)),
  );
}

export function addressNode(address: Address): Maybe {
  return node(
    'PostalTradeAddress',
    leaf('PostcodeCode', address.postalCode),
    leaf('LineOne', address.line1),
    leaf('LineTwo', address.line2),
    leaf('LineThree', address.line3),
    leaf('CityName', address.city),
    leaf('CountryID', address.country),
    leaf('CountrySubDivisionName', address.subdivision),
  );
}

function registrationNode(registration: Identifier | undefined): Maybe {
  return registration && leaf('ID', registration.value, { schemeID: registration.scheme });
}
