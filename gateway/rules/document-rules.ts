import type { Breach, Rule } from './rule.ts';
import { fatalIn, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstAt, textAt } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

/** Makes a rule that a child of the root is present and has text. */
function stated(number: string, says: string, what: string, nameIn: (document: UblDocument) => string): Rule {
  return integrity(number, says, (document) =>
    textAt(document.root, nameIn(document)) === undefined ? [missing(what)] : [],
  );
}

/** BR-01 to BR-05, BR-16 (fatal; EN 16931-1, integrity constraints): what the head of every document says. */
const head: readonly Rule[] = [
  stated(
    'BR-01',
    'A document names its specification (BT-24).',
    'the specification (BT-24)',
    () => 'cbc:CustomizationID',
  ),
  stated('BR-02', 'A document has a number (BT-1).', 'the document number (BT-1)', () => 'cbc:ID'),
  stated('BR-03', 'A document has a date (BT-2).', 'the date of issue (BT-2)', () => 'cbc:IssueDate'),
  stated(
    'BR-04',
    'A document has a type code (BT-3).',
    'the document type (BT-3)',
    ({ kind }) => `cbc:${kind}TypeCode`,
  ),
  stated(
    'BR-05',
    'A document names its currency (BT-5).',
    'the currency (BT-5)',
    () => 'cbc:DocumentCurrencyCode',
  ),
  integrity('BR-16', 'A document has at least one line (BG-25).', ({ lines }) =>
    lines.length === 0 ? [missing('every line (BG-25)')] : [],
  ),
];

function endBeforeStart(period: XmlElement, what: string): Breach[] {
  const start = textAt(period, 'cbc:StartDate');
  const end = textAt(period, 'cbc:EndDate');
  return start !== undefined && end !== undefined && end < start
    ? [{ what: `the end of ${what}`, found: end, expected: `it begins on ${start}` }]
    : [];
}

const linePeriods = ({ lines }: UblDocument): readonly XmlElement[] =>
  lines.flatMap((line) => childrenOf(line, 'cac:InvoicePeriod'));

/** BR-29, BR-30 (fatal; integrity constraints), BR-CO-03, BR-CO-19, BR-CO-20 (fatal; conditions): periods and tax point. */
const periods: readonly Rule[] = [
  integrity('BR-29', 'The invoicing period (BG-14) does not end before it begins.', ({ root }) =>
    childrenOf(root, 'cac:InvoicePeriod').flatMap((each) =>
      endBeforeStart(each, 'the invoicing period (BT-74)'),
    ),
  ),
  integrity('BR-30', 'The period of a line (BG-26) does not end before it begins.', (document) =>
    linePeriods(document).flatMap((each) => endBeforeStart(each, 'the period of a line (BT-135)')),
  ),
  condition(
    'BR-CO-03',
    'The tax point is given as a date (BT-7) or as a code (BT-8), not both.',
    ({ root }) => {
      const date = textAt(root, 'cbc:TaxPointDate');
      const code = textAt(root, 'cac:InvoicePeriod', 'cbc:DescriptionCode');
      return date !== undefined && code !== undefined
        ? [{ what: 'the tax point date (BT-7)', found: date, expected: `the code (BT-8) is ${code} as well` }]
        : [];
    },
  ),
  condition('BR-CO-19', 'An invoicing period (BG-14) has a start, an end or a tax point code.', ({ root }) =>
    childrenOf(root, 'cac:InvoicePeriod')
      .filter((each) => !hasDates(each) && textAt(each, 'cbc:DescriptionCode') === undefined)
      .map(() => missing('the start and the end of the invoicing period (BT-73, BT-74)')),
  ),
  condition('BR-CO-20', 'The period of a line (BG-26) has a start or an end.', (document) =>
    linePeriods(document)
      .filter((each) => !hasDates(each))
      .map(() => missing('the start and the end of the period of a line (BT-134, BT-135)')),
  ),
];

function hasDates(period: XmlElement): boolean {
  return textAt(period, 'cbc:StartDate') !== undefined || textAt(period, 'cbc:EndDate') !== undefined;
}

/** BR-52, BR-55, BR-57 (fatal; integrity constraints): documents referred to and the place of delivery. */
const references: readonly Rule[] = [
  integrity('BR-52', 'A supporting document (BG-24) has a reference (BT-122).', ({ root }) =>
    childrenOf(root, 'cac:AdditionalDocumentReference')
      .filter((each) => textAt(each, 'cbc:ID') === undefined)
      .map(() => missing('the reference of a supporting document (BT-122)')),
  ),
  integrity('BR-55', 'A preceding invoice (BG-3) has a number (BT-25).', ({ root }) =>
    childrenOf(root, 'cac:BillingReference')
      .filter((each) => textAt(each, 'cac:InvoiceDocumentReference', 'cbc:ID') === undefined)
      .map(() => missing('the number of the preceding invoice (BT-25)')),
  ),
  integrity('BR-57', 'A deliver-to address (BG-15) has a country (BT-80).', ({ root }) =>
    allAt(root, 'cac:Delivery', 'cac:DeliveryLocation', 'cac:Address')
      .filter((each) => firstAt(each, 'cac:Country', 'cbc:IdentificationCode') === undefined)
      .map(() => missing('the country of the deliver-to address (BT-80)')),
  ),
];

export const DOCUMENT_RULES: readonly Rule[] = [...head, ...periods, ...references];
