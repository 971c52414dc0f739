import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchDependency } from './dependency-watch.ts';
import { createLog } from './log/log.ts';

const logger = createLog('test', 'silent');

it('a dependency is missing until its first answer, and again with the reason when it refuses for good', async () => {
  let answer: Promise<void> = Promise.resolve();
  const watch = watchDependency({ name: 'store', at: 'store:1', probe: () => answer }, logger);
  expect(watch.waitingFor()).toMatchObject({ dependency: 'store', at: 'store:1', final: false });
  while (watch.waitingFor() !== null) await sleep(10);
  answer = Promise.reject(Object.assign(new Error('The password is wrong.'), { final: true }));
  answer.catch(() => undefined);
  while (watch.waitingFor() === null) await sleep(20);
  const missing = watch.waitingFor()!;
  expect(missing).toMatchObject({ why: 'The password is wrong.', final: true });
  await sleep(500);
  expect(watch.waitingFor()?.since).toBe(missing.since);
  answer = Promise.resolve();
  while (watch.waitingFor() !== null) await sleep(20);
  watch.stop();
});

it('a dependency that nobody asks for is probed seldom, and at once for the first who asks', async () => {
  let probes = 0;
  let refuses = false;
  const probe = (): Promise<void> => {
    probes += 1;
    return refuses ? Promise.reject(new Error('It is away.')) : Promise.resolve();
  };
  // Every question counts as the first one after a while, and a pause that nobody ends would take an hour.
  const pauses = { askedMs: -3_600_000, unaskedMs: 3_600_000, askedWithinMs: 0 };
  const watch = watchDependency({ name: 'store', at: null, probe }, logger, pauses);
  await watch.fresh();
  const before = probes;
  await sleep(200);
  expect(probes).toBe(before);
  refuses = true;
  await watch.fresh();
  expect(watch.waitingFor()).toMatchObject({ why: 'It is away.' });
  refuses = false;
  await watch.fresh();
  expect(watch.waitingFor()).toBeNull();
  refuses = true;
  while (watch.waitingFor() === null) await sleep(20);
  watch.stop();
});

it('a dependency that takes a probe and never answers is missing within the longest wait for an answer', async () => {
  let hangs = false;
  const probe = (): Promise<void> => (hangs ? new Promise<void>(() => undefined) : Promise.resolve());
  const watch = watchDependency({ name: 'store', at: null, probe }, logger);
  while (watch.waitingFor() !== null) await sleep(10);
  hangs = true;
  while (watch.waitingFor() === null) await sleep(20);
  expect(watch.waitingFor()?.why).toMatch(/^It has not answered for \d+ s\.$/);
  watch.stop();
});
