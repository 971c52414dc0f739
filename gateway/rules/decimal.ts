import Big from 'big.js';
import type { XmlElement } from './xml-tree.ts';
import { textAt } from './xml-tree.ts';

/** XML Schema Part 2, 3.2.3: no exponent, no grouping. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** A decimal as XML Schema writes it, exact; undefined when it is none. */
export function decimalOf(text: string | undefined): Big | undefined {
  if (text === undefined || !DECIMAL.test(text)) return undefined;
  return new Big(text.replace(/^\+/, '').replace(/\.$/, ''));
}

/** The decimal in the first element at the end of a path. */
export function decimalAt(from: XmlElement | undefined, ...path: readonly string[]): Big | undefined {
  return decimalOf(textAt(from, ...path));
}

/** Digits after the decimal mark, as written: `12.30` has two. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

export const ZERO = new Big(0);

export function sumOfDecimals(values: readonly Big[]): Big {
  return values.reduce((sum, value) => sum.plus(value), ZERO);
}

/** Half a cent goes away from zero, as invoices are rounded. */
export function toCents(value: Big): Big {
  return value.round(2, Big.roundHalfUp);
}
