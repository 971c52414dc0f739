import type { Breach, Rule } from './rule.ts';
import { fatalIn, missing } from './rule.ts';
import { COUNTRIES } from './country-codes.ts';
import type { UblDocument } from './ubl-document.ts';
import { isVat, vatNumberOf } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstAt, textAt } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

type PartyIn = (document: UblDocument) => XmlElement | undefined;

const seller: PartyIn = (document) => document.seller;
const buyer: PartyIn = (document) => document.buyer;
const representative: PartyIn = (document) => document.taxRepresentative;

function named(number: string, who: string, term: string, partyIn: PartyIn): Rule {
  return integrity(number, `The ${who} has a name (${term}).`, (document) =>
    textAt(partyIn(document), 'cac:PartyLegalEntity', 'cbc:RegistrationName') === undefined
      ? [missing(`the name of the ${who} (${term})`)]
      : [],
  );
}

function addressed(number: string, who: string, group: string, partyIn: PartyIn): Rule {
  return integrity(number, `The ${who} has a postal address (${group}).`, (document) =>
    firstAt(partyIn(document), 'cac:PostalAddress') === undefined
      ? [missing(`the postal address of the ${who} (${group})`)]
      : [],
  );
}

/** Makes a rule that an address names its country. A missing address breaks another rule. */
function inCountry(number: string, who: string, term: string, partyIn: PartyIn): Rule {
  return integrity(number, `The postal address of the ${who} has a country (${term}).`, (document) =>
    childrenOf(partyIn(document), 'cac:PostalAddress')
      .filter((address) => textAt(address, 'cac:Country', 'cbc:IdentificationCode') === undefined)
      .map(() => missing(`the country of the ${who} (${term})`)),
  );
}

function withScheme(number: string, who: string, term: string, partyIn: PartyIn): Rule {
  return integrity(number, `The electronic address of the ${who} (${term}) names its scheme.`, (document) =>
    childrenOf(partyIn(document), 'cbc:EndpointID')
      .filter((endpoint) => endpoint.attributes['schemeID'] === undefined)
      .map(() => missing(`the scheme of the ${who}'s electronic address (${term})`)),
  );
}

/** BR-06 to BR-11, BR-62, BR-63 (fatal; EN 16931-1, integrity constraints): seller and buyer. */
const sellerAndBuyer: readonly Rule[] = [
  named('BR-06', 'seller', 'BT-27', seller),
  named('BR-07', 'buyer', 'BT-44', buyer),
  addressed('BR-08', 'seller', 'BG-5', seller),
  inCountry('BR-09', 'seller', 'BT-40', seller),
  addressed('BR-10', 'buyer', 'BG-8', buyer),
  inCountry('BR-11', 'buyer', 'BT-55', buyer),
  withScheme('BR-62', 'seller', 'BT-34', seller),
  withScheme('BR-63', 'buyer', 'BT-49', buyer),
];

/** BR-17 to BR-20, BR-56 (fatal; integrity constraints): payee and tax representative, where there are any. */
const others: readonly Rule[] = [
  integrity('BR-17', 'A payee (BG-10) has a name (BT-59) and is not the seller.', (document) =>
    childrenOf(document.root, 'cac:PayeeParty').flatMap((payee): Breach[] => {
      const name = textAt(payee, 'cac:PartyName', 'cbc:Name');
      if (name === undefined) return [missing('the name of the payee (BT-59)')];
      const same =
        name === textAt(document.seller, 'cac:PartyName', 'cbc:Name') ||
        sharesIdentifier(payee, document.seller);
      return same ? [{ what: 'the payee (BT-59)', found: name, expected: 'that is the seller' }] : [];
    }),
  ),
  integrity('BR-18', 'A tax representative (BG-11) has a name (BT-62).', ({ taxRepresentative }) =>
    taxRepresentative !== undefined && textAt(taxRepresentative, 'cac:PartyName', 'cbc:Name') === undefined
      ? [missing('the name of the tax representative (BT-62)')]
      : [],
  ),
  integrity('BR-19', 'A tax representative (BG-11) has a postal address (BG-12).', ({ taxRepresentative }) =>
    taxRepresentative !== undefined && firstAt(taxRepresentative, 'cac:PostalAddress') === undefined
      ? [missing('the postal address of the tax representative (BG-12)')]
      : [],
  ),
  inCountry('BR-20', 'tax representative', 'BT-69', representative),
  integrity('BR-56', 'A tax representative (BG-11) has a VAT number (BT-63).', ({ taxRepresentative }) =>
    taxRepresentative !== undefined && vatNumberOf(taxRepresentative) === undefined
      ? [missing('the VAT number of the tax representative (BT-63)')]
      : [],
  ),
];

function sharesIdentifier(one: XmlElement, other: XmlElement | undefined): boolean {
  const own = allAt(other, 'cac:PartyIdentification', 'cbc:ID').map(({ text }) => text);
  return allAt(one, 'cac:PartyIdentification', 'cbc:ID').some(({ text }) => own.includes(text));
}

/** VAT numbers of Greece begin with EL, and those of Northern Ireland with XI. */
const isVatPrefix = (prefix: string): boolean => prefix === 'EL' || COUNTRIES.has(prefix);

/** BR-CO-09, BR-CO-26 (fatal; EN 16931-1, conditions): numbers that identify the parties. */
const numbers: readonly Rule[] = [
  condition('BR-CO-09', 'A VAT number (BT-31, BT-48, BT-63) begins with a country.', (document) =>
    [document.seller, document.buyer, document.taxRepresentative]
      .flatMap((party) => childrenOf(party, 'cac:PartyTaxScheme'))
      .filter(isVat)
      .flatMap((scheme) => textAt(scheme, 'cbc:CompanyID') ?? [])
      .filter((number) => !isVatPrefix(number.slice(0, 2)))
      .map((found) => ({
        what: 'a VAT number (BT-31, BT-48)',
        found,
        expected: 'it does not begin with the code of a country',
      })),
  ),
  condition(
    'BR-CO-26',
    'The seller has an identifier, a registration or a VAT number.',
    ({ seller: party }) => {
      const known =
        vatNumberOf(party) ??
        textAt(party, 'cac:PartyLegalEntity', 'cbc:CompanyID') ??
        allAt(party, 'cac:PartyIdentification', 'cbc:ID').find((id) => id.attributes['schemeID'] !== 'SEPA')
          ?.text;
      return known === undefined
        ? [missing('every number of the seller: identifier, registration or VAT (BT-29, BT-30, BT-31)')]
        : [];
    },
  ),
];

export const PARTY_RULES: readonly Rule[] = [...sellerAndBuyer, ...others, ...numbers];
