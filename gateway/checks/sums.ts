import Big from 'big.js';
import { expectedNet, lineNet, roundingOf } from '../found-invoice/amounts.ts';
import type { VatCategory } from '../found-invoice/invoice.ts';
import type { Check, CheckContext, CheckFinding } from './check.ts';
import { equalAmounts } from './check.ts';

/** How far, in cents a line, the sum of rounded amounts may differ from the rounded sum. */
const ROUNDING_PER_LINE_CENTS = 0.5;

function sum(values: readonly Big[]): Big {
  return values.reduce((a, b) => a.plus(b), new Big(0));
}

/**
 * BR-CO-10 (EN 16931-1): the sum of line net amounts (BT-106) = Σ line net amount (BT-131). The sum is worked out from
 * the printed totals.
 */
export const brCo10: Check = ({ invoice, amounts }) => {
  if (!invoice.fields.has('net') || invoice.lines.length === 0) return [];
  const wanted = amounts.net.plus(amounts.allowance).minus(amounts.charge);
  return [
    equalAmounts({
      rule: 'BR-CO-10',
      what: 'sum of the lines and the total they add up to',
      left: amounts.lineTotal,
      right: wanted,
      toleranceCents: linesTolerance(invoice.lines.length),
    }),
  ];
};

/** Each line without a printed amount is rounded. Printed amounts add up exactly. */
function linesTolerance(lines: number): number {
  return Math.min(2, lines * ROUNDING_PER_LINE_CENTS);
}

/** BR-CO-11 (EN 16931-1): allowances on document level (BT-107) = Σ BT-92. They are negative only where the totals are. */
export const brCo11: Check = ({ amounts }) =>
  amounts.allowance.eq(0)
    ? []
    : [
        {
          rule: 'BR-CO-11',
          ok: amounts.allowance.gt(0) !== amounts.net.lt(0),
          what: 'discount on the document',
          left: amounts.allowance.toFixed(2),
          right: amounts.net.lt(0) ? 'below 0' : 'above 0',
        },
      ];

/** BR-CO-12 (EN 16931-1): charges on document level (BT-108) = Σ BT-99. */
export const brCo12: Check = ({ amounts }) =>
  amounts.charge.eq(0)
    ? []
    : [
        {
          rule: 'BR-CO-12',
          ok: amounts.charge.gt(0) !== amounts.net.lt(0),
          what: 'charge on the document',
          left: amounts.charge.toFixed(2),
          right: amounts.net.lt(0) ? 'below 0' : 'above 0',
        },
      ];

/** BR-CO-13 (EN 16931-1): BT-109 = Σ BT-131 − BT-107 + BT-108. */
export const brCo13: Check = ({ invoice, amounts }) => {
  if (invoice.lines.length === 0 || !invoice.fields.has('net')) return [];
  const right = amounts.lineTotal.minus(amounts.allowance).plus(amounts.charge);
  return [
    equalAmounts({
      rule: 'BR-CO-13',
      what: 'total without VAT and lines less discounts plus charges',
      left: amounts.net,
      right,
      toleranceCents: linesTolerance(invoice.lines.length),
    }),
  ];
};

/** BR-CO-14 (EN 16931-1): total VAT (BT-110) = Σ VAT by category (BT-117). */
export const brCo14: Check = ({ invoice, amounts }) =>
  invoice.vat.length === 0
    ? []
    : [
        equalAmounts({
          rule: 'BR-CO-14',
          what: 'total VAT and the sum of the VAT breakdown',
          left: amounts.tax,
          right: sum(invoice.vat.map((row) => new Big(row.tax.value))),
          toleranceCents: invoice.vat.some((row) => row.tax.page === 0) ? invoice.vat.length : 0,
        }),
      ];

/** BR-CO-15 (EN 16931-1): BT-112 = BT-109 + BT-110. */
export const brCo15: Check = ({ invoice, amounts }) =>
  invoice.fields.has('grand') && invoice.fields.has('net')
    ? [
        equalAmounts({
          rule: 'BR-CO-15',
          what: 'total with VAT and total without VAT plus VAT',
          left: amounts.grand,
          right: amounts.net.plus(amounts.tax),
        }),
      ]
    : [];

/** BR-CO-16 (EN 16931-1): BT-115 = BT-112 − BT-113 + BT-114; tax withheld counts in BT-113. */
export const brCo16: Check = ({ amounts }) => [
  equalAmounts({
    rule: 'BR-CO-16',
    what: 'amount due and total less what is paid or withheld',
    left: amounts.payable,
    right: amounts.grand.minus(amounts.paid).minus(amounts.withholding).plus(amounts.rounding),
  }),
];

/**
 * BR-CO-17 (EN 16931-1): VAT by category (BT-117) = BT-116 × BT-119 / 100, rounded to two decimals. A difference of one
 * cent counts as rounding by line.
 */
export const brCo17: Check = ({ invoice }) =>
  invoice.vat.map((row) =>
    equalAmounts({
      rule: 'BR-CO-17',
      what: `VAT at ${new Big(row.rate.value).toString()} %`,
      left: new Big(row.tax.value),
      right: new Big(row.basis.value).times(row.rate.value).div(100).round(2, Big.roundHalfUp),
      toleranceCents: 1 + Math.floor(invoice.lines.length / 25),
    }),
  );

/** BR-S-08, BR-E-08, BR-Z-08 (EN 16931-1): basis of a category and rate = Σ its lines − its allowances + its charges. */
function basisRule(rule: string, categories: readonly VatCategory[]): Check {
  return ({ invoice, amounts }) => {
    const rows = invoice.vat.filter((row) => categories.includes(row.category));
    // The page does not always say which rate a discount or charge on the document belongs to.
    if (rows.length === 0) return [];
    if (invoice.lines.some((line) => !line.rate) || !amounts.allowance.eq(0) || !amounts.charge.eq(0))
      return [];
    return rows.map((row) => {
      const own = invoice.lines.filter((line) => line.rate && isSameRate(line.rate.value, row.rate.value));
      const sameRate = invoice.vat.filter((other) => isSameRate(other.rate.value, row.rate.value));
      const basis = sum(sameRate.map((other) => new Big(other.basis.value)));
      return equalAmounts({
        rule,
        what: `basis at ${new Big(row.rate.value).toString()} % and its lines`,
        left: basis,
        right: sum(own.map(lineNet)),
        toleranceCents: Math.max(1, linesTolerance(own.length)),
      });
    });
  };
}

/** Most rates are written in the same way. Only rates that are written differently are parsed. */
function isSameRate(one: string, other: string): boolean {
  return one === other || new Big(one).eq(other);
}

export const brS08 = basisRule('BR-S-08', ['S']);
export const brE08 = basisRule('BR-E-08', ['E', 'AE', 'K', 'G', 'O']);
export const brZ08 = basisRule('BR-Z-08', ['Z']);

/** BR-E-10 (EN 16931-1): a row of the breakdown that is exempt gives the reason (BT-120 or BT-121). */
export const brE10: Check = ({ invoice }) =>
  invoice.vat
    .filter((row) => row.category === 'E')
    .map((row) => ({
      rule: 'BR-E-10',
      ok: row.reason !== undefined,
      what: 'reason for the exemption',
      left: row.reason?.value ?? 'missing',
      right: 'present',
    }));

/**
 * LINE-NET (EN 16931-1, BT-131): quantity × price less discount = the printed amount of the line. The difference is at
 * most the rounding of the printed price.
 */
export const lineNetRule: Check = ({ invoice }) =>
  invoice.lines.flatMap((line) => {
    if (!line.total || !line.price || !line.qty) return [];
    const total = new Big(line.total.value);
    const expected = expectedNet(line);
    return [
      {
        rule: 'LINE-NET',
        ok: total.minus(expected).abs().lte(roundingOf(line)),
        what: `amount of line ${line.position}`,
        left: total.toFixed(2),
        right: expected.toFixed(2),
      } satisfies CheckFinding,
    ];
  });

/** DATES: the due date is on or after the issue date. */
export const datesRule: Check = ({ invoice }: CheckContext) => {
  const issue = invoice.fields.get('issueDate')?.value;
  const due = invoice.fields.get('dueDate')?.value;
  if (issue === undefined || due === undefined) return [];
  return [
    {
      rule: 'DATES',
      ok: due >= issue,
      what: 'due date and issue date',
      left: due,
      right: `on or after ${issue}`,
    },
  ];
};
