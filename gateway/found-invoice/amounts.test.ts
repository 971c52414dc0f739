import { expect, test } from '@jest/globals';
import { derived } from '../printed/provenance.ts';
import { amountThatAddsUp, expectedNet, lineNetText } from './amounts.ts';
import type { InvoiceLine } from './invoice.ts';

const NOTHING = {
  position: 1, code: undefined, standardCode: undefined, name: undefined, description: undefined, unit: undefined,
  priceBase: undefined, adjustment: undefined, discount: undefined, rate: undefined, qty: undefined, price: undefined,
  total: undefined,
} as const; // prettier-ignore

function line(values: Partial<Record<keyof typeof NOTHING, string>>): InvoiceLine {
  const found = Object.entries(values).map(([name, value]) => [name, derived(value, 'test')]);
  return { ...NOTHING, ...(Object.fromEntries(found) as object) };
}

test('a float tells that an amount adds up only where the exact amount, rounded, is the printed one', () => {
  const cents = (n: number): string => (n / 100).toFixed(2);
  for (let n = 1; n < 4000; n += 7) {
    const one = line({ qty: cents(n * 13), price: cents(n * 37), discount: cents(n % 100), total: cents(n) });
    const right = line({
      qty: cents(n * 13), price: cents(n * 37), discount: cents(n % 100), total: expectedNet(one).toFixed(2),
    }); // prettier-ignore
    for (const each of [one, right]) {
      const told = amountThatAddsUp(each);
      if (told !== undefined) expect(expectedNet(each).toFixed(2)).toBe(told);
    }
  }
});

test('most lines that add up are told without exact decimals, others are not', () => {
  expect(amountThatAddsUp(line({ qty: '3', price: '12.50', discount: '10', total: '33.75' }))).toBe('33.75');
  expect(amountThatAddsUp(line({ qty: '3', price: '12.50', total: '33.75' }))).toBeUndefined();
  // Half a cent is left to the exact amount, and so are amounts with a sign, without cents, or without a price.
  expect(amountThatAddsUp(line({ qty: '1', price: '0.125', total: '0.13' }))).toBeUndefined();
  expect(amountThatAddsUp(line({ qty: '-1', price: '2.00', total: '-2.00' }))).toBeUndefined();
  expect(amountThatAddsUp(line({ qty: '1', price: '2', total: '2' }))).toBeUndefined();
  expect(amountThatAddsUp(line({ total: '2.00' }))).toBeUndefined();
});

test('the net amount of a line is written with two decimals', () => {
  expect(lineNetText(line({ total: '5.10' }))).toBe('5.10');
  expect(lineNetText(line({ total: '-5.1' }))).toBe('-5.10');
  expect(lineNetText(line({ qty: '3', price: '0.335' }))).toBe('1.01');
});
