import type { Elements, Rule } from './rule.ts';
import { fatalIn, lacking } from './rule.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstIn, textAt, textIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');

const means: Elements = ({ root }) => childrenOf(root, 'cac:PaymentMeans');
/** Returns the credit transfers, including SEPA credit transfers (UNTDID 4461). */
const transfers: Elements = (document) => means(document).filter(isTransfer);
const accounts: Elements = (document) =>
  transfers(document).flatMap((each) => childrenOf(each, 'cac:PayeeFinancialAccount'));

function isTransfer(each: XmlElement): boolean {
  return ['30', '58'].includes(textAt(each, 'cbc:PaymentMeansCode') ?? '');
}

/**
 * BR-49, BR-50, BR-61 (fatal; EN 16931-1, integrity constraints), BR-51 (a warning): means of payment. Later releases
 * of the standard's published rules no longer have BR-CO-25 (a due date or payment terms when an amount is due). So
 * Docket does not check BR-CO-25.
 */
// prettier-ignore
export const PAYMENT_RULES: readonly Rule[] = [
  integrity('BR-49', 'Payment instructions (BG-16) say by which means (BT-81).',
    lacking(means, firstIn('cbc:PaymentMeansCode'), 'the means of payment (BT-81)')),
  integrity('BR-50', 'The account of a credit transfer (BG-17) has a number (BT-84).',
    lacking(accounts, textIn('cbc:ID'), 'the number of the account to pay to (BT-84)')),
  {
    number: 'BR-51',
    severity: 'warning',
    section: 'EN 16931-1, integrity constraints',
    says: 'At most the first six and the last four digits of a payment card (BT-87) are given.',
    check: ({ root }) =>
      allAt(root, 'cac:PaymentMeans', 'cac:CardAccount', 'cbc:PrimaryAccountNumberID')
        .filter(({ text }) => text.length > 10)
        .map(({ text }) => ({
          what: 'the length of the card number (BT-87)',
          found: String(text.length),
          expected: 'at most 10 characters of it may be given',
        })),
  },
  integrity('BR-61', 'A credit transfer (BT-81 is 30 or 58) has an account (BT-84).',
    lacking(transfers, firstIn('cac:PayeeFinancialAccount/cbc:ID'), 'the account to pay to (BT-84)')),
];
