import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from './connect.ts';
import { CheckpointNotInLog, LogUnavailable } from './errors.ts';
import type { EventToAppend } from './event-log.ts';
import { differenceFrom } from './log-difference.ts';

/** Longest wait for what must come, on however slow a machine. */
const COMES_MS_MAX = 20_000;

let store: TestEventStore;
let proxy: FaultProxy;
let log: ConnectedEventLog;
const lines: string[] = [];

/** One suite for both: what carries appends and live events must make no difference. */
describe.each(['auto', 'client'] as const)('over the transport %s', (transport) => {
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
      transport,
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

  it('a burst that ends the live subscription costs no event, no readiness, no line and no client [S1]', async () => {
    lines.length = 0;
    const prefix = `job-burst-${randomUUID()}`;
    let after = await log.head();
    const seen: string[] = [];
    let caughtUp = 0;
    let interruptions = 0;
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

  it('an append repeated while the first is in flight is done once, right for both, and costs no client [S2]', async () => {
    const slow = await startTestEventStore({ likeEventStoreDB: { holdAppendsMs: 300 } });
    const front = await startFaultProxy(slow.port);
    const slowLog = connectEventLog({
      transport,
      connectionString: `esdb://127.0.0.1:${front.port}?tls=false`,
      timeoutMs: 10_000,
      log: pino({ level: 'silent' }),
    });
    const stream = `job-${randomUUID()}`;
    const events = [someEvent(), someEvent()];
    const both = await Promise.all([1, 2].map(() => slowLog.append(stream, events, 'no_stream')));
    expect(both.map(({ revision }) => revision)).toEqual([1n, 1n]);
    expect((await slowLog.readLast(stream))?.revision).toBe(1n);
    // One connection appends and one reads, or both share one.
    expect(front.connections()).toBeLessThanOrEqual(2);
    await slowLog.close();
    await front.stop();
    await slow.stop();
  });

  it('a checkpoint that is no position of this log is told by name, and seldom [S5]', async () => {
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

  it('a store that starts and is not ready yet is waited for within the time of the append [S10]', async () => {
    const starting = await startTestEventStore({ likeEventStoreDB: { notReadyMs: 1_500 } });
    const early = connectEventLog({
      transport,
      connectionString: starting.connectionString,
      timeoutMs: 10_000,
      log: pino({ level: 'silent' }),
    });
    expect((await early.append(`job-${randomUUID()}`, [someEvent()], 'no_stream')).revision).toBe(0n);
    await early.close();
    await starting.stop();
  });

  it('a position beyond the end, which the server follows as if all were well, is named by the follower and by the comparison with the log [S6]', async () => {
    const { position } = await log.append(`job-${randomUUID()}`, [someEvent()], 'no_stream');
    const beyond = position + 1_000_000n;
    let caughtUp = 0;
    const told: Error[] = [];
    const following = log.follow({
      after: () => beyond,
      filter: { streamPrefixes: ['job-'] },
      onEvent: () => undefined,
      onCaughtUp: () => void (caughtUp += 1),
      onInterrupted: (cause) => void told.push(cause),
    });
    await until(() => told.length > 0);
    await following.stop();
    expect(told[0]).toBeInstanceOf(CheckpointNotInLog);
    expect(caughtUp).toBe(0);
    expect(await log.eventAt(beyond)).toBeNull();
    const standing = { checkpoint: beyond, mark: null, streamPrefixes: ['job-'] };
    expect(await differenceFrom(log, standing)).toMatchObject({ code: 'LOG_DIFFERS' });
  });

  it('a follower that was quiet goes on from its last checkpoint, and misses and doubles nothing [S7]', async () => {
    const prefix = `job-quiet-${randomUUID()}`;
    const start = await log.head();
    await log.append(`${prefix}-first`, [someEvent(1)], 'no_stream');
    const others = Array.from({ length: 100 }, (_, n) => someEvent(n));
    for (let round = 0; round < 30; round += 1)
      await log.append(`other-${randomUUID()}`, others, 'no_stream');
    const head = await log.head();
    let after = start;
    let caughtUp = 0;
    const seen: number[] = [];
    const checkpoints: bigint[] = [];
    const follow = () =>
      log.follow({
        after: () => after,
        filter: { streamPrefixes: [prefix] },
        onEvent: ({ data, position }) => {
          seen.push((data as { n: number }).n);
          after = position;
        },
        onCheckpoint: (position) => {
          checkpoints.push(position);
          after = position;
        },
        onCaughtUp: () => void (caughtUp += 1),
      });
    const first = follow();
    await until(() => caughtUp > 0);
    await first.stop();
    // The server says nothing of the end; who has read up to it knows it all the same, and starts from there.
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(after).toBe(head);
    const second = follow();
    await until(() => caughtUp > 1);
    await log.append(`${prefix}-second`, [someEvent(2)], 'no_stream');
    await until(() => seen.length > 1);
    await second.stop();
    expect(seen).toEqual([1, 2]);
  });

  it('a read of at most no events ends at once, although the server would never answer it [S9]', async () => {
    await log.append(`job-${randomUUID()}`, [someEvent()], 'no_stream');
    const events: unknown[] = [];
    for await (const event of log.readAll('start', { streamPrefixes: ['job-'] }, 0)) events.push(event);
    expect(events).toEqual([]);
  });

  it('a store that stops in order and comes back is waited for: each append is done once, each event seen once [S11]', async () => {
    const stopping = await startTestEventStore();
    const own = connectEventLog({
      transport,
      connectionString: stopping.connectionString,
      timeoutMs: COMES_MS_MAX,
      log: pino({ level: 'silent' }),
    });
    const prefix = `job-stop-${randomUUID()}`;
    const seen: string[] = [];
    const told: Error[] = [];
    let after: bigint | 'start' = 'start';
    let caughtUp: number = 0;
    let isOver: boolean = false;
    const following = own.follow({
      after: () => after,
      filter: { streamPrefixes: [prefix] },
      onEvent: ({ stream, position }) => {
        seen.push(stream);
        after = position;
      },
      onCaughtUp: () => void (caughtUp += 1),
      onInterrupted: (cause) => void told.push(cause),
    });
    await until(() => caughtUp > 0);
    const written: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; !isOver; n += 1) {
        const stream = `${prefix}-${writer}-${n}`;
        expect((await own.append(stream, [someEvent()], 'no_stream')).revision).toBe(0n);
        written.push(stream);
      }
    });
    await until(() => written.length > 50);
    await stopping.kill('SIGTERM');
    const beforeStop = written.length;
    await stopping.restart();
    await until(() => written.length > beforeStop + 50);
    isOver = true;
    await Promise.all(writers);
    await until(() => seen.length >= written.length);
    expect(seen.toSorted()).toEqual(written.toSorted());
    // The follower was told of an outage, by the answer that only an orderly stop gives.
    expect(told.every((error) => error instanceof LogUnavailable)).toBe(true);
    expect(told.some(({ cause }) => String(cause).includes('RST_STREAM'))).toBe(true);
    await following.stop();
    await own.close();
    await stopping.stop();
  });
});
