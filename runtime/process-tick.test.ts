import { expect, it } from '@jest/globals';
import { untilTick } from './process-tick.ts';

const MOMENTS_MS = [0, 1, 499, 500, 999.5, 1_000, 1_500, 12_345.678];

it('pauses below two seconds end on whole seconds, half a second from where they would at most', () => {
  for (const nowMs of MOMENTS_MS)
    for (const ms of [1_000, 1_800]) {
      const pauseMs = untilTick(ms, nowMs);
      expect((nowMs + pauseMs) % 1_000).toBeCloseTo(0, 6);
      expect(Math.abs(pauseMs - ms)).toBeLessThanOrEqual(500);
    }
});

it('pauses of two seconds and more all end on even seconds, half a second late at most', () => {
  for (const nowMs of MOMENTS_MS)
    for (const ms of [2_000, 2_750, 5_000, 9_999]) {
      const pauseMs = untilTick(ms, nowMs);
      expect((nowMs + pauseMs) % 2_000).toBeCloseTo(0, 6);
      expect(pauseMs - ms).toBeLessThanOrEqual(500);
      expect(pauseMs - ms).toBeGreaterThan(-1_500.001);
      expect(pauseMs).toBeGreaterThan(0);
    }
});

it('pauses of ten seconds and more all end on tens of seconds, half a second late at most', () => {
  for (const nowMs of MOMENTS_MS)
    for (const ms of [10_000, 15_000, 60_000]) {
      const pauseMs = untilTick(ms, nowMs);
      expect((nowMs + pauseMs) % 10_000).toBeCloseTo(0, 6);
      expect(pauseMs - ms).toBeLessThanOrEqual(500);
      expect(pauseMs - ms).toBeGreaterThan(-9_500.001);
      expect(pauseMs).toBeGreaterThan(0);
    }
});

it('a pause of two seconds that begins on an even second lasts two seconds', () => {
  for (const nowMs of [2_000, 2_010, 2_400]) expect(untilTick(2_000, nowMs)).toBe(4_000 - nowMs);
});

it('a pause shorter than a tick is not made longer', () => {
  expect(untilTick(450, 123)).toBe(450);
});
