import { expect, it } from '@jest/globals';
import { fairTurns } from './fair-turns.ts';

const bounds = { atOnceMax: 2, waitingOfOneMax: 20, waitingMax: 30 };

/** Tasks that the test ends one by one. It records the order in which they began. */
function stepwise() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.push(() => resolve(name)));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const endFirst = async (): Promise<void> => {
    ends.shift()?.();
    await settled();
  };
  return { begun, work, endFirst, settled };
}

it('gives the next turn to whoever has had none, however much another one asks', async () => {
  const { begun, work, endFirst, settled } = stepwise();
  const take = fairTurns(bounds);
  for (let n = 0; n < 15; n += 1) void take('greedy', work(`greedy ${n}`));
  void take('modest', work('modest'));
  await settled();
  expect(begun).toEqual(['greedy 0', 'greedy 1']);
  await endFirst();
  await endFirst();
  expect(begun.slice(2)).toEqual(['greedy 2', 'modest']);
});

it('refuses one asker past its own bound, and no other', async () => {
  const { begun, work, endFirst, settled } = stepwise();
  const take = fairTurns(bounds);
  const asked = Array.from({ length: 30 }, (_, n) => take('greedy', work(`greedy ${n}`)));
  const refused = (await Promise.allSettled(asked.slice(22))).map(({ status }) => status);
  expect(refused).toEqual(Array.from({ length: 8 }, () => 'rejected'));
  const other = take('other', work('other'));
  await settled();
  while (!begun.includes('other')) await endFirst();
  for (let n = 0; n < 30; n += 1) await endFirst();
  expect(await other).toBe('other');
});

it('takes the place from the one with the most waiting when it is full', async () => {
  const { work, endFirst, settled } = stepwise();
  const take = fairTurns({ atOnceMax: 1, waitingOfOneMax: 20, waitingMax: 3 });
  const greedy = Array.from({ length: 4 }, (_, n) => take('greedy', work(`greedy ${n}`)));
  const last = expect(greedy[3]).rejects.toMatchObject({ code: 'TURN_REFUSED' });
  const modest = take('modest', work('modest'));
  await last;
  await settled();
  for (let n = 0; n < 6; n += 1) await endFirst();
  expect(await modest).toBe('modest');
  expect(await Promise.all(greedy.slice(0, 3))).toHaveLength(3);
});

it('goes on after work that failed', async () => {
  const take = fairTurns({ ...bounds, atOnceMax: 1 });
  const failing = take('one', () => Promise.reject(new Error('no')));
  const good = take('one', () => Promise.resolve('good'));
  await expect(failing).rejects.toThrow('no');
  expect(await good).toBe('good');
});
