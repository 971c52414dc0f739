import { decimalsOf } from './decimal.ts';
import type { Breach, Elements, Rule } from './rule.ts';
import { fatalIn, lacking } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isCharge, isVat, lineName } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allIn, childrenOf, textAt } from './xml-tree.ts';

const syntax = fatalIn('CEN/TS 16931-3-2, syntax binding');

const AT_MOST_ONE = 'at most one is allowed';

function tooMany(what: string, count: number, expected = AT_MOST_ONE): Breach {
  return { what: `the number of ${what}`, found: String(count), expected };
}

const inRoot = (path: string): Elements => {
  const all = allIn(path);
  return ({ root }) => all(root);
};
const inParty = (role: 'seller' | 'buyer', path: string): Elements => {
  const all = allIn(path);
  return (document) => all(document[role]);
};
const taxNumbers =
  (role: 'seller' | 'buyer', tax: 'VAT' | 'other'): Elements =>
  (document) =>
    childrenOf(document[role], 'cac:PartyTaxScheme')
      .filter((scheme) => isVat(scheme) === (tax === 'VAT'))
      .flatMap((scheme) => childrenOf(scheme, 'cbc:CompanyID'));

const NAME = 'cac:PartyLegalEntity/cbc:RegistrationName';
const REGISTRATION = 'cac:PartyLegalEntity/cbc:CompanyID';
const TRADING_NAME = 'cac:PartyName/cbc:Name';

/**
 * The parts that a document has at most once. The schema allows several of them, but the standard's model has only
 * one.
 */
const ONCE: readonly (readonly [number: string, what: string, all: Elements])[] = [
  ['UBL-SR-05', 'the payment terms (BT-20)', inRoot('cac:PaymentTerms/cbc:Note')],
  ['UBL-SR-08', 'the invoicing period (BG-14)', inRoot('cac:InvoicePeriod')],
  ['UBL-SR-09', 'the name of the seller (BT-27)', inParty('seller', NAME)],
  ['UBL-SR-10', 'the trading name of the seller (BT-28)', inParty('seller', TRADING_NAME)],
  ['UBL-SR-11', 'the registration number of the seller (BT-30)', inParty('seller', REGISTRATION)],
  ['UBL-SR-12', 'the VAT number of the seller (BT-31)', taxNumbers('seller', 'VAT')],
  ['UBL-SR-13', 'the tax registration of the seller (BT-32)', taxNumbers('seller', 'other')],
  ['UBL-SR-15', 'the name of the buyer (BT-44)', inParty('buyer', NAME)],
  ['UBL-SR-17', 'the registration number of the buyer (BT-47)', inParty('buyer', REGISTRATION)],
  ['UBL-SR-18', 'the VAT number of the buyer (BT-48)', taxNumbers('buyer', 'VAT')],
  ['UBL-SR-24', 'the delivery (BG-13)', inRoot('cac:Delivery')],
  ['UBL-SR-40', 'the trading name of the buyer (BT-45)', inParty('buyer', TRADING_NAME)],
  ['UBL-SR-45', 'the due date of a credit note (BT-9)', inRoot('cac:PaymentMeans/cbc:PaymentDueDate')],
];

/** Makes the check that each of certain elements has a part at most once. */
function oneIn(all: Elements, path: string, what: string): Rule['check'] {
  const parts = allIn(path);
  return (document) =>
    all(document)
      .map((each) => parts(each).length)
      .filter((count) => count > 1)
      .map((count) => tooMany(what, count));
}

const charges =
  (kind: 'allowance' | 'charge'): Elements =>
  ({ byName }) =>
    (byName.get('cac:AllowanceCharge') ?? []).filter((each) => isCharge(each) === (kind === 'charge'));

function oneReason(number: string, kind: 'allowance' | 'charge', terms: string): Rule {
  const says = `There is at most one reason of one ${kind} (${terms}).`;
  const what = `reasons of one ${kind} (${terms})`;
  return syntax(number, says, oneIn(charges(kind), 'cbc:AllowanceChargeReason', what));
}

/** Makes the check that a line has a part at most once, or exactly once. */
function onePerLine(path: string, what: string, least: 0 | 1 = 0): Rule['check'] {
  const parts = allIn(path);
  return (document) =>
    document.lines.flatMap((line) => {
      const count = parts(line).length;
      if (count <= 1 && count >= least) return [];
      const expected = least === 1 ? 'exactly one is required' : AT_MOST_ONE;
      return tooMany(`${what} of ${lineName(document, line)}`, count, expected);
    });
}

const numberWithScheme = (scheme: XmlElement): string | undefined =>
  textAt(scheme, 'cac:TaxScheme', 'cbc:ID') && textAt(scheme, 'cbc:CompanyID');

const isRounded = (name: string): boolean => name.endsWith('Amount') && name !== 'cbc:PriceAmount';

/** Returns every amount of a document, except prices and discounts on prices, which may have more decimals. */
function roundedAmounts({ byName }: UblDocument): XmlElement[] {
  const ofPrices = new Set(
    (byName.get('cac:Price') ?? [])
      .flatMap((price) => childrenOf(price, 'cac:AllowanceCharge'))
      .flatMap(({ children }) => children),
  );
  const found: XmlElement[] = [];
  for (const [name, elements] of byName)
    if (isRounded(name)) found.push(...elements.filter((element) => !ofPrices.has(element)));
  return found;
}

const twoDecimals: Rule['check'] = (document) =>
  roundedAmounts(document)
    .filter(({ text }) => decimalsOf(text) > 2)
    .slice(0, 1)
    .map(({ name, text }) => ({
      what: `the amount ${name}`,
      found: text,
      expected: 'it may have at most 2 decimals',
    }));

/**
 * UBL-SR-05 to UBL-SR-53 and UBL-DT-01 (fatal; CEN/TS 16931-3-2): elements that may be present only once, and the form
 * of each row, line and amount.
 */
// prettier-ignore
export const SYNTAX_RULES: readonly Rule[] = [
  ...ONCE.map(([number, what, all]) =>
    syntax(number, `There is at most one of ${what}.`, (document) => {
      const count = all(document).length;
      return count <= 1 ? [] : [tooMany(what, count)];
    })),
  oneReason('UBL-SR-30', 'allowance', 'BT-97, BT-139'),
  oneReason('UBL-SR-31', 'charge', 'BT-104, BT-144'),
  syntax('UBL-SR-32', 'A VAT category has at most one reason for an exemption (BT-120).',
    oneIn(({ breakdown }) => breakdown, 'cac:TaxCategory/cbc:TaxExemptionReason',
      'reasons for one exemption (BT-120)')),
  syntax('UBL-SR-34', 'A line has at most one note (BT-127).', onePerLine('cbc:Note', 'note (BT-127)')),
  syntax('UBL-SR-48', 'A line has exactly one VAT category (BG-30).',
    onePerLine('cac:Item/cac:ClassifiedTaxCategory', 'VAT category (BG-30)', 1)),
  syntax('UBL-SR-50', 'An item has at most one description (BT-154).',
    onePerLine('cac:Item/cbc:Description', 'description (BT-154)')),
  syntax('UBL-SR-53', 'A tax number comes with its scheme and is not empty.',
    lacking(({ byName }) => byName.get('cac:PartyTaxScheme') ?? [], numberWithScheme,
      'the number or the scheme of a tax registration (BT-31, BT-32)')),
  syntax('UBL-DT-01', 'An amount that is no price has at most two decimals.', twoDecimals),
];
