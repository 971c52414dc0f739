import Big from 'big.js';
import type { Invoice, InvoiceLine } from './invoice.ts';

/** The amounts of a document as EN 16931 sums them; every rule and the writer use these same ones. */
export interface Amounts {
  /** BT-106. */
  readonly lineTotal: Big;
  /** BT-107. */
  readonly allowance: Big;
  /** BT-108. */
  readonly charge: Big;
  /** BT-109. */
  readonly net: Big;
  /** BT-110. */
  readonly tax: Big;
  /** BT-112. */
  readonly grand: Big;
  /** BT-113 without withholding: paid before. */
  readonly paid: Big;
  /** Tax the buyer keeps back and pays to the state itself. */
  readonly withholding: Big;
  /** BT-114. */
  readonly rounding: Big;
  /** BT-115. */
  readonly payable: Big;
}

/** Reads the amounts out of an invoice; one that is not there is zero (the mandatory ones are checked by BR-12 to 15). */
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

/** Net amount of a line: as printed, else quantity × price less the discount. */
export function lineNet(line: InvoiceLine): Big {
  if (line.total) return new Big(line.total.value);
  return expectedNet(line).round(2, Big.roundHalfUp);
}

/** What a line comes to by its quantity, price, discount, allowances and charges; not rounded. */
export function expectedNet(line: InvoiceLine): Big {
  const gross = grossOf(line);
  const net = line.discount ? gross.minus(discountOf(line)) : gross;
  return line.adjustment ? net.plus(line.adjustment.value) : net;
}

/** By how much quantity × price may miss the amount of a line at most, where the printed price is rounded. */
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

/** Unit price: as printed, else the line's amount by its quantity. */
export function priceOf(line: InvoiceLine): Big {
  if (line.price) return new Big(line.price.value);
  const qty = quantityOf(line);
  return qty.eq(0) || !line.total ? new Big(0) : new Big(line.total.value).div(qty).round(6, Big.roundHalfUp);
}

/** The discount in money: what makes quantity × price less it equal the printed amount. */
export function discountOf(line: InvoiceLine): Big {
  if (!line.discount) return new Big(0);
  return grossOf(line).times(line.discount.value).div(100);
}
