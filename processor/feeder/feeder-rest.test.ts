import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { feederRest } from './feeder-rest.ts';

const SILENT_MS = 20;

it('the lease is long only after the feed stood still with an empty list, and no pause outlasts its lease', async () => {
  const rest = feederRest(SILENT_MS);
  expect(rest.leaseMs(5n, { isEmpty: true })).toBe(SILENT_MS);
  expect(rest.emptyPauseMs(5n, 1)).toBeLessThan(SILENT_MS / 2);
  await sleep(8 * SILENT_MS);
  // The lease was taken for the short time, so the pause stays short until the next lease.
  expect(rest.emptyPauseMs(5n, 1)).toBeLessThan(SILENT_MS / 2);
  expect(rest.leaseMs(5n, { isEmpty: false })).toBe(SILENT_MS);
  expect(rest.leaseMs(5n, { isEmpty: true })).toBe(2 * SILENT_MS);
  expect(rest.emptyPauseMs(5n, 1)).toBe(SILENT_MS);
  // The feed has moved: the next lease is short, and comes soon.
  expect(rest.emptyPauseMs(6n, 1)).toBe(1);
  expect(rest.leaseMs(6n, { isEmpty: true })).toBe(SILENT_MS);
});
