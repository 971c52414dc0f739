import { describe, expect, it } from '@jest/globals';
import { keyFilter } from './key-filter.ts';

describe('A filter of keys', () => {
  const keyOf = (number: number) => ['minute', `2026-11-${number}`, 'jobs', number % 7, 1] as const;

  it('knows every key that it was asked about, whatever follows the key', () => {
    const isKnown = keyFilter(4);
    for (let number = 0; number < 10_000; number += 1) isKnown(keyOf(number));
    for (let number = 0; number < 10_000; number += 1)
      expect(isKnown([...keyOf(number).slice(0, 4), 2])).toBe(true);
  });

  it('takes few new keys for known ones', () => {
    const isKnown = keyFilter(4);
    let known = 0;
    for (let number = 0; number < 100_000; number += 1) if (isKnown(keyOf(number))) known += 1;
    expect(known).toBeLessThan(100);
  });
});
