import { describe, expect, it } from '@jest/globals';
import { backoffDelayMs } from './backoff.ts';

const BACKOFF = { firstMs: 100, maxMs: 1_000 };
const LAST = 1 - Number.EPSILON;

describe('the wait after a failure', () => {
  it('is anywhere between nothing and a window that doubles with each failure in a row', () => {
    const longest = [1, 2, 3, 4].map((failures) => Math.round(backoffDelayMs(BACKOFF, failures, LAST)));
    expect(longest).toEqual([100, 200, 400, 800]);
    expect(backoffDelayMs(BACKOFF, 3, 0.25)).toBe(100);
    expect(backoffDelayMs(BACKOFF, 3, 0)).toBe(0);
  });

  it('never passes its maximum, however many failures there were', () => {
    for (const failures of [5, 31, 1_000, Infinity])
      expect(backoffDelayMs(BACKOFF, failures, LAST)).toBeLessThanOrEqual(1_000);
  });
});
