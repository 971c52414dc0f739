import { decimalAt } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn } from './rule.ts';

const ours = fatalIn('Docket');

/** The totals whose sign shows who pays whom. */
const TOTALS = [
  ['cbc:TaxExclusiveAmount', 'the total without VAT of a credit note (BT-109)'],
  ['cbc:TaxInclusiveAmount', 'the total with VAT of a credit note (BT-112)'],
] as const;

/**
 * CREDIT-SIGN (fatal; Docket's own). EN 16931-1, 5.2.10 has two ways to give money back: a credit note with positive
 * amounts, or an invoice with negative amounts. A credit note with negative amounts would charge the money again.
 */
export const SIGN_RULES: readonly Rule[] = [
  ours('CREDIT-SIGN', 'The totals of a credit note are not negative.', ({ kind, totals }) =>
    TOTALS.flatMap(([element, what]): Breach[] => {
      const value = kind === 'CreditNote' ? decimalAt(totals, element) : undefined;
      return value?.lt(0)
        ? [{ what, found: value.toFixed(2), expected: 'a credit note has positive amounts' }]
        : [];
    }),
  ),
];
