import { expect, it } from '@jest/globals';
import { quietPauses } from './quiet-pauses.ts';

it('a quiet worker pauses for longer only after a heartbeat that said so, until it begins an attempt', () => {
  let isQuiet = false;
  const pauses = quietPauses(2_000, () => isQuiet);
  expect([pauses.restMs(), pauses.beatPauseMs(), pauses.lookPauseMs()]).toEqual([0, 2_000, 2_000]);
  isQuiet = true;
  expect(pauses.beatPauseMs()).toBe(2_000);
  expect([pauses.restMs(), pauses.beatPauseMs(), pauses.lookPauseMs()]).toEqual([10_000, 10_000, 30_000]);
  expect([pauses.end(), pauses.end()]).toEqual([true, false]);
  expect(pauses.beatPauseMs()).toBe(2_000);
});
