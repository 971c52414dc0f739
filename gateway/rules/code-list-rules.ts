import {
  ALLOWANCE_REASONS,
  CREDIT_NOTE_TYPES,
  CURRENCIES,
  EXEMPTION_REASONS,
  INVOICE_TYPES,
  PAYMENT_MEANS,
  TAX_POINTS,
  VAT_CATEGORIES,
} from './code-lists.ts';
import { COUNTRIES } from './country-codes.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isCharge } from './ubl-document.ts';
import { isUnit } from './unit-codes.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf } from './xml-tree.ts';

const coded = fatalIn('EN 16931-1, code lists');

/** Elements with a code of a list, as their text or as an attribute. */
interface Coded {
  readonly number: string;
  readonly what: string;
  readonly list: string;
  readonly has: (code: string, kind: UblDocument['kind']) => boolean;
  readonly in: (document: UblDocument) => readonly string[];
}

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

const countriesIn =
  (parent: string) =>
  (document: UblDocument): string[] =>
    texts((document.byName.get(parent) ?? []).flatMap((each) => childrenOf(each, 'cbc:IdentificationCode')));

const CODED: readonly Coded[] = [
  {
    number: 'BR-CL-01', what: 'the document type (BT-3)', list: 'the types of UNTDID 1001 for this kind of document',
    has: (code, kind) => (kind === 'Invoice' ? INVOICE_TYPES : CREDIT_NOTE_TYPES).has(code),
    in: ({ root, kind }) => texts(childrenOf(root, `cbc:${kind}TypeCode`)),
  },
  {
    number: 'BR-CL-03', what: 'the currency of an amount', list: 'ISO 4217',
    has: (code) => CURRENCIES.has(code),
    in: currenciesOfAmounts,
  },
  {
    number: 'BR-CL-04', what: 'the currency (BT-5)', list: 'ISO 4217',
    has: (code) => CURRENCIES.has(code),
    in: ({ root }) => texts(childrenOf(root, 'cbc:DocumentCurrencyCode')),
  },
  {
    number: 'BR-CL-05', what: 'the currency that the VAT is accounted in (BT-6)', list: 'ISO 4217',
    has: (code) => CURRENCIES.has(code),
    in: ({ root }) => texts(childrenOf(root, 'cbc:TaxCurrencyCode')),
  },
  {
    number: 'BR-CL-06', what: 'the tax point (BT-8)', list: 'UNTDID 2005',
    has: (code) => TAX_POINTS.has(code),
    in: ({ root }) => texts(allAt(root, 'cac:InvoicePeriod', 'cbc:DescriptionCode')),
  },
  {
    number: 'BR-CL-14', what: 'the country of an address', list: 'ISO 3166-1',
    has: (code) => COUNTRIES.has(code), in: countriesIn('cac:Country'),
  },
  {
    number: 'BR-CL-15', what: 'the country that an item comes from (BT-159)', list: 'ISO 3166-1',
    has: (code) => COUNTRIES.has(code), in: countriesIn('cac:OriginCountry'),
  },
  {
    number: 'BR-CL-16', what: 'the means of payment (BT-81)', list: 'UNTDID 4461',
    has: (code) => PAYMENT_MEANS.has(code),
    in: ({ root }) => texts(allAt(root, 'cac:PaymentMeans', 'cbc:PaymentMeansCode')),
  },
  {
    number: 'BR-CL-17', what: 'a VAT category (BT-118, BT-95, BT-102)', list: 'UNTDID 5305',
    has: (code) => VAT_CATEGORIES.has(code),
    in: ({ breakdown, allowances, charges }) =>
      texts([...breakdown, ...allowances, ...charges].flatMap((each) => allAt(each, 'cac:TaxCategory', 'cbc:ID'))),
  },
  {
    number: 'BR-CL-18', what: 'the VAT category of a line (BT-151)', list: 'UNTDID 5305',
    has: (code) => VAT_CATEGORIES.has(code),
    in: ({ lines }) =>
      texts(lines.flatMap((line) => allAt(line, 'cac:Item', 'cac:ClassifiedTaxCategory', 'cbc:ID'))),
  },
  {
    number: 'BR-CL-19', what: 'the code of an allowance’s reason (BT-98, BT-140)', list: 'UNTDID 5189',
    has: (code) => ALLOWANCE_REASONS.has(code),
    in: (document) =>
      texts(
        (document.byName.get('cac:AllowanceCharge') ?? [])
          .filter((each) => isCharge(each) === false)
          .flatMap((each) => childrenOf(each, 'cbc:AllowanceChargeReasonCode')),
      ),
  },
  {
    number: 'BR-CL-22', what: 'the code of an exemption’s reason (BT-121)', list: 'the VATEX list',
    has: (code) => EXEMPTION_REASONS.has(code.toUpperCase()),
    in: (document) => texts(document.byName.get('cbc:TaxExemptionReasonCode') ?? []),
  },
  {
    number: 'BR-CL-23', what: 'the unit of a quantity (BT-130, BT-150)', list: 'UN/ECE Recommendations 20 and 21',
    has: isUnit,
    in: (document) => [...new Set(QUANTITIES.flatMap((name) => attributeOf(document.byName.get(name) ?? [], 'unitCode')))],
  },
]; // prettier-ignore

/**
 * BR-CL-01 to BR-CL-23 (fatal; EN 16931-1, code lists), for the lists that a written document uses. Docket writes no
 * element of the lists of identifier schemes (ISO 6523, EAS), attachments and reasons of charges.
 */
export const CODE_LIST_RULES: readonly Rule[] = CODED.map((each) =>
  coded(each.number, `There is a code of ${each.list} in ${each.what}.`, (document) =>
    each
      .in(document)
      .filter((code) => !each.has(code, document.kind))
      .map((found): Breach => ({
        what: each.what,
        found: `“${found}”`,
        expected: `it is not in ${each.list}`,
      })),
  ),
);
