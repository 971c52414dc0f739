import type Big from 'big.js';
import { ZERO, decimalAt, sumOfDecimals } from './decimal.ts';
import type { Breach, Elements, Rule } from './rule.ts';
import { fatalIn, lacking, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { categoryOf, lineName, vatCategoryOf } from './ubl-document.ts';
import type { Category } from './vat-categories.ts';
import { CATEGORIES } from './vat-categories.ts';
import { UNIT_OF_CURRENCY, rateOf, rowName, wrongTax } from './vat-breakdown-rules.ts';
import type { XmlElement } from './xml-tree.ts';
import { firstIn, textAt, textIn } from './xml-tree.ts';

const vatRule = fatalIn('EN 16931-1, VAT rules');

interface Place {
  readonly words: string;
  readonly term: string;
  readonly rateTerm: string;
  readonly all: Elements;
}

const LINES: Place = { words: 'line', term: 'BT-151', rateTerm: 'BT-152', all: (d) => d.lines };
// prettier-ignore
const ALLOWANCES: Place = { words: 'document allowance', term: 'BT-95', rateTerm: 'BT-96', all: (d) => d.allowances };
const CHARGES: Place = {
  words: 'document charge',
  term: 'BT-102',
  rateTerm: 'BT-103',
  all: (d) => d.charges,
};
const PLACES = [LINES, ALLOWANCES, CHARGES] as const;

const isOf =
  ({ code }: Category) =>
  (part: XmlElement): boolean =>
    categoryOf(part) === code;

function nameOf(document: UblDocument, place: Place, part: XmlElement): string {
  return place === LINES ? lineName(document, part) : `a ${place.words}`;
}

/**
 * BR-x-01: a category of lines, allowances or charges has its row in the breakdown. Category S has one row for each
 * rate, every other category one row.
 */
function inBreakdown(category: Category): Rule {
  const perRate = category.code === 'S';
  return vatRule(
    `${category.prefix}-01`,
    `What is ${category.words} has ${perRate ? 'its rows' : 'exactly one row'} in the VAT breakdown (BT-118).`,
    (document) => {
      const used = PLACES.some((place) => place.all(document).some(isOf(category)));
      const rows = document.breakdown.filter(isOf(category)).length;
      const isRight = perRate ? used === rows > 0 : rows === 1 || (!used && rows === 0);
      if (isRight) return [];
      const what = `the number of rows with category ${category.code} in the VAT breakdown (BT-118)`;
      const expected = used
        ? `lines, allowances or charges of the document are ${category.words}`
        : `no line, allowance or charge of the document is ${category.words}`;
      return [{ what, found: String(rows), expected }];
    },
  );
}

/** BR-x-02 to BR-x-04: the numbers of the parties that lines, allowances and charges require. */
function partiesKnown(category: Category, place: Place, number: string): Rule {
  const what = category.code === 'O' ? 'no VAT number' : 'the tax numbers that its category asks for';
  return vatRule(
    `${category.prefix}-${number}`,
    `A document with a ${place.words} that is ${category.words} (${place.term}) has ${what}.`,
    (document) => {
      if (!place.all(document).some(isOf(category))) return [];
      const breach = category.parties(document);
      return breach === undefined ? [] : [breach];
    },
  );
}

/** BR-x-05 to BR-x-07: the rate of lines, allowances and charges. */
function rateFits(category: Category, place: Place, number: string): Rule {
  return vatRule(
    `${category.prefix}-${number}`,
    `The rate of a ${place.words} that is ${category.words} (${place.rateTerm}) is ${category.rate}.`,
    (document) =>
      place
        .all(document)
        .filter(isOf(category))
        .filter((part) => !fits(category.rate, decimalAt(vatCategoryOf(part), 'cbc:Percent')))
        .map((part) => ({
          what: `the VAT rate of ${nameOf(document, place, part)} (${place.rateTerm})`,
          found: decimalAt(vatCategoryOf(part), 'cbc:Percent')?.toFixed(),
          expected: `what is ${category.words} has ${category.rate === 'none' ? 'none' : `a rate of ${category.rate}`}`,
        })),
  );
}

function fits(wanted: Category['rate'], rate: Big | undefined): boolean {
  if (wanted === 'none') return rate === undefined;
  if (rate === undefined) return false;
  return wanted === '0' ? rate.eq(0) : rate.gt(0);
}

/**
 * BR-x-08: the basis of a row is the sum of its lines, less its allowances, plus its charges. For S this holds at each
 * rate.
 */
function basisAddsUp(category: Category): Rule {
  const perRate = category.code === 'S';
  return vatRule(
    `${category.prefix}-08`,
    `The basis of what is ${category.words} (BT-116) is its lines less its allowances plus its charges.`,
    (document) =>
      document.breakdown.filter(isOf(category)).flatMap((row): Breach[] => {
        const basis = decimalAt(row, 'cbc:TaxableAmount');
        const rate = rateOf(row);
        if (basis === undefined || (perRate && rate === undefined)) return [];
        const isOwn = (part: XmlElement): boolean => {
          if (!isOf(category)(part)) return false;
          const own = decimalAt(vatCategoryOf(part), 'cbc:Percent');
          return !perRate || (own !== undefined && rate !== undefined && own.eq(rate));
        };
        const sum = (parts: readonly XmlElement[], element: string): Big =>
          sumOfDecimals(parts.filter(isOwn).map((part) => decimalAt(part, element) ?? ZERO));
        const wanted = sum(document.lines, 'cbc:LineExtensionAmount')
          .minus(sum(document.allowances, 'cbc:Amount'))
          .plus(sum(document.charges, 'cbc:Amount'));
        const off = basis.minus(wanted).abs();
        // The tolerance is only for rounded lines. A rate without any line is wrong, even if its basis is small.
        const isUsed = PLACES.some((place) => place.all(document).some(isOwn));
        if (perRate ? isUsed && off.lt(UNIT_OF_CURRENCY) : off.eq(0)) return [];
        const expected = `its lines, allowances and charges come to ${wanted.toFixed(2)}`;
        return [{ what: `the basis of the ${rowName(row)} (BT-116)`, found: basis.toFixed(2), expected }];
      }),
  );
}

/** BR-x-09: the VAT of a row is basis times rate, or 0 for categories without VAT. */
function taxFits(category: Category): Rule {
  const says =
    category.rate === 'above 0'
      ? `The VAT of what is ${category.words} (BT-117) is its basis times its rate.`
      : `The VAT of what is ${category.words} (BT-117) is 0.`;
  return vatRule(`${category.prefix}-09`, says, (document) =>
    document.breakdown.filter(isOf(category)).flatMap((row): Breach[] => {
      if (category.rate === 'above 0') return wrongTax(row);
      const tax = decimalAt(row, 'cbc:TaxAmount');
      if (tax === undefined || tax.eq(0)) return [];
      const what = `the VAT of the ${rowName(row)} (BT-117)`;
      return [{ what, found: tax.toFixed(2), expected: `what is ${category.words} has 0.00` }];
    }),
  );
}

/** BR-x-10: a row that charges no VAT gives a reason, and a row that charges VAT gives none. */
function reasonFits(category: Category): Rule {
  const word = category.reason === 'required' ? 'a' : 'no';
  return vatRule(
    `${category.prefix}-10`,
    `The breakdown row of what is ${category.words} has ${word} reason for an exemption (BT-120, BT-121).`,
    (document) =>
      document.breakdown.filter(isOf(category)).flatMap((row): Breach[] => {
        const of = vatCategoryOf(row);
        const reason = textAt(of, 'cbc:TaxExemptionReason') ?? textAt(of, 'cbc:TaxExemptionReasonCode');
        const what = `the reason for the exemption in the ${rowName(row)} (BT-120)`;
        if (category.reason === 'required') return reason === undefined ? [missing(what)] : [];
        return reason === undefined
          ? []
          : [{ what, found: `“${reason}”`, expected: `what is ${category.words} has none` }];
      }),
  );
}

/** Makes the ten rules of a category. A document without the category breaks none of them. */
function rulesOf(category: Category): Rule[] {
  const rules = [
    inBreakdown(category),
    ...PLACES.map((place, i) => partiesKnown(category, place, `0${2 + i}`)),
    ...PLACES.map((place, i) => rateFits(category, place, `0${5 + i}`)),
    basisAddsUp(category),
    taxFits(category),
    reasonFits(category),
  ];
  return rules.map((rule) => ({
    ...rule,
    check: (document) => (document.categories.has(category.code) ? rule.check(document) : []),
  }));
}

const hasRow = ({ breakdown }: UblDocument, code: string): boolean =>
  breakdown.some((row) => categoryOf(row) === code);

const intraCommunity: Elements = (document) => (hasRow(document, 'K') ? [document.root] : []);
const deliveryDate = textIn('cac:Delivery/cbc:ActualDeliveryDate');
const deliveryCountry = textIn(
  'cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode',
);
const period = firstIn('cac:InvoicePeriod');

/**
 * BR-IC-11, BR-IC-12 (fatal; EN 16931-1, VAT rules): the date and the place of delivery of an intra-community supply.
 */
// prettier-ignore
const delivery: readonly Rule[] = [
  vatRule('BR-IC-11', 'An intra-community supply has a delivery date (BT-72) or a period (BG-14).',
    lacking(intraCommunity, (root) => deliveryDate(root) ?? period(root)?.children[0],
      'the date of the delivery (BT-72), which an intra-community supply has')),
  vatRule('BR-IC-12', 'An intra-community supply has the country that it was delivered to (BT-80).',
    lacking(intraCommunity, deliveryCountry,
      'the country delivered to (BT-80), which an intra-community supply has')),
];

/**
 * BR-O-11 to BR-O-14 (fatal; EN 16931-1, VAT rules): a document with the category "not subject to VAT" has no other
 * category.
 */
function alone(number: string, words: string, all: Elements): Rule {
  const expected = 'the document is not subject to VAT (O), which stands alone';
  const says = `A document that is not subject to VAT has no ${words} of another category.`;
  return vatRule(number, says, (document) => {
    if (!hasRow(document, 'O')) return [];
    const found = all(document)
      .map(categoryOf)
      .find((code) => code !== undefined && code !== 'O');
    return found === undefined ? [] : [{ what: `the VAT category of a ${words}`, found, expected }];
  });
}

/** BR-S, Z, E, AE, IC, G and O-01 to -10 (fatal; EN 16931-1, VAT rules), with BR-IC-11, -12 and BR-O-11 to -14. */
export const VAT_CATEGORY_RULES: readonly Rule[] = [
  ...CATEGORIES.flatMap(rulesOf),
  ...delivery,
  alone('BR-O-11', 'breakdown row', (document) => document.breakdown),
  alone('BR-O-12', 'line', (document) => document.lines),
  alone('BR-O-13', 'document allowance', (document) => document.allowances),
  alone('BR-O-14', 'document charge', (document) => document.charges),
];
