import Big from 'big.js';
import type { Found } from '../printed/provenance.ts';
import { lineNet } from '../found-invoice/amounts.ts';
import type { Invoice, InvoiceLine, VatRow } from '../found-invoice/invoice.ts';

/** Amounts of a document that say how much and, on a credit note, never which way. */
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
 * A credit note in the signs of EN 16931-1, 5.2.10: that it gives back says its type, so its amounts are positive. Some
 * sellers print it with minus signs, on the totals, the lines and the VAT breakdown or on some of these; each of the three
 * is turned as a whole where it comes to less than nothing. Other documents stay as they are.
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

/** The minus of a line may stand at its amount, its quantity, its price or all three. A price is never negative. */
function lineTurned(line: InvoiceLine): InvoiceLine {
  // What comes to less than nothing here is given back, so that its quantity ends up positive; another one, negative.
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
