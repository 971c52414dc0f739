import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rangeOf, ROWS_DRAWN_MAX } from './row-window.ts';

describe('the window of rows', () => {
  it('draws everything of a short list', () => {
    expect(rangeOf(ROWS_DRAWN_MAX, { above: 5_000, screenPx: 800, rowPx: 60 })).toEqual({
      start: 0,
      end: ROWS_DRAWN_MAX,
    });
  });

  it('covers every row on the screen, wherever a long list is scrolled to, and little more', () => {
    const count = fc.integer({ min: ROWS_DRAWN_MAX + 1, max: 100_000 });
    fc.assert(
      fc.property(
        count,
        fc.double({ min: -0.1, max: 1, noNaN: true }),
        fc.integer({ min: 200, max: 3_000 }),
        fc.constantFrom(0, 5, 20),
        (rows, share, screenPx, ahead) => {
          const rowPx = 60;
          const above = share * (rows * rowPx - screenPx);
          const { start, end } = rangeOf(rows, { above, screenPx, rowPx }, ahead);
          expect(start * rowPx).toBeLessThanOrEqual(Math.max(0, above));
          expect(end * rowPx).toBeGreaterThanOrEqual(Math.min(rows * rowPx, above + screenPx));
          expect(end - start).toBeLessThanOrEqual(screenPx / rowPx + 2 * ahead + 15);
        },
      ),
    );
  });
});
