import { expect, it } from '@jest/globals';
import { untilTick } from './process-tick.ts';

it('pauses of all lengths end on the same ticks, and never more than half a second from where they would', () => {
  for (const nowMs of [0, 1, 499, 500, 999.5, 12_345.678])
    for (const ms of [1_000, 1_800, 2_000, 2_750, 5_000, 30_000]) {
      const pauseMs = untilTick(ms, nowMs);
      expect((nowMs + pauseMs) % 1_000).toBeCloseTo(0, 6);
      expect(Math.abs(pauseMs - ms)).toBeLessThanOrEqual(500);
      expect(pauseMs).toBeGreaterThan(0);
    }
});

it('a pause shorter than a tick is not made longer', () => {
  expect(untilTick(450, 123)).toBe(450);
});
