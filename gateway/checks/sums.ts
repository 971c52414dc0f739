import Big from 'big.js';
import { amountThatAddsUp, expectedNet, lineNet, roundingOf } from '../found-invoice/amounts.ts';
import type { VatCategory } from '../found-invoice/invoice.ts';
import { isSameNumber } from '../values/numbers.ts';
import type { Check } from './check.ts';
import { equalAmounts } from './check.ts';

/** The largest difference between the sum of rounded amounts and the rounded sum, in cents for each line. */
const ROUNDING_PER_LINE_CENTS = 0.5;

function sum(values: readonly Big[]): Big {
  return values.reduce((a, b) => a.plus(b), new Big(0));
}

/** Only lines without a printed amount need a tolerance, because their computed amounts are rounded. */
function linesTolerance(lines: number): number {
  return Math.min(2, lines * ROUNDING_PER_LINE_CENTS);
}

/**
 * BR-CO-10 (EN 16931-1): the sum of line net amounts (BT-106) = Σ line net amount (BT-131). The sum is worked out from
 * the printed totals.
 */
const brCo10: Check = ({ invoice, amounts }) => {
  if (!invoice.fields.has('net') || invoice.lines.length === 0) return [];
  const wanted = amounts.net.plus(amounts.allowance).minus(amounts.charge);
  const tolerance = linesTolerance(invoice.lines.length);
  return [
    equalAmounts('sum of the lines and the total they add up to', amounts.lineTotal, wanted, tolerance),
  ];
};

/**
 * Makes the check that discounts or charges on the document are negative only if the totals of the document are
 * negative.
 */
function signFits(what: string, part: 'allowance' | 'charge'): Check {
  return ({ amounts }) => {
    const amount = amounts[part];
    const isBelow = amounts.net.lt(0);
    if (amount.eq(0)) return [];
    return [
      { ok: amount.gt(0) !== isBelow, what, left: amount.toFixed(2), right: isBelow ? 'below 0' : 'above 0' },
    ];
  };
}

/** BR-CO-13 (EN 16931-1): BT-109 = Σ BT-131 − BT-107 + BT-108. */
const brCo13: Check = ({ invoice, amounts }) => {
  if (invoice.lines.length === 0 || !invoice.fields.has('net')) return [];
  const what = 'total without VAT and lines less discounts plus charges';
  const right = amounts.lineTotal.minus(amounts.allowance).plus(amounts.charge);
  return [equalAmounts(what, amounts.net, right, linesTolerance(invoice.lines.length))];
};

/** BR-CO-14 (EN 16931-1): total VAT (BT-110) = Σ VAT by category (BT-117). */
const brCo14: Check = ({ invoice: { vat }, amounts }) => {
  if (vat.length === 0) return [];
  const taxes = sum(vat.map((row) => new Big(row.tax.value)));
  const tolerance = vat.some((row) => row.tax.page === 0) ? vat.length : 0;
  return [equalAmounts('total VAT and the sum of the VAT breakdown', amounts.tax, taxes, tolerance)];
};

/** BR-CO-15 (EN 16931-1): BT-112 = BT-109 + BT-110. */
const brCo15: Check = ({ invoice, amounts }) => {
  if (!invoice.fields.has('grand') || !invoice.fields.has('net')) return [];
  const what = 'total with VAT and total without VAT plus VAT';
  return [equalAmounts(what, amounts.grand, amounts.net.plus(amounts.tax))];
};

/** BR-CO-16 (EN 16931-1): BT-115 = BT-112 − BT-113 + BT-114; tax withheld counts in BT-113. */
const brCo16: Check = ({ amounts }) => {
  const right = amounts.grand.minus(amounts.paid).minus(amounts.withholding).plus(amounts.rounding);
  return [equalAmounts('amount due and total less what is paid or withheld', amounts.payable, right)];
};

/**
 * BR-CO-17 (EN 16931-1): VAT by category (BT-117) = BT-116 × BT-119 / 100, rounded to two decimals. A difference of one
 * cent counts as rounding by line.
 */
const brCo17: Check = ({ invoice }) =>
  invoice.vat.map(({ rate, basis, tax }) => {
    const right = new Big(basis.value).times(rate.value).div(100).round(2, Big.roundHalfUp);
    const tolerance = 1 + Math.floor(invoice.lines.length / 25);
    return equalAmounts(`VAT at ${new Big(rate.value).toString()} %`, new Big(tax.value), right, tolerance);
  });

/** BR-S-08, BR-E-08, BR-Z-08 (EN 16931-1): basis of a category and rate = Σ its lines − its allowances + its charges. */
function basisRule(categories: readonly VatCategory[]): Check {
  return ({ invoice, amounts }) => {
    const rows = invoice.vat.filter((row) => categories.includes(row.category));
    // The page does not always say to which rate a discount or charge on the document belongs.
    if (rows.length === 0) return [];
    if (invoice.lines.some((line) => !line.rate) || !amounts.allowance.eq(0) || !amounts.charge.eq(0))
      return [];
    return rows.map(({ rate: { value } }) => {
      const own = invoice.lines.filter((line) => line.rate && isSameNumber(line.rate.value, value));
      const sameRate = invoice.vat.filter((other) => isSameNumber(other.rate.value, value));
      const basis = sum(sameRate.map((other) => new Big(other.basis.value)));
      const what = `basis at ${new Big(value).toString()} % and its lines`;
      return equalAmounts(what, basis, sum(own.map(lineNet)), Math.max(1, linesTolerance(own.length)));
    });
  };
}

/** BR-E-10 (EN 16931-1): a row of the breakdown that is exempt gives the reason (BT-120 or BT-121). */
const brE10: Check = ({ invoice }) =>
  invoice.vat
    .filter((row) => row.category === 'E')
    .map(({ reason }) => ({
      ok: reason !== undefined,
      what: 'reason for the exemption',
      left: reason?.value ?? 'missing',
      right: 'present',
    }));

/**
 * LINE-NET (EN 16931-1, BT-131): quantity × price less discount = the printed amount of the line. The difference is at
 * most the rounding of the printed price.
 */
const lineNetRule: Check = ({ invoice }) =>
  invoice.lines.flatMap((line) => {
    if (!line.total || !line.price || !line.qty) return [];
    const what = `amount of line ${line.position}`;
    const same = amountThatAddsUp(line);
    if (same !== undefined) return [{ ok: true, what, left: same, right: same }];
    const total = new Big(line.total.value);
    const expected = expectedNet(line);
    const ok = total.minus(expected).abs().lte(roundingOf(line));
    return [{ ok, what, left: total.toFixed(2), right: expected.toFixed(2) }];
  });

/** DATES: the due date is on or after the issue date. */
const datesRule: Check = ({ invoice: { fields } }) => {
  const issue = fields.get('issueDate')?.value;
  const due = fields.get('dueDate')?.value;
  if (issue === undefined || due === undefined) return [];
  return [{ ok: due >= issue, what: 'due date and issue date', left: due, right: `on or after ${issue}` }];
};

/** Sums and dates. BR-CO-11 is about the allowances of the document (BT-107), BR-CO-12 about its charges (BT-108). */
export const SUMS: Readonly<Record<string, Check>> = {
  'BR-CO-10': brCo10,
  'BR-CO-11': signFits('discount on the document', 'allowance'),
  'BR-CO-12': signFits('charge on the document', 'charge'),
  'BR-CO-13': brCo13,
  'BR-CO-14': brCo14,
  'BR-CO-15': brCo15,
  'BR-CO-16': brCo16,
  'BR-CO-17': brCo17,
  'BR-S-08': basisRule(['S']),
  'BR-E-08': basisRule(['E', 'AE', 'K', 'G', 'O']),
  'BR-Z-08': basisRule(['Z']),
  'BR-E-10': brE10,
  'LINE-NET': lineNetRule,
  DATES: datesRule,
};
