import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from '../connect.ts';

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

const append = (log: ConnectedEventLog) =>
  log.append(
    `job-${randomUUID()}`,
    [{ id: randomUUID(), type: 'Happened', data: { filler: 'x'.repeat(50_000) }, metadata: {} }],
    'no_stream',
  );

it('a connection of the client that breaks ends no append of another one, and no process [D20][D44]', async () => {
  const stray: unknown[] = [];
  const note = (reason: unknown) => stray.push(reason);
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  const logs = proxies.map(({ port }) =>
    connectEventLog({
      transport: 'client',
      connectionString: `esdb://127.0.0.1:${port}?tls=false`,
      timeoutMs: 10_000,
      log: createLog('test', 'silent'),
    }),
  );
  const [broken, slow] = logs as [ConnectedEventLog, ConnectedEventLog];
  await Promise.all(logs.map(append));
  for (const proxy of proxies) proxy.fault.delayMs = 400;
  const many = Array.from({ length: 32 }, () => append(broken));
  const one = append(slow);
  await sleep(100);
  proxies[0]!.cut();
  // A line takes 64 KiB a round trip: were the next connection slow as well, so many bytes would need twice the time-out.
  proxies[0]!.fault.delayMs = 0;
  expect(await one).toMatchObject({ revision: 0n });
  // Their outcome was unknown, so that they were sent again under the same ids.
  for (const appended of await Promise.all(many)) expect(appended.revision).toBe(0n);
  await sleep(500);
  expect(stray).toEqual([]);
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  await Promise.all(logs.map((log) => log.close()));
}, 60_000);
