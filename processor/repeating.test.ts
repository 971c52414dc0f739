import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { repeat, type Repeating } from './repeating.ts';

const NEVER_MS = 3_600_000;

let repeating: Repeating | undefined;
afterEach(() => repeating?.stop());

it('a long pause ends early when it is a shorter one by now, and only then', async () => {
  let runs = 0;
  let everyMs = NEVER_MS;
  const task = (): Promise<void> => Promise.resolve(void (runs += 1));
  repeating = repeat(
    () => everyMs,
    () => 0.5,
    task,
    () => undefined,
  );
  await sleep(20);
  repeating.hurry();
  await sleep(50);
  expect(runs).toBe(1);
  everyMs = 10;
  repeating.hurry();
  everyMs = NEVER_MS;
  while (runs < 2) await sleep(5);
  await sleep(50);
  expect(runs).toBe(2);
});

it('being hurried again and again does not put a run off', async () => {
  let runs = 0;
  const task = (): Promise<void> => Promise.resolve(void (runs += 1));
  repeating = repeat(
    100,
    () => 0.5,
    task,
    () => undefined,
  );
  while (runs < 3) {
    await sleep(10);
    repeating.hurry();
  }
});
