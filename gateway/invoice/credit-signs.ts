import Big from 'big.js';
import type { Found } from '../printed/provenance.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import type { Invoice, InvoiceLine, VatRow } from '../found-invoice/invoice.ts';

/** Amounts that never have a sign. They are positive on a credit note too. */
const AMOUNTS: ReadonlySet<string> = new Set([
  'net',
  'tax',
  'grand',
  'payable',
  'paid',
  'withholding',
  'allowance',
  'charge',
]);

/**
 * Gives a credit note the signs of EN 16931-1, 5.2.10. The type of the document says that money is given back, so its
 * amounts are positive. Some sellers print minus signs on the totals, on the lines, on the VAT breakdown, or on
 * several of them. This function reverses the signs in each of these three groups whose sum is below zero. It does
 * not change other documents.
 */
export function creditSigns(invoice: Invoice): Invoice {
  if (!invoice.credit) return invoice;
  const grand = invoice.fields.get('grand') ?? invoice.fields.get('net');
  const turned = grand !== undefined && isNegative(grand);
  return {
    ...invoice,
    fields: new Map([...invoice.fields].map(([name, value]) => [name, fieldOf(name, value, turned)])),
    lines: sum(invoice.lines.map(lineNet)).lt(0) ? invoice.lines.map(lineTurned) : invoice.lines,
    vat: sum(invoice.vat.map((row) => new Big(row.basis.value))).lt(0)
      ? invoice.vat.map(rowTurned)
      : invoice.vat,
    allowances: invoice.allowances.map((one) => ({
      ...one,
      amount: turned ? one.amount.times(-1) : one.amount,
    })),
  };
}

function fieldOf(name: string, value: Found, isTurned: boolean): Found {
  if (AMOUNTS.has(name)) return isNegative(value) ? negated(value) : value;
  return name === 'rounding' && isTurned ? negated(value) : value;
}

const isNegative = (value: Found): boolean => value.value.startsWith('-') && !new Big(value.value).eq(0);

function negated(value: Found): Found {
  const turned = new Big(value.value).times(-1);
  const decimals = value.value.split('.')[1]?.length ?? 0;
  return { ...value, value: turned.toFixed(decimals), rule: `${value.rule}, in the sign of a credit note` };
}

function sum(values: readonly Big[]): Big {
  return values.reduce((total, value) => total.plus(value), new Big(0));
}

/**
 * Reverses the signs of one line. The minus may stand at the amount, the quantity, the price or all three. A price is
 * never negative.
 */
function lineTurned(line: InvoiceLine): InvoiceLine {
  // The item of a line with an amount below zero is credited, so its quantity becomes positive. The quantity of every
  // other line becomes negative.
  const isGivenBack = lineNet(line).lte(0);
  const quantity = line.qty && isNegative(line.qty) === isGivenBack ? negated(line.qty) : line.qty;
  return {
    ...line,
    total: line.total && negated(line.total),
    price: line.price && isNegative(line.price) ? negated(line.price) : line.price,
    qty: quantity,
    adjustment: line.adjustment && negated(line.adjustment),
  };
}

function rowTurned(row: VatRow): VatRow {
  return { ...row, basis: negated(row.basis), tax: negated(row.tax) };
}
