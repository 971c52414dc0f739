import {
  ALLOWANCE_REASONS,
  COUNTRIES,
  CREDIT_NOTE_TYPES,
  CURRENCIES,
  EXEMPTION_REASONS,
  INVOICE_TYPES,
  PAYMENT_MEANS,
  TAX_POINTS,
  VAT_CATEGORIES,
  isUnit,
} from './code-lists.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isCharge } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf } from './xml-tree.ts';

const coded = fatalIn('EN 16931-1, code lists');

/** A code list, by its name. */
interface List {
  readonly list: string;
  readonly has: (code: string, kind: UblDocument['kind']) => boolean;
}

const listOf = (list: string, codes: ReadonlySet<string>): List => ({ list, has: (code) => codes.has(code) });
const TYPES: List = {
  list: 'the types of UNTDID 1001 for this kind of document',
  has: (code, kind) => (kind === 'Invoice' ? INVOICE_TYPES : CREDIT_NOTE_TYPES).has(code),
};
const VATEX: List = { list: 'the VATEX list', has: (code) => EXEMPTION_REASONS.has(code.toUpperCase()) };
const UNITS: List = { list: 'UN/ECE Recommendations 20 and 21', has: isUnit };
const CURRENCY = listOf('ISO 4217', CURRENCIES);
const COUNTRY = listOf('ISO 3166-1', COUNTRIES);
const CATEGORY = listOf('UNTDID 5305', VAT_CATEGORIES);

const texts = (elements: readonly XmlElement[]): string[] => elements.map(({ text }) => text);

function attributeOf(elements: readonly XmlElement[], name: string): string[] {
  return elements.flatMap((element) => element.attributes[name] ?? []);
}

/** Returns the currencies of all amounts, each once. */
function currenciesOfAmounts({ byName }: UblDocument): string[] {
  const found = new Set<string>();
  for (const [name, elements] of byName)
    if (name.startsWith('cbc:') && name.endsWith('Amount'))
      for (const { attributes } of elements)
        if (attributes['currencyID'] !== undefined) found.add(attributes['currencyID']);
  return [...found];
}

const QUANTITIES = ['cbc:InvoicedQuantity', 'cbc:CreditedQuantity', 'cbc:BaseQuantity'] as const;

const named = ({ byName }: UblDocument, name: string): readonly XmlElement[] => byName.get(name) ?? [];

const countriesIn =
  (parent: string) =>
  (document: UblDocument): string[] =>
    texts(named(document, parent).flatMap((each) => childrenOf(each, 'cbc:IdentificationCode')));

const categoriesIn = (parts: readonly XmlElement[], ...path: readonly string[]): string[] =>
  texts(parts.flatMap((part) => allAt(part, ...path, 'cbc:ID')));

const reasonsOfAllowances = (document: UblDocument): string[] =>
  texts(
    named(document, 'cac:AllowanceCharge')
      .filter((each) => isCharge(each) === false)
      .flatMap((each) => childrenOf(each, 'cbc:AllowanceChargeReasonCode')),
  );

const units = (document: UblDocument): string[] => [
  ...new Set(QUANTITIES.flatMap((name) => attributeOf(named(document, name), 'unitCode'))),
];

/** The codes of a document: the number of their rule, their name, their list, and their places. */
// prettier-ignore
const CODED: readonly (readonly [string, string, List, (document: UblDocument) => readonly string[]])[] = [
  ['BR-CL-01', 'the document type (BT-3)', TYPES, ({ root, kind }) => texts(childrenOf(root, `cbc:${kind}TypeCode`))],
  ['BR-CL-03', 'the currency of an amount', CURRENCY, currenciesOfAmounts],
  ['BR-CL-04', 'the currency (BT-5)', CURRENCY, ({ root }) => texts(childrenOf(root, 'cbc:DocumentCurrencyCode'))],
  ['BR-CL-05', 'the currency that the VAT is accounted in (BT-6)', CURRENCY,
    ({ root }) => texts(childrenOf(root, 'cbc:TaxCurrencyCode'))],
  ['BR-CL-06', 'the tax point (BT-8)', listOf('UNTDID 2005', TAX_POINTS),
    ({ root }) => texts(allAt(root, 'cac:InvoicePeriod', 'cbc:DescriptionCode'))],
  ['BR-CL-14', 'the country of an address', COUNTRY, countriesIn('cac:Country')],
  ['BR-CL-15', 'the country that an item comes from (BT-159)', COUNTRY, countriesIn('cac:OriginCountry')],
  ['BR-CL-16', 'the means of payment (BT-81)', listOf('UNTDID 4461', PAYMENT_MEANS),
    ({ root }) => texts(allAt(root, 'cac:PaymentMeans', 'cbc:PaymentMeansCode'))],
  ['BR-CL-17', 'a VAT category (BT-118, BT-95, BT-102)', CATEGORY,
    ({ breakdown, allowances, charges }) => categoriesIn([...breakdown, ...allowances, ...charges], 'cac:TaxCategory')],
  ['BR-CL-18', 'the VAT category of a line (BT-151)', CATEGORY,
    ({ lines }) => categoriesIn(lines, 'cac:Item', 'cac:ClassifiedTaxCategory')],
  ['BR-CL-19', 'the code of an allowance’s reason (BT-98, BT-140)', listOf('UNTDID 5189', ALLOWANCE_REASONS),
    reasonsOfAllowances],
  ['BR-CL-22', 'the code of an exemption’s reason (BT-121)', VATEX,
    (document) => texts(named(document, 'cbc:TaxExemptionReasonCode'))],
  ['BR-CL-23', 'the unit of a quantity (BT-130, BT-150)', UNITS, units],
];

/**
 * BR-CL-01 to BR-CL-23 (fatal; EN 16931-1, code lists), for the lists that a written document uses. Docket writes no
 * element of the lists of identifier schemes (ISO 6523, EAS), attachments and reasons of charges.
 */
export const CODE_LIST_RULES: readonly Rule[] = CODED.map(([number, what, { list, has }, codesIn]) =>
  coded(number, `There is a code of ${list} in ${what}.`, (document) =>
    codesIn(document)
      .filter((code) => !has(code, document.kind))
      .map((found): Breach => ({ what, found: `“${found}”`, expected: `it is not in ${list}` })),
  ),
);
