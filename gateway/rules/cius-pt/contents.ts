import type { Breach, Rule } from '../rule.ts';
import { fatalIn, missing, NONE_BROKEN } from '../rule.ts';
import type { UblDocument } from '../ubl-document.ts';
import { categoryOf, lineName, vatCategoryOf, vatNumberOf } from '../ubl-document.ts';
import type { XmlElement } from '../xml-tree.ts';
import { allAt, firstAt, textAt } from '../xml-tree.ts';

const rule = fatalIn('eSPap, CIUS-PT 2.1.1');

/** Makes a rule that a value must be present. */
function needs(number: string, what: string, read: (document: UblDocument) => unknown): Rule {
  return rule(number, `A document says ${what}.`, (document) =>
    read(document) === undefined ? [missing(what)] : NONE_BROKEN,
  );
}

/** Makes a rule that an address has a part. A document without that address does not break the rule. */
function addressNeeds(number: string, what: string, path: readonly string[], part: string): Rule {
  return rule(number, `An address says ${what}.`, ({ root }) =>
    allAt(root, ...path).flatMap((address) => (textAt(address, part) === undefined ? [missing(what)] : [])),
  );
}

const SELLER_ADDRESS = ['cac:AccountingSupplierParty', 'cac:Party', 'cac:PostalAddress'];
const DELIVERY_ADDRESS = ['cac:Delivery', 'cac:DeliveryLocation', 'cac:Address'];
const PRECEDING = 'the preceding invoice (BG-3)';

const hasPreceding = ({ root }: UblDocument): boolean => firstAt(root, 'cac:BillingReference') !== undefined;

/** Names of the item attribute in which an exempt line gives its reason, by code or by text. */
const REASONS: ReadonlySet<string | undefined> = new Set([
  '#TAXEXEMPTIONREASONCODE@CLASSIFIEDTAXCATEGORY#',
  '#TAXEXEMPTIONREASON@CLASSIFIEDTAXCATEGORY#',
]);

function exemptLinesWithout(document: UblDocument, isReason: (property: XmlElement) => boolean): Breach[] {
  return document.lines
    .filter((line) => categoryOf(line) === 'E')
    .filter((line) => !allAt(line, 'cac:Item', 'cac:AdditionalItemProperty').some(isReason))
    .map((line) => missing(`the exemption reason of ${lineName(document, line)}`));
}

/** Returns the rates of rows that do not fit the category of the row. */
function ratesOf(category: string, isRight: (rate: number) => boolean, expected: string): Rule['check'] {
  return ({ breakdown }) =>
    breakdown
      .filter((row) => categoryOf(row) === category)
      .map((row) => textAt(vatCategoryOf(row), 'cbc:Percent'))
      .filter((rate) => rate === undefined || !isRight(Number(rate)))
      .map((found) => ({ what: `the VAT rate (BT-119) of category ${category}`, found, expected }));
}

/**
 * The rules on contents (`BR-CIUS-PT-...`) that a written document can break. The other rules are about groups that
 * Docket leaves empty.
 */
export const CIUS_PT_CONTENTS: readonly Rule[] = [
  needs('BR-CIUS-PT-01', 'the seller’s VAT number (BT-31)', ({ seller }) => vatNumberOf(seller)),
  needs('BR-CIUS-PT-03', 'the buyer’s VAT number (BT-48)', ({ buyer }) => vatNumberOf(buyer)),
  addressNeeds('BR-CIUS-PT-05', 'the seller’s street (BT-35)', SELLER_ADDRESS, 'cbc:StreetName'),
  addressNeeds('BR-CIUS-PT-06', 'the seller’s town (BT-37)', SELLER_ADDRESS, 'cbc:CityName'),
  addressNeeds('BR-CIUS-PT-07', 'the seller’s postal code (BT-38)', SELLER_ADDRESS, 'cbc:PostalZone'),
  needs('BR-CIUS-PT-11', 'the total of the VAT (BT-110)', ({ root }) =>
    textAt(root, 'cac:TaxTotal', 'cbc:TaxAmount'),
  ),
  rule(
    'BR-CIUS-PT-14',
    'The rate of category S is above 0.',
    ratesOf('S', (rate) => rate > 0, 'it must be above 0'),
  ),
  rule(
    'BR-CIUS-PT-16',
    'The rate of category E is 0.',
    ratesOf('E', (rate) => rate === 0, 'it must be 0'),
  ),
  rule('BR-CIUS-PT-17', 'An exempt line says its reason, by code or text.', (document) =>
    exemptLinesWithout(document, (property) => REASONS.has(textAt(property, 'cbc:Name'))),
  ),
  addressNeeds('BR-CIUS-PT-21', 'the street delivered to (BT-75)', DELIVERY_ADDRESS, 'cbc:StreetName'),
  addressNeeds('BR-CIUS-PT-22', 'the town delivered to (BT-77)', DELIVERY_ADDRESS, 'cbc:CityName'),
  addressNeeds('BR-CIUS-PT-23', 'the postal code delivered to (BT-78)', DELIVERY_ADDRESS, 'cbc:PostalZone'),
  rule('BR-CIUS-PT-25', 'A credit note names the preceding invoice.', (document) =>
    document.kind === 'CreditNote' && !hasPreceding(document) ? [missing(PRECEDING)] : NONE_BROKEN,
  ),
  rule('BR-CIUS-PT-65', 'A debit note names the preceding invoice.', (document) =>
    ['383', 'ND'].includes(textAt(document.root, 'cbc:InvoiceTypeCode') ?? '') && !hasPreceding(document)
      ? [missing(PRECEDING)]
      : NONE_BROKEN,
  ),
  needs('BR-CIUS-PT-66', 'the address delivered to (BG-15)', ({ root }) =>
    firstAt(root, ...DELIVERY_ADDRESS),
  ),
  ...[
    { number: 'DT-CIUS-PT-003_i', kind: 'Invoice', codes: '380 383 386 389 FT FS FR ND RP RE CS LD RA' },
    { number: 'DT-CIUS-PT-003_cn', kind: 'CreditNote', codes: '381 NC' },
  ].map(({ number, kind, codes }) =>
    rule(number, `The type (BT-3) of a document in ${kind} is one of ${codes}.`, (document) => {
      const found = textAt(document.root, `cbc:${kind}TypeCode`);
      if (document.kind !== kind || found === undefined || codes.split(' ').includes(found))
        return NONE_BROKEN;
      return [
        { what: 'the type (BT-3)', found, expected: `it must be one of ${codes.replaceAll(' ', ', ')}` },
      ];
    }),
  ),
];
