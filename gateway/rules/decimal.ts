import Big from 'big.js';
import { oncePerElement } from './element-memo.ts';
import type { XmlElement } from './xml-tree.ts';
import { firstAt } from './xml-tree.ts';

/** XML Schema Part 2, 3.2.3: no exponent, no grouping. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** True for a decimal in the form of XML Schema. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

const decimalIn = oncePerElement(({ text }): Big | undefined =>
  isDecimal(text) ? new Big(text.replace(/^\+/, '').replace(/\.$/, '')) : undefined,
);

/** Returns the exact decimal in the first element at the end of a path; undefined when there is none. */
export function decimalAt(from: XmlElement | undefined, ...path: readonly string[]): Big | undefined {
  const element = firstAt(from, ...path);
  return element && decimalIn(element);
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

/** Rounds to cents. Half a cent is rounded away from zero, as on invoices. */
export function toCents(value: Big): Big {
  return value.round(2, Big.roundHalfUp);
}
