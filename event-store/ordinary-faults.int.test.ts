import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from './connect.ts';
import { CheckpointNotInLog } from './errors.ts';
import type { EventToAppend } from './event-log.ts';

/** Longest wait for what must come, on however slow a machine. */
const COMES_MS_MAX = 20_000;

let store: TestEventStore;
let proxy: FaultProxy;
let log: ConnectedEventLog;
const lines: string[] = [];

/** A store that does to its clients what EventStoreDB was seen to do (embedded/README.md). */
beforeAll(async () => {
  store = await startTestEventStore({ likeEventStoreDB: true });
  proxy = await startFaultProxy(store.port);
  const keep = new Writable({
    write: (line, _encoding, done) => {
      lines.push(String(line));
      done();
    },
  });
  log = connectEventLog({
    connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`,
    timeoutMs: 5_000,
    log: pino({ level: 'info' }, keep),
  });
});

afterAll(async () => {
  await log.close();
  await proxy.stop();
  await store.stop();
});

const someEvent = (n = 0): EventToAppend => {
  return { id: randomUUID(), type: 'Happened', data: { n }, metadata: { by: 'test' } };
};

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + COMES_MS_MAX; !holds(); await sleep(20))
    if (performance.now() > endMs) throw new Error('not within time');
}

it('a burst that ends the live subscription costs no event, no readiness, no line and no client', async () => {
  lines.length = 0;
  const prefix = `job-burst-${randomUUID()}`;
  let after = await log.head();
  const seen: string[] = [];
  let [caughtUp, interruptions] = [0, 0];
  const following = log.follow({
    after: () => after,
    filter: { streamPrefixes: [prefix] },
    onEvent: ({ stream, revision, position }) => {
      seen.push(`${stream}@${revision.toString()}`);
      after = position;
    },
    onCaughtUp: () => void (caughtUp += 1),
    onInterrupted: () => void (interruptions += 1),
  });
  await until(() => caughtUp > 0);
  const connections = proxy.connections();
  for (let round = 0; round < 3; round += 1) {
    const burst = Array.from({ length: 500 }, (_, n) => someEvent(n));
    await log.append(`${prefix}-${round}`, burst, 'no_stream');
  }
  const writers = Array.from({ length: 300 }, (_, n) =>
    log.append(`${prefix}-w${n}`, [someEvent()], 'no_stream'),
  );
  await Promise.all(writers);
  await until(() => seen.length >= 1_800);
  expect(new Set(seen).size).toBe(1_800);
  expect(seen).toHaveLength(1_800);
  // It was ended and taken up again: otherwise this test would show nothing.
  expect(caughtUp).toBeGreaterThan(1);
  expect([interruptions, lines]).toEqual([0, []]);
  expect(proxy.connections() - connections).toBeLessThanOrEqual(1);
  await following.stop();
});

it('an append repeated while the first is in flight is done once, right for both, and costs no client', async () => {
  const slow = await startTestEventStore({ likeEventStoreDB: { holdAppendsMs: 300 } });
  const front = await startFaultProxy(slow.port);
  const slowLog = connectEventLog({
    connectionString: `esdb://127.0.0.1:${front.port}?tls=false`,
    timeoutMs: 10_000,
    log: pino({ level: 'silent' }),
  });
  const [stream, events] = [`job-${randomUUID()}`, [someEvent(), someEvent()]];
  const both = await Promise.all([1, 2].map(() => slowLog.append(stream, events, 'no_stream')));
  expect(both.map(({ revision }) => revision)).toEqual([1n, 1n]);
  expect((await slowLog.readLast(stream))?.revision).toBe(1n);
  // One connection appends and one reads, or both share one.
  expect(front.connections()).toBeLessThanOrEqual(2);
  await slowLog.close();
  await front.stop();
  await slow.stop();
});

it('a checkpoint that is no position of this log is told by name, and seldom', async () => {
  const { position } = await log.append(`job-${randomUUID()}`, [someEvent()], 'no_stream');
  expect(await log.eventAt(position)).not.toBeNull();
  expect(await log.eventAt(position - 1n)).toBeNull();
  const reading = log.readAll(position - 1n, { streamPrefixes: ['job-'] }, 1);
  await expect(reading[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(CheckpointNotInLog);
  lines.length = 0;
  const told: Error[] = [];
  const following = log.follow({
    after: () => position - 1n,
    filter: { streamPrefixes: ['job-'] },
    onEvent: () => undefined,
    onInterrupted: (cause) => void told.push(cause),
  });
  await until(() => told.length > 0);
  await sleep(500);
  await following.stop();
  expect(told[0]).toBeInstanceOf(CheckpointNotInLog);
  expect(told.length).toBeLessThan(10);
  expect(lines).toHaveLength(1);
});

it('a store that starts and is not ready yet is waited for within the time of the append', async () => {
  const starting = await startTestEventStore({ likeEventStoreDB: { notReadyMs: 1_500 } });
  const early = connectEventLog({
    connectionString: starting.connectionString,
    timeoutMs: 10_000,
    log: pino({ level: 'silent' }),
  });
  expect((await early.append(`job-${randomUUID()}`, [someEvent()], 'no_stream')).revision).toBe(0n);
  await early.close();
  await starting.stop();
});
