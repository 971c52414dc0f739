import Big from 'big.js';
import { isInCents } from '../values/numbers.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';

/** The amounts of a document as EN 16931 adds them up. The rules and the writer use the same amounts. */
export interface Amounts {
  /** BT-106: sum of the net amounts of the lines. */
  readonly lineTotal: Big;
  /** BT-107: sum of the document's allowances. */
  readonly allowance: Big;
  /** BT-108: sum of the document's charges. */
  readonly charge: Big;
  /** BT-109: total without VAT. */
  readonly net: Big;
  /** BT-110: total VAT. */
  readonly tax: Big;
  /** BT-112: total with VAT. */
  readonly grand: Big;
  /** BT-113 without the withheld tax: the amount that is already paid. */
  readonly paid: Big;
  /** Tax that the buyer withholds and pays to the state. */
  readonly withholding: Big;
  /** BT-114: rounding of the amount due. */
  readonly rounding: Big;
  /** BT-115: the amount due. */
  readonly payable: Big;
}

/**
 * Reads the amounts of an invoice. A missing amount counts as zero; rules BR-12 to BR-15 check the mandatory amounts.
 */
export function amountsOf(invoice: Invoice): Amounts {
  const field = (name: string): Big => new Big(invoice.fields.get(name)?.value ?? '0');
  return {
    lineTotal: invoice.lines.reduce((sum, line) => sum.plus(lineNet(line)), new Big(0)),
    allowance: field('allowance'),
    charge: field('charge'),
    net: field('net'),
    tax: field('tax'),
    grand: field('grand'),
    paid: field('paid'),
    withholding: field('withholding'),
    rounding: field('rounding'),
    payable: field('payable'),
  };
}

/** Net amount of a line: the printed amount, otherwise quantity × price less the discount. */
export function lineNet(line: InvoiceLine): Big {
  if (line.total) return new Big(line.total.value);
  return expectedNet(line).round(2, Big.roundHalfUp);
}

/** Computes the amount of a line from quantity, price, discount, allowances and charges, without rounding. */
export function expectedNet(line: InvoiceLine): Big {
  const gross = grossOf(line);
  const net = line.discount ? gross.minus(gross.times(line.discount.value).div(100)) : gross;
  return line.adjustment ? net.plus(line.adjustment.value) : net;
}

/** Below this amount, the float of an amount is wrong by far less than a tenth of a cent. */
const FLOAT_AMOUNT_MAX = 1e9;
/** An amount this close to a whole cent is rounded to that cent, whatever the float left out. Half a cent is 0.005. */
const SAME_CENT_MAX = 0.004;

/**
 * Returns the printed amount of a line if the computed amount, rounded, is surely the same. A float shows this for most
 * lines. Undefined means that only the exact amount can tell.
 */
export function amountThatAddsUp(line: InvoiceLine): string | undefined {
  const printed = line.total?.value ?? '';
  const total = isInCents(printed) ? Number(printed) : 0;
  const isSure = total > 0 && total < FLOAT_AMOUNT_MAX && Math.abs(roughNet(line) - total) < SAME_CENT_MAX;
  return isSure ? printed : undefined;
}

/** Computes the amount of a line with a printed price as a float. For other lines it returns NaN. */
function roughNet({ qty, price, priceBase, discount, adjustment }: InvoiceLine): number {
  const gross = (Number(qty?.value ?? 1) * Number(price?.value)) / Number(priceBase?.value ?? 1);
  return gross * (1 - Number(discount?.value ?? 0) / 100) + Number(adjustment?.value ?? 0);
}

/** The net amount of a line with two decimals. */
export function lineNetText(line: InvoiceLine): string {
  const printed = line.total?.value ?? '';
  return isInCents(printed) ? printed : lineNet(line).toFixed(2);
}

/**
 * Returns the largest difference that can come from the rounding of the printed price. A difference up to this value
 * between quantity × price and the line's amount is no fault.
 */
export function roundingOf(line: InvoiceLine): Big {
  const decimals = line.price?.value.split('.')[1]?.length ?? 0;
  return quantityOf(line)
    .abs()
    .times(`5e-${decimals + 1}`)
    .plus('0.011');
}

/** Quantity × price, not rounded. */
export function grossOf(line: InvoiceLine): Big {
  const gross = quantityOf(line).times(priceOf(line));
  return line.priceBase ? gross.div(line.priceBase.value) : gross;
}

export function quantityOf(line: InvoiceLine): Big {
  return new Big(line.qty?.value ?? '1');
}

/** Unit price: the printed price, otherwise the line's amount divided by its quantity. */
export function priceOf(line: InvoiceLine): Big {
  if (line.price) return new Big(line.price.value);
  const qty = quantityOf(line);
  return qty.eq(0) || !line.total ? new Big(0) : new Big(line.total.value).div(qty).round(6, Big.roundHalfUp);
}
