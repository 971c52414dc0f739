import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { marksInOrder } from './marks-in-order.ts';

const never = new AbortController().signal;

it('runs a mark behind every item that was in the stream before it, and before every later one', async () => {
  const source = new PassThrough({ objectMode: true });
  const marks = marksInOrder<string>();
  const seen: string[] = [];
  const handled = marks.run(
    source,
    async (item) => {
      await sleep(1);
      seen.push(item);
    },
    never,
  );
  source.write('one');
  source.write('two');
  await sleep(0);
  marks.add(() => void seen.push('mark behind two'));
  source.write('three');
  await sleep(20);
  marks.add(() => void seen.push('mark while idle'));
  await sleep(20);
  source.end('four');
  await handled;
  expect(seen).toEqual(['one', 'two', 'mark behind two', 'three', 'mark while idle', 'four']);
});

it('throws what the handler, a mark or the stream throws', async () => {
  for (const at of ['handler', 'mark', 'stream'] as const) {
    const source = new PassThrough({ objectMode: true });
    const marks = marksInOrder<string>();
    const run = marks.run(
      source,
      () => {
        if (at === 'handler') throw new Error(at);
      },
      never,
    );
    source.write('one');
    if (at === 'mark')
      marks.add(() => {
        throw new Error(at);
      });
    if (at === 'stream') source.destroy(new Error(at));
    await expect(run).rejects.toThrow(at);
  }
});

it('ends with the signal, though the stream brings nothing', async () => {
  const stop = new AbortController();
  const run = marksInOrder().run(new PassThrough({ objectMode: true }), () => undefined, stop.signal);
  stop.abort();
  await run;
});
