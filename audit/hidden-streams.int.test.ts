import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connectEventLog, type ConnectedEventLog } from '../event-store/connect.ts';
import { createLog } from '../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { runDocket } from '../tests/harness/run-docket.ts';
import { verifyLog } from './verify-log.ts';
import { verifyStreams } from './verify-streams.ts';

let store: TestEventStore;
let log: ConnectedEventLog;
let client: EventStoreDBClient;

beforeAll(async () => {
  store = await startTestEventStore();
  const { connectionString } = store;
  log = connectEventLog({ connectionString, timeoutMs: 5_000, log: createLog('test', 'silent') });
  client = EventStoreDBClient.connectionString(connectionString);
});

afterAll(async () => {
  await client.dispose();
  await log.close();
  await store.stop();
});

const append = async (stream: string): Promise<void> => {
  await log.append(stream, [{ id: randomUUID(), type: 'Happened', data: {}, metadata: {} }], 'no_stream');
};

it('a job stream that somebody deleted or limited is named by the checks of streams and of the log, and by why', async () => {
  const deleted = randomUUID();
  const limited = randomUUID();
  const restored = randomUUID();
  const whole = randomUUID();
  for (const jobId of [deleted, limited, restored, whole]) await append(`job-${jobId}`);
  await client.deleteStream(`job-${deleted}`);
  await client.setStreamMetadata(`job-${limited}`, { maxCount: 1 });
  await client.setStreamMetadata(`job-${restored}`, { maxCount: 1 });
  await client.setStreamMetadata(`job-${restored}`, {});
  const streams = await verifyStreams({ log, faultsMax: 100 });
  const named = streams.faults.filter(({ message }) => message.includes('hidden from readers'));
  expect(named.map(({ stream }) => stream).sort()).toEqual([`job-${deleted}`, `job-${limited}`].sort());
  const { faults } = await verifyLog({ log, copies: [], keys: [], faultsMax: 100 });
  const hidden = faults.filter((fault) => 'stream' in fault && fault.kind === 'hidden');
  expect(hidden).toHaveLength(2);

  const env = {
    EVENTSTORE_URL: store.connectionString,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    GATEWAY_URL: 'http://127.0.0.1:1',
  };
  const told = await runDocket(['why', deleted], env);
  expect(told.code).toBe(1);
  expect(told.stderr).toContain('was deleted or limited in the event store');
  expect((await runDocket(['why', randomUUID()], env)).stderr).toContain('There is no job');
});
