import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../runtime/log/log.ts';
import {
  readEventStoreUrl,
  type EventStoreUrl,
  type NamedServer,
} from '../../schemas/settings/event-store-url.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import type { AppendRequest } from '../calls/append.ts';
import { NoAnswer } from '../calls/no-answer.ts';
import { openLeanGenerations, type LeanConnection } from './lean-connection.ts';

let store: TestEventStore;
let proxies: readonly FaultProxy[];

beforeAll(async () => {
  store = await startTestEventStore();
  proxies = await Promise.all([startFaultProxy(store.port), startFaultProxy(store.port)]);
});

afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await store.stop();
});

const someAppend = (filler = ''): AppendRequest => ({
  stream: `job-${randomUUID()}`,
  events: [{ id: randomUUID(), type: 'Happened', data: { filler }, metadata: {} }],
  expected: 'no_stream',
});

async function connected(
  proxy: FaultProxy,
): Promise<{ connection: LeanConnection; close: () => Promise<void> }> {
  const read = readEventStoreUrl(`esdb://127.0.0.1:${proxy.port}?tls=false`);
  const { url } = read as { url: EventStoreUrl & { server: NamedServer } };
  const generations = openLeanGenerations({ url, log: createLog('test', 'silent'), timeoutMs: 5_000 });
  const { client } = await generations.current(1_000, 'testing');
  return { connection: client, close: () => generations.close() };
}

it('an answer that comes after its append was given up is passed over, and the stream goes on [D20]', async () => {
  const { connection, close } = await connected(proxies[0]!);
  await connection.appends.append(someAppend(), 5_000);
  proxies[0]!.fault.delayMs = 400;
  const late = someAppend();
  await expect(connection.appends.append(late, 100)).rejects.toBeInstanceOf(NoAnswer);
  await sleep(1_000);
  proxies[0]!.fault.delayMs = 0;
  // The same again is answered as the first time: it was done.
  expect(await connection.appends.append(late, 5_000)).toMatchObject({ revision: 0n });
  expect(proxies[0]!.connections()).toBe(1);
  await close();
});

it('a stream that breaks ends the appends that wait on it, and no append of another connection [D20][D44]', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const [broken, slow] = await Promise.all(proxies.map(connected));
  await Promise.all([broken, slow].map((each) => each!.connection.appends.append(someAppend(), 5_000)));
  for (const proxy of proxies) proxy.fault.delayMs = 500;
  const waiting = Array.from({ length: 64 }, () =>
    broken!.connection.appends.append(someAppend('x'.repeat(100_000)), 20_000),
  );
  const outcomes = Promise.allSettled(waiting);
  const answered = slow!.connection.appends.append(someAppend(), 20_000);
  await sleep(100);
  proxies[0]!.cut();
  expect((await outcomes).map(({ status }) => status)).toEqual(waiting.map(() => 'rejected'));
  expect(await answered).toMatchObject({ revision: 0n });
  for (const proxy of proxies) proxy.fault.delayMs = 0;
  // The next append opens another stream by itself, once the connection is back.
  let again: unknown = null;
  for (let tries = 0; tries < 100 && again === null; tries += 1) {
    again = await broken!.connection.appends.append(someAppend(), 5_000).catch(() => null);
    if (again === null) await sleep(100);
  }
  expect(again).toMatchObject({ revision: 0n });
  await Promise.all([broken!.close(), slow!.close()]);
  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', onUnhandled);
});

it('appends that are sent together, small and large, are each written once and answered with their own place', async () => {
  const { connection, close } = await connected(proxies[0]!);
  const asked = Array.from({ length: 60 }, (_, index) =>
    someAppend('x'.repeat(index % 3 === 0 ? 40_000 : index)),
  );
  const answers = await Promise.all(asked.map((each) => connection.appends.append(each, 20_000)));
  expect(answers.map(({ revision }) => revision)).toEqual(asked.map(() => 0n));
  expect(new Set(answers.map(({ position }) => position)).size).toBe(asked.length);
  // Written as they were asked for: the same again is answered with the same place.
  expect(await Promise.all(asked.map((each) => connection.appends.append(each, 20_000)))).toEqual(answers);
  await close();
});

it('a connection that is closed leaves nothing open', async () => {
  const { connection, close } = await connected(proxies[0]!);
  await connection.appends.append(someAppend(), 5_000);
  await close();
  for (let tries = 0; tries < 100 && proxies[0]!.open() > 0; tries += 1) await sleep(20);
  expect(proxies[0]!.open()).toBe(0);
});
