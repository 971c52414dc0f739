import type Big from 'big.js';
import { ZERO, decimalAt, sumOfDecimals, toCents } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstAt, textAt } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

function totalGiven(number: string, what: string, element: string): Rule {
  return integrity(number, `A document has ${what}.`, ({ totals }) =>
    totals !== undefined && firstAt(totals, element) === undefined ? [missing(what)] : [],
  );
}

/** BR-12 to BR-15 (fatal; EN 16931-1, integrity constraints): the four totals that every document has. */
const given: readonly Rule[] = [
  totalGiven('BR-12', 'the sum of the lines (BT-106)', 'cbc:LineExtensionAmount'),
  totalGiven('BR-13', 'the total without VAT (BT-109)', 'cbc:TaxExclusiveAmount'),
  totalGiven('BR-14', 'the total with VAT (BT-112)', 'cbc:TaxInclusiveAmount'),
  totalGiven('BR-15', 'the amount due (BT-115)', 'cbc:PayableAmount'),
];

/** Compares a printed total with the sum that it must equal. Returns no breach when the total or the sum is missing. */
function comesTo(what: string, own: Big | undefined, parts: string, sum: Big | undefined): readonly Breach[] {
  if (own === undefined || sum === undefined || own.eq(sum)) return [];
  return [{ what, found: own.toFixed(2), expected: `${parts} come to ${sum.toFixed(2)}` }];
}

const amountsOf = (parts: readonly XmlElement[], element: string): Big[] =>
  parts.map((part) => decimalAt(part, element) ?? ZERO);

/**
 * Checks a total of allowances or charges. It must be present if, and only if, the document has allowances or
 * charges.
 */
function totalOfAll(
  element: string,
  what: string,
  word: string,
  all: (d: UblDocument) => readonly XmlElement[],
) {
  return (document: UblDocument): readonly Breach[] => {
    const parts = all(document);
    if (document.totals === undefined) return [];
    const own = decimalAt(document.totals, element);
    if (own === undefined && parts.length > 0) return [missing(what)];
    return comesTo(
      what,
      own,
      `the ${word} on the document`,
      toCents(sumOfDecimals(amountsOf(parts, 'cbc:Amount'))),
    );
  };
}

/** BR-CO-10 to BR-CO-13, BR-CO-15, BR-CO-16 (fatal; EN 16931-1, conditions): the totals add up, to the cent. */
const sums: readonly Rule[] = [
  condition(
    'BR-CO-10',
    'The sum of the lines (BT-106) is the sum of their net amounts (BT-131).',
    ({ totals, lines }) =>
      comesTo(
        'the sum of the lines (BT-106)',
        decimalAt(totals, 'cbc:LineExtensionAmount'),
        'the net amounts of the lines (BT-131)',
        toCents(sumOfDecimals(amountsOf(lines, 'cbc:LineExtensionAmount'))),
      ),
  ),
  condition(
    'BR-CO-11',
    'The total of allowances (BT-107) is the sum of the document allowances (BT-92).',
    totalOfAll(
      'cbc:AllowanceTotalAmount',
      'the total of allowances (BT-107)',
      'allowances',
      (d) => d.allowances,
    ),
  ),
  condition(
    'BR-CO-12',
    'The total of charges (BT-108) is the sum of the document charges (BT-99).',
    totalOfAll('cbc:ChargeTotalAmount', 'the total of charges (BT-108)', 'charges', (d) => d.charges),
  ),
  condition(
    'BR-CO-13',
    'The total without VAT (BT-109) is the lines less allowances plus charges.',
    ({ totals }) => {
      const lines = decimalAt(totals, 'cbc:LineExtensionAmount');
      const allowances = decimalAt(totals, 'cbc:AllowanceTotalAmount') ?? ZERO;
      const charges = decimalAt(totals, 'cbc:ChargeTotalAmount') ?? ZERO;
      return comesTo(
        'the total without VAT (BT-109)',
        decimalAt(totals, 'cbc:TaxExclusiveAmount'),
        'the lines less allowances plus charges (BT-106 - BT-107 + BT-108)',
        lines && toCents(lines.minus(allowances).plus(charges)),
      );
    },
  ),
  condition(
    'BR-CO-15',
    'The total with VAT (BT-112) is the total without VAT plus the VAT (BT-109 + BT-110).',
    brCo15,
  ),
  condition(
    'BR-CO-16',
    'The amount due (BT-115) is the total with VAT less what is paid plus the rounding.',
    ({ totals }) => {
      const grand = decimalAt(totals, 'cbc:TaxInclusiveAmount');
      const paid = decimalAt(totals, 'cbc:PrepaidAmount') ?? ZERO;
      const rounding = decimalAt(totals, 'cbc:PayableRoundingAmount') ?? ZERO;
      return comesTo(
        'the amount due (BT-115)',
        decimalAt(totals, 'cbc:PayableAmount'),
        'the total with VAT less what is paid plus the rounding (BT-112 - BT-113 + BT-114)',
        grand && toCents(grand.minus(paid).plus(rounding)),
      );
    },
  ),
];

function brCo15({ root, totals, currency }: UblDocument): readonly Breach[] {
  if (currency === undefined) return [];
  const taxes = allAt(root, 'cac:TaxTotal', 'cbc:TaxAmount').filter(
    (amount) => amount.attributes['currencyID'] === currency,
  );
  if (taxes.length !== 1)
    return [
      {
        what: `the number of VAT totals in ${currency} (BT-110)`,
        found: String(taxes.length),
        expected: 'there is exactly one',
      },
    ];
  const net = decimalAt(totals, 'cbc:TaxExclusiveAmount');
  const tax = decimalAt(taxes[0]);
  return comesTo(
    'the total with VAT (BT-112)',
    decimalAt(totals, 'cbc:TaxInclusiveAmount'),
    'the total without VAT and the VAT (BT-109 + BT-110)',
    net && tax && toCents(net.plus(tax)),
  );
}

/** BR-CO-14, BR-CO-18 (fatal; conditions), BR-53 (fatal; integrity constraints): the total of the VAT. */
const vat: readonly Rule[] = [
  condition(
    'BR-CO-14',
    'The total of the VAT (BT-110) is the sum of the rows of its breakdown (BT-117).',
    ({ root }) =>
      childrenOf(root, 'cac:TaxTotal').flatMap((total) => {
        const rows = childrenOf(total, 'cac:TaxSubtotal');
        if (rows.length === 0) return [];
        return comesTo(
          'the total of the VAT (BT-110)',
          decimalAt(total, 'cbc:TaxAmount'),
          'the rows of its breakdown (BT-117)',
          toCents(sumOfDecimals(amountsOf(rows, 'cbc:TaxAmount'))),
        );
      }),
  ),
  condition('BR-CO-18', 'A document has at least one row of VAT breakdown (BG-23).', ({ breakdown }) =>
    breakdown.length === 0 ? [missing('the VAT breakdown (BG-23)')] : [],
  ),
  integrity(
    'BR-53',
    'A document with a VAT accounting currency (BT-6) has the VAT in it (BT-111).',
    ({ root }) => {
      const own = textAt(root, 'cbc:TaxCurrencyCode');
      const has = allAt(root, 'cac:TaxTotal', 'cbc:TaxAmount').some(
        (amount) => amount.attributes['currencyID'] === own,
      );
      return own !== undefined && !has ? [missing(`the total of the VAT in ${own} (BT-111)`)] : [];
    },
  ),
];

export const TOTALS_RULES: readonly Rule[] = [...given, ...sums, ...vat];

const ours = fatalIn('Docket');

/** The totals whose sign shows who pays whom. */
const SIGNED_TOTALS = [
  ['cbc:TaxExclusiveAmount', 'the total without VAT of a credit note (BT-109)'],
  ['cbc:TaxInclusiveAmount', 'the total with VAT of a credit note (BT-112)'],
] as const;

/**
 * CREDIT-SIGN (fatal; Docket's own). EN 16931-1, 5.2.10 has two ways to give money back: a credit note with positive
 * amounts, or an invoice with negative amounts. A credit note with negative amounts would charge the money again.
 */
export const SIGN_RULES: readonly Rule[] = [
  ours('CREDIT-SIGN', 'The totals of a credit note are not negative.', ({ kind, totals }) =>
    SIGNED_TOTALS.flatMap(([element, what]): Breach[] => {
      const value = kind === 'CreditNote' ? decimalAt(totals, element) : undefined;
      return value?.lt(0)
        ? [{ what, found: value.toFixed(2), expected: 'a credit note has positive amounts' }]
        : [];
    }),
  ),
];
