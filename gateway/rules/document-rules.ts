import type { Breach, Elements, Rule } from './rule.ts';
import { fatalIn, lacking, stated } from './rule.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstIn, textAt, textIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

/** BR-01 to BR-05, BR-16 (fatal; EN 16931-1, integrity constraints): the head of every document. */
// prettier-ignore
const head: readonly Rule[] = [
  integrity('BR-01', 'A document names its specification (BT-24).',
    stated('the specification (BT-24)', ({ root }) => textAt(root, 'cbc:CustomizationID'))),
  integrity('BR-02', 'A document has a number (BT-1).',
    stated('the document number (BT-1)', ({ root }) => textAt(root, 'cbc:ID'))),
  integrity('BR-03', 'A document has a date (BT-2).',
    stated('the date of issue (BT-2)', ({ root }) => textAt(root, 'cbc:IssueDate'))),
  integrity('BR-04', 'A document has a type code (BT-3).',
    stated('the document type (BT-3)', ({ root, kind }) => textAt(root, `cbc:${kind}TypeCode`))),
  integrity('BR-05', 'A document names its currency (BT-5).',
    stated('the currency (BT-5)', ({ currency }) => currency)),
  integrity('BR-16', 'A document has at least one line (BG-25).',
    stated('every line (BG-25)', ({ lines }) => lines[0])),
];

const periodsOfDocument: Elements = ({ root }) => childrenOf(root, 'cac:InvoicePeriod');
const periodsOfLines: Elements = ({ lines }) =>
  lines.flatMap((line) => childrenOf(line, 'cac:InvoicePeriod'));

/** Makes the check that no period ends before it begins. */
function inOrder(periods: Elements, what: string): Rule['check'] {
  return (document) =>
    periods(document).flatMap((period): Breach[] => {
      const start = textAt(period, 'cbc:StartDate');
      const end = textAt(period, 'cbc:EndDate');
      return start !== undefined && end !== undefined && end < start
        ? [{ what: `the end of ${what}`, found: end, expected: `it begins on ${start}` }]
        : [];
    });
}

const dateOf = (period: XmlElement): string | undefined =>
  textAt(period, 'cbc:StartDate') ?? textAt(period, 'cbc:EndDate');

const oneTaxPoint: Rule['check'] = ({ root }) => {
  const date = textAt(root, 'cbc:TaxPointDate');
  const code = textAt(root, 'cac:InvoicePeriod', 'cbc:DescriptionCode');
  return date !== undefined && code !== undefined
    ? [{ what: 'the tax point date (BT-7)', found: date, expected: `the code (BT-8) is ${code} as well` }]
    : [];
};

/** BR-29, BR-30 (fatal; integrity constraints), BR-CO-03, BR-CO-19, BR-CO-20 (fatal; conditions): periods and tax point. */
// prettier-ignore
const periods: readonly Rule[] = [
  integrity('BR-29', 'The invoicing period (BG-14) does not end before it begins.',
    inOrder(periodsOfDocument, 'the invoicing period (BT-74)')),
  integrity('BR-30', 'The period of a line (BG-26) does not end before it begins.',
    inOrder(periodsOfLines, 'the period of a line (BT-135)')),
  condition('BR-CO-03', 'The tax point is given as a date (BT-7) or as a code (BT-8), not both.', oneTaxPoint),
  condition('BR-CO-19', 'An invoicing period (BG-14) has a start, an end or a tax point code.',
    lacking(periodsOfDocument, (period) => dateOf(period) ?? textAt(period, 'cbc:DescriptionCode'),
      'the start and the end of the invoicing period (BT-73, BT-74)')),
  condition('BR-CO-20', 'The period of a line (BG-26) has a start or an end.',
    lacking(periodsOfLines, dateOf, 'the start and the end of the period of a line (BT-134, BT-135)')),
];

/** BR-52, BR-55, BR-57 (fatal; integrity constraints): referenced documents and the place of delivery. */
// prettier-ignore
const references: readonly Rule[] = [
  integrity('BR-52', 'A supporting document (BG-24) has a reference (BT-122).',
    lacking(({ root }) => childrenOf(root, 'cac:AdditionalDocumentReference'), textIn('cbc:ID'),
      'the reference of a supporting document (BT-122)')),
  integrity('BR-55', 'A preceding invoice (BG-3) has a number (BT-25).',
    lacking(({ root }) => childrenOf(root, 'cac:BillingReference'), textIn('cac:InvoiceDocumentReference/cbc:ID'),
      'the number of the preceding invoice (BT-25)')),
  integrity('BR-57', 'A deliver-to address (BG-15) has a country (BT-80).',
    lacking(({ root }) => allAt(root, 'cac:Delivery', 'cac:DeliveryLocation', 'cac:Address'),
      firstIn('cac:Country/cbc:IdentificationCode'), 'the country of the deliver-to address (BT-80)')),
];

export const DOCUMENT_RULES: readonly Rule[] = [...head, ...periods, ...references];
