import Big from 'big.js';
import type { Text } from './semantic-invoice.ts';

const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/;

/** A decimal as text without needless zeros; what is no decimal stays as it is, for the rules to name. */
export function plainDecimal(written: Text): Text {
  return written !== undefined && DECIMAL.test(written) ? new Big(written).toFixed() : written;
}

/** An amount with two decimals, where it has no more than that (BR-DEC). */
export function amountText(written: Text): Text {
  if (written === undefined || !DECIMAL.test(written)) return written;
  const value = new Big(written);
  return value.round(2).eq(value) ? value.toFixed(2) : value.toFixed();
}

/** True for an amount, or its absence, that adds nothing. */
export function isNothing(written: Text): boolean {
  return written === undefined || (DECIMAL.test(written) && new Big(written).eq(0));
}
