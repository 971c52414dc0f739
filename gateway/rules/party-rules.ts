import { COUNTRIES } from './code-lists.ts';
import type { Breach, Elements, Rule } from './rule.ts';
import { fatalIn, lacking, missing, stated } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isVat, vatNumberOf } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstAt, firstIn, textAt, textIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

type Role = 'seller' | 'buyer' | 'taxRepresentative';

function named(number: string, who: Role, term: string): Rule {
  const name = textIn('cac:PartyLegalEntity/cbc:RegistrationName');
  const check = stated(`the name of the ${who} (${term})`, (document) => name(document[who]));
  return integrity(number, `The ${who} has a name (${term}).`, check);
}

function addressed(number: string, who: Role, group: string): Rule {
  const what = `the postal address of the ${who} (${group})`;
  const check = stated(what, (document) => firstAt(document[who], 'cac:PostalAddress'));
  return integrity(number, `The ${who} has a postal address (${group}).`, check);
}

/** Makes the check that an address names its country. A missing address breaks another rule. */
function inCountry(role: Role, what: string): Rule['check'] {
  const addresses: Elements = (document) => childrenOf(document[role], 'cac:PostalAddress');
  return lacking(addresses, textIn('cac:Country/cbc:IdentificationCode'), what);
}

function withScheme(number: string, who: Role, term: string): Rule {
  const endpoints: Elements = (document) => childrenOf(document[who], 'cbc:EndpointID');
  const what = `the scheme of the ${who}'s electronic address (${term})`;
  return integrity(
    number,
    `The electronic address of the ${who} (${term}) names its scheme.`,
    lacking(endpoints, (endpoint) => endpoint.attributes['schemeID'], what),
  );
}

/** BR-06 to BR-11, BR-62, BR-63 (fatal; EN 16931-1, integrity constraints): seller and buyer. */
// prettier-ignore
const sellerAndBuyer: readonly Rule[] = [
  named('BR-06', 'seller', 'BT-27'),
  named('BR-07', 'buyer', 'BT-44'),
  addressed('BR-08', 'seller', 'BG-5'),
  integrity('BR-09', 'The postal address of the seller has a country (BT-40).',
    inCountry('seller', 'the country of the seller (BT-40)')),
  addressed('BR-10', 'buyer', 'BG-8'),
  integrity('BR-11', 'The postal address of the buyer has a country (BT-55).',
    inCountry('buyer', 'the country of the buyer (BT-55)')),
  withScheme('BR-62', 'seller', 'BT-34'),
  withScheme('BR-63', 'buyer', 'BT-49'),
];

const representative: Elements = ({ taxRepresentative }) => (taxRepresentative ? [taxRepresentative] : []);

const payeeApart: Rule['check'] = (document) =>
  childrenOf(document.root, 'cac:PayeeParty').flatMap((payee): Breach[] => {
    const name = textAt(payee, 'cac:PartyName', 'cbc:Name');
    if (name === undefined) return [missing('the name of the payee (BT-59)')];
    const same =
      name === textAt(document.seller, 'cac:PartyName', 'cbc:Name') ||
      sharesIdentifier(payee, document.seller);
    return same ? [{ what: 'the payee (BT-59)', found: name, expected: 'that is the seller' }] : [];
  });

function sharesIdentifier(one: XmlElement, other: XmlElement | undefined): boolean {
  const own = allAt(other, 'cac:PartyIdentification', 'cbc:ID').map(({ text }) => text);
  return allAt(one, 'cac:PartyIdentification', 'cbc:ID').some(({ text }) => own.includes(text));
}

/** BR-17 to BR-20, BR-56 (fatal; integrity constraints): payee and tax representative, if the document has them. */
// prettier-ignore
const others: readonly Rule[] = [
  integrity('BR-17', 'A payee (BG-10) has a name (BT-59) and is not the seller.', payeeApart),
  integrity('BR-18', 'A tax representative (BG-11) has a name (BT-62).',
    lacking(representative, textIn('cac:PartyName/cbc:Name'), 'the name of the tax representative (BT-62)')),
  integrity('BR-19', 'A tax representative (BG-11) has a postal address (BG-12).',
    lacking(representative, firstIn('cac:PostalAddress'), 'the postal address of the tax representative (BG-12)')),
  integrity('BR-20', 'The postal address of the tax representative has a country (BT-69).',
    inCountry('taxRepresentative', 'the country of the tax representative (BT-69)')),
  integrity('BR-56', 'A tax representative (BG-11) has a VAT number (BT-63).',
    lacking(representative, vatNumberOf, 'the VAT number of the tax representative (BT-63)')),
];

/** VAT numbers of Greece begin with EL, and VAT numbers of Northern Ireland with XI. */
const isVatPrefix = (prefix: string): boolean => prefix === 'EL' || COUNTRIES.has(prefix);

const withPrefix: Rule['check'] = (document) =>
  [document.seller, document.buyer, document.taxRepresentative]
    .flatMap((party) => childrenOf(party, 'cac:PartyTaxScheme'))
    .filter(isVat)
    .flatMap((scheme) => textAt(scheme, 'cbc:CompanyID') ?? [])
    .filter((number) => !isVatPrefix(number.slice(0, 2)))
    .map((found) => ({
      what: 'a VAT number (BT-31, BT-48)',
      found,
      expected: 'it does not begin with the code of a country',
    }));

function numberOf({ seller }: UblDocument): string | undefined {
  const ids = allAt(seller, 'cac:PartyIdentification', 'cbc:ID');
  return (
    vatNumberOf(seller) ??
    textAt(seller, 'cac:PartyLegalEntity', 'cbc:CompanyID') ??
    ids.find((id) => id.attributes['schemeID'] !== 'SEPA')?.text
  );
}

/** BR-CO-09, BR-CO-26 (fatal; EN 16931-1, conditions): numbers that identify the parties. */
// prettier-ignore
const numbers: readonly Rule[] = [
  condition('BR-CO-09', 'A VAT number (BT-31, BT-48, BT-63) begins with a country.', withPrefix),
  condition('BR-CO-26', 'The seller has an identifier, a registration or a VAT number.',
    stated('every number of the seller: identifier, registration or VAT (BT-29, BT-30, BT-31)', numberOf)),
];

export const PARTY_RULES: readonly Rule[] = [...sellerAndBuyer, ...others, ...numbers];
