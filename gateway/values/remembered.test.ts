import { expect, test } from '@jest/globals';
import { remembered } from './remembered.ts';

test('a result is computed once for each text, also when it is undefined', () => {
  const asked: string[] = [];
  const length = remembered((text) => {
    asked.push(text);
    return text === '' ? undefined : text.length;
  }, 10);
  expect([length('abc'), length('abc'), length(''), length('')]).toEqual([3, 3, undefined, undefined]);
  expect(asked).toEqual(['abc', '']);
});

test('long texts are not kept, and all results are forgotten when there are too many', () => {
  const asked: string[] = [];
  const length = remembered((text) => {
    asked.push(text);
    return text.length;
  }, 2);
  const long = 'x'.repeat(41);
  for (const text of [long, long, 'a', 'b', 'c', 'c', 'a']) length(text);
  expect(asked).toEqual([long, long, 'a', 'b', 'c', 'a']);
});
