import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../runtime/log.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from '../connect.ts';

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
    timeoutMs: 400,
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
  const endMs = performance.now() + ATTEMPTS_MS_MAX;
  while (proxy.connections() - before < ATTEMPTS && performance.now() < endMs) {
    await log.head().catch(() => undefined);
    await sleep(20);
  }
  expect(proxy.connections() - before).toBeGreaterThanOrEqual(ATTEMPTS);
  proxy.fault.refuse = false;
  expect(await log.head()).toBeGreaterThanOrEqual(0n);
}, 60_000);
