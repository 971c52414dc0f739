import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../tests/harness/fault-proxy.ts';
import { bearStrayAnswers } from './stray-answers.ts';

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

it('an answer that comes after another stream has ended finds the process alive [D20][D44]', async () => {
  let strays = 0;
  const [broken, slow] = proxies.map(({ port }) =>
    bearStrayAnswers(EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`), () => {
      strays += 1;
    }),
  ) as [EventStoreDBClient, EventStoreDBClient];
  const append = (client: EventStoreDBClient) =>
    client.appendToStream(`stray-${randomUUID()}`, [jsonEvent({ type: 'Happened', data: {} })]);
  await Promise.all([append(broken), append(slow)]);

  proxies[1]!.fault.delayMs = 400;
  const answered = append(slow).then(
    () => 'answered',
    () => 'of unknown outcome',
  );
  await sleep(50);
  proxies[0]!.cut();
  expect(await answered).toBe('of unknown outcome');
  for (const startedAt = Date.now(); strays === 0 && Date.now() - startedAt < 5_000;) await sleep(20);
  expect(strays).toBe(1);

  proxies[1]!.fault.delayMs = 0;
  await append(slow);
  await Promise.all([broken.dispose(), slow.dispose()]);
});

it('an append stream that breaks while appends wait to be written rejects them, and nothing else [D20]', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const url = `esdb://127.0.0.1:${proxies[0]!.port}?tls=false`;
  const client = bearStrayAnswers(EventStoreDBClient.connectionString(url), () => undefined);
  const append = (bytes: number) =>
    client.appendToStream(`waiting-${randomUUID()}`, [
      jsonEvent({ type: 'Happened', data: { filler: 'x'.repeat(bytes) } }),
    ]);
  try {
    await append(1);
    proxies[0]!.fault.delayMs = 2_000;
    const waiting = Array.from({ length: 64 }, () => append(200_000));
    const outcomes = Promise.allSettled(waiting);
    await sleep(300);
    await client.dispose();
    expect((await outcomes).filter(({ status }) => status === 'rejected')).toHaveLength(waiting.length);
    await sleep(50);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', onUnhandled);
    proxies[0]!.fault.delayMs = 0;
  }
});
