import { expect, test } from '@jest/globals';
import { sameThreadChannel } from './same-thread-port.ts';

async function turn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

test('a message reaches the other end later, in order, as the very same object, and never its sender', async () => {
  const [a, b] = sameThreadChannel();
  const atA: unknown[] = [];
  const atB: unknown[] = [];
  a.addEventListener('message', ({ data }) => void atA.push(data));
  b.addEventListener('message', ({ data }) => void atB.push(data));
  const first = { glyphs: [{ unicode: 'x' }] };
  a.postMessage(first);
  a.postMessage('second');
  expect(atB).toEqual([]);
  await turn();
  expect(atB).toEqual([first, 'second']);
  expect(atB[0]).toBe(first);
  expect(atA).toEqual([]);
});

test('operations that the sender empties after sending arrive whole', async () => {
  const [a, b] = sameThreadChannel();
  const got: unknown[] = [];
  b.addEventListener('message', ({ data }) => void got.push(data));
  const chunk = { fnArray: [1, 2], argsArray: [['x'], null], lastChunk: true };
  a.postMessage({ stream: 4, chunk });
  chunk.fnArray.length = 0;
  chunk.argsArray.length = 0;
  await turn();
  expect(got).toEqual([{ stream: 4, chunk: { fnArray: [1, 2], argsArray: [['x'], null], lastChunk: true } }]);
});

test('a listener that was told to stop hears nothing more, not even what was under way', async () => {
  const [a, b] = sameThreadChannel();
  const stop = new AbortController();
  const stopped: unknown[] = [];
  const other: unknown[] = [];
  b.addEventListener('message', ({ data }) => void stopped.push(data), { signal: stop.signal });
  b.addEventListener('message', ({ data }) => void other.push(data));
  a.postMessage(1);
  await turn();
  a.postMessage(2);
  stop.abort();
  await turn();
  a.postMessage(3);
  await turn();
  expect(stopped).toEqual([1]);
  expect(other).toEqual([1, 2, 3]);
});
