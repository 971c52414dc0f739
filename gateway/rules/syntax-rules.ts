import { decimalsOf } from './decimal.ts';
import type { Rule } from './rule.ts';
import { NONE_BROKEN, fatalIn, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isCharge, lineName } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, textAt } from './xml-tree.ts';

const syntax = fatalIn('CEN/TS 16931-3-2, syntax binding');

/**
 * Makes a rule that an element is present at most once. The schema allows several where the standard's model has one.
 */
function atMostOne(
  number: string,
  what: string,
  all: (document: UblDocument) => readonly XmlElement[],
): Rule {
  return syntax(number, `There is at most one of ${what}.`, (document) => {
    const count = all(document).length;
    return count <= 1
      ? []
      : [{ what: `the number of ${what}`, found: String(count), expected: 'at most one is allowed' }];
  });
}

/** UBL-SR-05 to UBL-SR-49 (fatal; CEN/TS 16931-3-2): elements that may be present only once. */
const once: readonly Rule[] = [
  atMostOne('UBL-SR-05', 'the payment terms (BT-20)', ({ root }) =>
    allAt(root, 'cac:PaymentTerms', 'cbc:Note'),
  ),
  atMostOne('UBL-SR-08', 'the invoicing period (BG-14)', ({ root }) => childrenOf(root, 'cac:InvoicePeriod')),
  atMostOne('UBL-SR-09', 'the name of the seller (BT-27)', ({ seller }) =>
    allAt(seller, 'cac:PartyLegalEntity', 'cbc:RegistrationName'),
  ),
  atMostOne('UBL-SR-10', 'the trading name of the seller (BT-28)', ({ seller }) =>
    allAt(seller, 'cac:PartyName', 'cbc:Name'),
  ),
  atMostOne('UBL-SR-11', 'the registration number of the seller (BT-30)', ({ seller }) =>
    allAt(seller, 'cac:PartyLegalEntity', 'cbc:CompanyID'),
  ),
  atMostOne('UBL-SR-12', 'the VAT number of the seller (BT-31)', ({ seller }) => taxNumbers(seller, 'VAT')),
  atMostOne('UBL-SR-13', 'the tax registration of the seller (BT-32)', ({ seller }) =>
    taxNumbers(seller, 'other'),
  ),
  atMostOne('UBL-SR-15', 'the name of the buyer (BT-44)', ({ buyer }) =>
    allAt(buyer, 'cac:PartyLegalEntity', 'cbc:RegistrationName'),
  ),
  atMostOne('UBL-SR-17', 'the registration number of the buyer (BT-47)', ({ buyer }) =>
    allAt(buyer, 'cac:PartyLegalEntity', 'cbc:CompanyID'),
  ),
  atMostOne('UBL-SR-18', 'the VAT number of the buyer (BT-48)', ({ buyer }) => taxNumbers(buyer, 'VAT')),
  atMostOne('UBL-SR-24', 'the delivery (BG-13)', ({ root }) => childrenOf(root, 'cac:Delivery')),
  atMostOne('UBL-SR-40', 'the trading name of the buyer (BT-45)', ({ buyer }) =>
    allAt(buyer, 'cac:PartyName', 'cbc:Name'),
  ),
  atMostOne('UBL-SR-45', 'the due date of a credit note (BT-9)', ({ root }) =>
    allAt(root, 'cac:PaymentMeans', 'cbc:PaymentDueDate'),
  ),
];

function taxNumbers(party: XmlElement | undefined, tax: 'VAT' | 'other'): readonly XmlElement[] {
  const isVat = (scheme: XmlElement): boolean =>
    textAt(scheme, 'cac:TaxScheme', 'cbc:ID')?.toUpperCase() === 'VAT';
  return childrenOf(party, 'cac:PartyTaxScheme')
    .filter((scheme) => isVat(scheme) === (tax === 'VAT'))
    .flatMap((scheme) => childrenOf(scheme, 'cbc:CompanyID'));
}

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

/** UBL-SR-30 to -34, -48, -50, -53 and UBL-DT-01 (fatal; CEN/TS 16931-3-2): the form of each row, line and amount. */
const each: readonly Rule[] = [
  oneReason('UBL-SR-30', 'allowance (BT-97, BT-139)', 'allowances'),
  oneReason('UBL-SR-31', 'charge (BT-104, BT-144)', 'charges'),
  syntax('UBL-SR-32', 'A VAT category has at most one reason for an exemption (BT-120).', ({ breakdown }) =>
    breakdown
      .map((row) => allAt(row, 'cac:TaxCategory', 'cbc:TaxExemptionReason').length)
      .filter((count) => count > 1)
      .map((count) => ({
        what: 'the number of reasons for one exemption (BT-120)',
        found: String(count),
        expected: 'at most one is allowed',
      })),
  ),
  syntax(
    'UBL-SR-34',
    'A line has at most one note (BT-127).',
    perLine('note (BT-127)', 0, (line) => childrenOf(line, 'cbc:Note')),
  ),
  syntax(
    'UBL-SR-48',
    'A line has exactly one VAT category (BG-30).',
    perLine('VAT category (BG-30)', 1, (line) => allAt(line, 'cac:Item', 'cac:ClassifiedTaxCategory')),
  ),
  syntax(
    'UBL-SR-50',
    'An item has at most one description (BT-154).',
    perLine('description (BT-154)', 0, (line) => allAt(line, 'cac:Item', 'cbc:Description')),
  ),
  syntax('UBL-SR-53', 'A tax number comes with its scheme and is not empty.', ({ byName }) =>
    (byName.get('cac:PartyTaxScheme') ?? [])
      .filter(
        (scheme) =>
          (textAt(scheme, 'cac:TaxScheme', 'cbc:ID') && textAt(scheme, 'cbc:CompanyID')) === undefined,
      )
      .map(() => missing('the number or the scheme of a tax registration (BT-31, BT-32)')),
  ),
  syntax('UBL-DT-01', 'An amount that is no price has at most two decimals.', (document) =>
    roundedAmounts(document)
      .filter(({ text }) => decimalsOf(text) > 2)
      .slice(0, 1)
      .map(({ name, text }) => ({
        what: `the amount ${name}`,
        found: text,
        expected: 'it may have at most 2 decimals',
      })),
  ),
];

function oneReason(number: string, what: string, parts: 'allowances' | 'charges'): Rule {
  return syntax(number, `There is at most one reason of one ${what}.`, ({ byName }) =>
    (byName.get('cac:AllowanceCharge') ?? [])
      .filter((element) => isCharge(element) === (parts === 'charges'))
      .map((element) => childrenOf(element, 'cbc:AllowanceChargeReason').length)
      .filter((count) => count > 1)
      .map((count) => ({
        what: `the number of reasons of one ${what}`,
        found: String(count),
        expected: 'at most one is allowed',
      })),
  );
}

function perLine(
  what: string,
  least: 0 | 1,
  parts: (line: XmlElement) => readonly XmlElement[],
): Rule['check'] {
  return (document) =>
    document.lines.flatMap((line) => {
      const count = parts(line).length;
      return count <= 1 && count >= least
        ? NONE_BROKEN
        : {
            what: `the number of ${what} of ${lineName(document, line)}`,
            found: String(count),
            expected: least === 1 ? 'exactly one is required' : 'at most one is allowed',
          };
    });
}

export const SYNTAX_RULES: readonly Rule[] = [...once, ...each];
