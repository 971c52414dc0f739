import { describe, expect, it } from '@jest/globals';
import { firstStart } from '../first-starts/round.ts';

describe('a first start', () => {
  it.each([1, 2, 3])(
    'answers nothing but 503 and what works before it says that it is ready, and from then on works (round %i)',
    async (round) => {
      const { before, after, uploads, faults } = await firstStart(900 + round);
      expect(faults).toEqual([]);
      expect(before.refused).toBeGreaterThan(0);
      expect(after.works).toBeGreaterThanOrEqual(12);
      expect(uploads).toBeGreaterThanOrEqual(4);
    },
    700_000,
  );
});
