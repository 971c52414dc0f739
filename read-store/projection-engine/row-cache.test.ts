import { expect, it } from '@jest/globals';
import { createRowCache } from './row-cache.ts';

it('a row is dropped from either generation, and kept when a newer one has taken its place', () => {
  const rows = createRowCache<{ readonly revision: number }>(2);
  const one = { revision: 1 };
  const two = { revision: 2 };
  const three = { revision: 3 };
  rows.set('a', one);
  rows.set('b', two);
  rows.set('c', three);
  rows.drop('a', one);
  rows.drop('b', one);
  rows.drop('c', three);
  expect(['a', 'b', 'c'].map((key) => rows.has(key))).toEqual([false, true, false]);
  rows.set('b', three);
  rows.drop('b', two);
  expect(rows.get('b')).toBe(three);
});
