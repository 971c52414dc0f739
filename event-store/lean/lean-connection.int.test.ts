import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../runtime/log/log.ts';
import { retry } from '../../runtime/retry.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { stretched } from '../../tests/harness/machine-time.ts';
import { readEventStoreUrl } from '../../schemas/settings/event-store-url.ts';
import { connectEventLog, type ConnectedEventLog } from '../connect.ts';
import type { RecordedEvent } from '../event-log.ts';
import { bytesField, emptyField, message, varintField } from '../wire/protobuf.ts';
import { openLeanConnection, type MessageStream } from './lean-connection.ts';
import { addEvents } from './wire-event.ts';

/** Attempts that take about 3 s with this time-out. With pauses that grow to a second they take more than 25 s. */
const ATTEMPTS = 30;
const ATTEMPTS_MS_MAX = 15_000;

let store: TestEventStore;
let proxy: FaultProxy;
let log: ConnectedEventLog;

beforeAll(async () => {
  store = await startTestEventStore();
  proxy = await startFaultProxy(store.port);
  log = connectEventLog({
    connectionString: store.connectionStringAs({ port: proxy.port }),
    timeoutMs: stretched(400),
    log: createLog('test', 'silent'),
  });
});

afterAll(async () => {
  await log.close();
  await proxy.stop();
  await store.stop();
});

it('a server that is away is tried so often that a read with a short time-out finds it when it is back [D20]', async () => {
  await log.head();
  proxy.fault.refuse = true;
  proxy.cut();
  const before = proxy.connections();
  const endMs = performance.now() + stretched(ATTEMPTS_MS_MAX);
  while (proxy.connections() - before < ATTEMPTS && performance.now() < endMs) {
    await log.head().catch(() => undefined);
    await sleep(20);
  }
  expect(proxy.connections() - before).toBeGreaterThanOrEqual(ATTEMPTS);
  proxy.fault.refuse = false;
  // On a busy machine the first handshake can take longer than the time-out.
  const head = await retry(() => log.head(), { backoff: { firstMs: 1, maxMs: 1 }, triesMax: 3 });
  expect(head).toBeGreaterThanOrEqual(0n);
}, 60_000);

it('a read takes joined events in far fewer messages than events, and a reader that does not ask gets one in each', async () => {
  const stream = `job-${randomUUID()}`;
  const events = Array.from({ length: 500 }, (_, at) => ({
    id: randomUUID(),
    type: 'Happened',
    data: { at },
    metadata: {},
  }));
  events.push({
    id: randomUUID(),
    type: 'Happened',
    data: { at: 500, filler: 'x'.repeat(100_000) } as never,
    metadata: {},
  });
  const read = readEventStoreUrl(store.connectionString);
  if (!('url' in read) || read.url.server === null) throw new Error('the test store is one server');
  const connection = openLeanConnection(read.url.server, 5_000);
  const direct = connectEventLog({
    connectionString: store.connectionString,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  await direct.append(stream, events, 'no_stream');
  const request = bytesField(
    1,
    message(
      bytesField(1, message(bytesField(1, bytesField(3, stream)), emptyField(3))),
      varintField(5, 1_000),
      emptyField(8),
      bytesField(9, emptyField(2)),
    ),
  );
  const received = async (call: MessageStream) => {
    const messages = (await call.toArray()) as Buffer[];
    const found: RecordedEvent[] = [];
    for (const each of messages) addEvents(each, found);
    return { messages: messages.length, found };
  };
  const one = await received(connection.read(request));
  const joined = await received(connection.readJoined(request));
  expect(one.messages).toBe(events.length);
  expect(joined.messages).toBeLessThan(events.length / 20);
  expect(joined.found).toEqual(one.found);
  expect(joined.found.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  connection.close();
  await direct.close();
}, 60_000);
