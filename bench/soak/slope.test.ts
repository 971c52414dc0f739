import { describe, expect, it } from '@jest/globals';
import { choices } from '../../tests/rooms/gateway/random.ts';
import { slopeOf, type Sample } from './slope.ts';

/** A series of `count` samples ten seconds apart. */
const series = (count: number, value: (index: number) => number): Sample[] =>
  Array.from({ length: count }, (_, index) => ({ atSec: index * 10, value: value(index) }));

describe('the slope of measurements', () => {
  it('is that of the line, with no margin, where they lie on one', () => {
    const { slope, margin, mean } = slopeOf(series(101, (index) => 5 + 0.02 * index * 10));
    expect(slope).toBeCloseTo(0.02, 10);
    expect(margin).toBeCloseTo(0, 10);
    expect(mean).toBeGreaterThan(14.5);
    expect(mean).toBeLessThan(15.5);
  });

  it('agrees with a line that was worked out by hand', () => {
    // x 0, 10, 20, 30; y 1, 3, 2, 5: slope 11/100, residuals -0.1, 0.8, -1.3, 0.6, t(2) = 4.3.
    const { slope, margin } = slopeOf([1, 3, 2, 5].map((value, index) => ({ atSec: index * 10, value })));
    expect(slope).toBeCloseTo(0.11, 10);
    expect(margin).toBeCloseTo(4.3 * Math.sqrt(2.7 / 2 / 500), 5);
  });

  it('is lost in noise where there is none, and found where there is one', () => {
    const random = choices(1);
    const noise = (): number => random.next() * 40 - 20;
    const flat = slopeOf(series(600, () => 100 + noise()));
    expect(Math.abs(flat.slope)).toBeLessThan(flat.margin * 1.5);
    const rising = slopeOf(series(600, (index) => 100 + index * 0.2 + noise()));
    expect(rising.slope - rising.margin).toBeGreaterThan(0);
    expect(rising.slope).toBeCloseTo(0.02, 2);
  });

  it('says that nothing is known from one or two samples', () => {
    expect(slopeOf([])).toEqual({ slope: 0, margin: Infinity, mean: 0 });
    expect(slopeOf(series(2, (index) => index)).margin).toBe(Infinity);
  });
});
