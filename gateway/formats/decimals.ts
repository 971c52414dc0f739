import Big from 'big.js';
import { isInCents } from '../values/numbers.ts';
import type { Text } from './semantic-invoice.ts';

const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/;
/** Matches a decimal without needless zeros. */
const PLAIN = /^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;

/**
 * Writes a decimal without needless zeros. A text that is no decimal is not changed, so that a broken rule can quote
 * it.
 */
export function plainDecimal(written: Text): Text {
  if (written === undefined || PLAIN.test(written)) return written;
  return DECIMAL.test(written) ? new Big(written).toFixed() : written;
}

/** Writes an amount with two decimals. An amount with more decimals is not changed (BR-DEC). */
export function amountText(written: Text): Text {
  if (written === undefined || isInCents(written) || !DECIMAL.test(written)) return written;
  const value = new Big(written);
  return value.round(2).eq(value) ? value.toFixed(2) : value.toFixed();
}

/** True for an amount of 0, and for a missing amount. */
export function isNothing(written: Text): boolean {
  return written === undefined || (DECIMAL.test(written) && new Big(written).eq(0));
}
