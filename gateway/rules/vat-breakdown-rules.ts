import type Big from 'big.js';
import { decimalAt, toCents } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn, lacking } from './rule.ts';
import { categoryOf, vatCategoryOf } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { firstIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

/** The VAT rate of a breakdown row, in percent (BT-119). */
export function rateOf(part: XmlElement): Big | undefined {
  return decimalAt(vatCategoryOf(part), 'cbc:Percent');
}

/** Returns `the VAT breakdown at S 23 (BG-23)`. */
export function rowName(row: XmlElement): string {
  return `VAT breakdown at ${[categoryOf(row), rateOf(row)?.toFixed()].filter((part) => part !== undefined).join(' ')} %`;
}

/**
 * The tolerance of the published rules for a VAT amount and for the basis of a rate: less than one unit of the
 * currency. Many sellers round the VAT of each line. The reader's own checks are stricter (`gateway/checks/sums.ts`).
 */
export const UNIT_OF_CURRENCY = 1;

/** Checks the VAT of a row, which has the sign of its basis. Returns no breach when an amount is missing. */
export function wrongTax(row: XmlElement): Breach[] {
  const basis = decimalAt(row, 'cbc:TaxableAmount');
  const tax = decimalAt(row, 'cbc:TaxAmount');
  const rate = rateOf(row);
  if (basis === undefined || tax === undefined) return [];
  const wanted = toCents(basis.times(rate ?? 0).div(100));
  const isRight = wanted.eq(0) ? tax.abs().lt('0.5') : tax.minus(wanted).abs().lt(UNIT_OF_CURRENCY);
  if (isRight) return [];
  return [
    {
      what: `the VAT of the ${rowName(row)} (BT-117)`,
      found: tax.toFixed(2),
      expected: `basis and rate (BT-116 × BT-119) come to ${wanted.toFixed(2)}`,
    },
  ];
}

/** Makes the check that each row has something. */
function rowHas(what: string, has: (row: XmlElement) => unknown): Rule['check'] {
  return lacking(
    ({ breakdown }) => breakdown,
    has,
    (row) => `${what} of the ${rowName(row)}`,
  );
}

/** BR-45 to BR-48 (fatal; EN 16931-1, integrity constraints), BR-CO-17 (fatal; conditions): rows of the VAT breakdown. */
// prettier-ignore
export const VAT_BREAKDOWN_RULES: readonly Rule[] = [
  integrity('BR-45', 'A row of the VAT breakdown (BG-23) has a basis (BT-116).',
    rowHas('the basis (BT-116)', firstIn('cbc:TaxableAmount'))),
  integrity('BR-46', 'A row of the VAT breakdown (BG-23) has a VAT amount (BT-117).',
    rowHas('the VAT amount (BT-117)', firstIn('cbc:TaxAmount'))),
  integrity('BR-47', 'A row of the VAT breakdown (BG-23) has a category (BT-118).',
    rowHas('the category (BT-118)', categoryOf)),
  integrity('BR-48', 'A row of the VAT breakdown (BG-23) has a rate (BT-119), unless it is not subject to VAT.',
    rowHas('the rate (BT-119)', (row) => rateOf(row) !== undefined || categoryOf(row) === 'O')),
  condition('BR-CO-17', 'The VAT of a row (BT-117) is its basis times its rate (BT-116 × BT-119 / 100).',
    ({ breakdown }) => breakdown.flatMap(wrongTax)),
];
