import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLog } from '../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../tests/harness/fault-proxy.ts';
import { connectEventLog } from './connect.ts';
import { AppendRefused, LogUnavailable, StreamMovedOn } from './errors.ts';
import type { EventLog, EventToAppend, RecordedEvent } from './event-log.ts';

let store: TestEventStore;
let proxy: FaultProxy;
let log: EventLog;

/** One suite for both: what carries appends and live events must make no difference. */
describe.each(['auto', 'client'] as const)('over the transport %s', (transport) => {
  beforeAll(async () => {
    store = await startTestEventStore();
    proxy = await startFaultProxy(store.port);
    log = connectEventLog({
      transport,
      connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`,
      timeoutMs: 4_000,
      log: createLog('test', 'silent'),
    });
  });

  afterAll(async () => {
    await log.close();
    await proxy.stop();
    await store.stop();
  });

  const someStream = () => `job-${randomUUID()}`;
  const someEvent = (id: string = randomUUID(), n = 0): EventToAppend => ({
    id,
    type: 'Happened',
    data: { n },
    metadata: { by: 'test' },
  });

  async function all(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
    const list: RecordedEvent[] = [];
    for await (const event of events) list.push(event);
    return list;
  }

  async function until(done: () => boolean, withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!done()) {
      if (Date.now() > deadline) throw new Error('not within time');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  describe('appending', () => {
    it('needs the exact revision and reports the actual one', async () => {
      const stream = someStream();
      const first = await log.append(stream, [someEvent(), someEvent()], 'no_stream');
      expect(first.revision).toBe(1n);
      await expect(log.append(stream, [someEvent()], 'no_stream')).rejects.toMatchObject({ actual: 1n });
      await expect(log.append(stream, [someEvent()], 0n)).rejects.toBeInstanceOf(StreamMovedOn);
      const next = await log.append(stream, [someEvent()], 1n);
      expect(next.revision).toBe(2n);
      expect(next.position).toBeGreaterThan(first.position);
    });

    it('a missing stream is reported as such', async () => {
      await expect(log.append(someStream(), [someEvent()], 4n)).rejects.toMatchObject({ actual: null });
    });

    it('the same ids at the same revision are the same append, answered as the first time [R02.02]', async () => {
      const stream = someStream();
      const events = [someEvent(), someEvent()];
      const first = await log.append(stream, events, 'no_stream');
      await log.append(stream, [someEvent()], 1n);
      expect(await log.append(stream, events, 'no_stream')).toEqual(first);
      expect(await all(log.readStream(stream))).toHaveLength(3);
    });

    it('a refused append is never done, whatever the connection string says about failures', async () => {
      const unthrowing = connectEventLog({
        transport,
        connectionString: `${store.connectionString}&throwOnAppendFailure=false`,
        timeoutMs: 4_000,
        log: createLog('test', 'silent'),
      });
      const stream = someStream();
      await unthrowing.append(stream, [someEvent()], 'no_stream');
      await expect(unthrowing.append(stream, [someEvent()], 'no_stream')).rejects.toMatchObject({
        code: 'STREAM_MOVED_ON',
        actual: 0n,
      });
      await unthrowing.close();
    });

    it.each([
      ['an event id that is no UUID', 'job-a', someEvent('nonsense')],
      ['the nil UUID', 'job-a', someEvent('00000000-0000-0000-0000-000000000000')],
      ['an event without a type', 'job-a', { ...someEvent(), type: '' }],
      ['a stream without a name', '', someEvent()],
      ['a stream of the server itself', '$$', someEvent()],
    ])('%s is refused before it reaches the client, which goes on [S3][S4]', async (_what, stream, event) => {
      const connections = proxy.connections();
      await expect(log.append(stream, [event], 'no_stream')).rejects.toBeInstanceOf(AppendRefused);
      await log.append(someStream(), [someEvent()], 'no_stream');
      expect(proxy.connections()).toBe(connections);
    });

    it('events beyond the size limit are refused for good', async () => {
      const huge = { ...someEvent(), data: { text: 'x'.repeat(2 * 1024 * 1024) } };
      await expect(log.append(someStream(), [huge], 'no_stream')).rejects.toBeInstanceOf(AppendRefused);
    });

    it('a clock that is a day behind, or is set back meanwhile, keeps nobody from appending [D28]', async () => {
      const realNow = Date.now.bind(Date);
      let behindMs = 24 * 3_600_000;
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => realNow() - behindMs);
      try {
        const stream = someStream();
        expect(await log.append(stream, [someEvent()], 'no_stream')).toMatchObject({ revision: 0n });
        const under = log.append(stream, [someEvent()], 0n);
        behindMs *= 2;
        expect(await under).toMatchObject({ revision: 1n });
      } finally {
        clock.mockRestore();
      }
    });

    it('a lost reply is asked for again and nothing is written twice [D20]', async () => {
      const stream = someStream();
      await log.append(stream, [someEvent()], 'no_stream');
      proxy.fault.dropReplies = true;
      const appending = log.append(stream, [someEvent()], 0n);
      await new Promise((resolve) => setTimeout(resolve, 300));
      proxy.fault.dropReplies = false;
      expect((await appending).revision).toBe(1n);
      expect(await all(log.readStream(stream))).toHaveLength(2);
    });

    it('a server that says nothing ends in LogUnavailable within the time limit, not in a hang [D20]', async () => {
      proxy.fault.silent = true;
      const startedAt = performance.now();
      await expect(log.append(someStream(), [someEvent()], 'no_stream')).rejects.toBeInstanceOf(
        LogUnavailable,
      );
      expect(performance.now() - startedAt).toBeLessThan(6_000);
      await expect(all(log.readStream(someStream()))).rejects.toBeInstanceOf(LogUnavailable);
      proxy.fault.silent = false;
      proxy.cut();
      const stream = someStream();
      await log.append(stream, [someEvent()], 'no_stream');
      expect(await all(log.readStream(stream))).toHaveLength(1);
    });

    it('fifty appends whose replies are all lost end as fifty appends, and the process lives [D20]', async () => {
      proxy.fault.dropReplies = true;
      const streams = Array.from({ length: 50 }, someStream);
      const appending = streams.map((stream) => log.append(stream, [someEvent()], 'no_stream'));
      await new Promise((resolve) => setTimeout(resolve, 2_300));
      // What was swallowed is missing in the middle of the connection, so it ends here.
      proxy.fault.dropReplies = false;
      proxy.cut();
      for (const { revision } of await Promise.all(appending)) expect(revision).toBe(0n);
      for (const stream of streams) expect(await all(log.readStream(stream))).toHaveLength(1);
    });

    it('connections cut under way lose no acknowledged append and repeat none [D19]', async () => {
      const stream = someStream();
      const cutting = setInterval(() => proxy.cut(), 150);
      for (let n = 0; n < 60; n += 1)
        await log.append(stream, [someEvent(undefined, n)], n === 0 ? 'no_stream' : BigInt(n - 1));
      clearInterval(cutting);
      const events = await all(log.readStream(stream));
      expect(events.map(({ data }) => (data as { n: number }).n)).toEqual(
        Array.from({ length: 60 }, (_, n) => n),
      );
    });
  });

  describe('reading', () => {
    it('a stream that does not exist has no events and no last one', async () => {
      expect(await all(log.readStream(someStream()))).toEqual([]);
      expect(await log.readLast(someStream())).toBeNull();
    });

    it('$all after a position gives what came later, filtered', async () => {
      const before = await log.head();
      const stream = someStream();
      await log.append(stream, [someEvent(undefined, 1), someEvent(undefined, 2)], 'no_stream');
      await log.append(`other-${randomUUID()}`, [someEvent()], 'no_stream');
      const events = await all(log.readAll(before, { streamPrefixes: ['job-'] }));
      expect(events.map((event) => [event.stream, event.revision, (event.data as { n: number }).n])).toEqual([
        [stream, 0n, 1],
        [stream, 1n, 2],
      ]);
      expect(await all(log.readAll(before, { streamPrefixes: ['job-'] }, 1))).toHaveLength(1);
      expect(await log.readLast(stream)).toMatchObject({ revision: 1n, position: events[1]!.position });
      expect(await all(log.readAll(before, { streamPrefixes: ['job-'] }, 0))).toEqual([]);
    });

    it('a position has its event, and none beside it', async () => {
      const { position } = await log.append(someStream(), [someEvent(undefined, 7)], 'no_stream');
      expect(await log.eventAt(position)).toMatchObject({ position, data: { n: 7 } });
      expect(await log.eventAt(position - 1n)).toBeNull();
      expect(await log.eventAt(position + 1_000_000n)).toBeNull();
    });
  });

  describe('following', () => {
    it('delivers every event once and in order while the connection is cut again and again', async () => {
      const from = await log.head();
      let after = from;
      const seen: number[] = [];
      const following = log.follow({
        after: () => after,
        filter: { streamPrefixes: ['job-'] },
        onEvent: (event) => {
          seen.push((event.data as { n: number }).n);
          after = event.position;
        },
      });
      const cutting = setInterval(() => proxy.cut(), 150);
      const stream = someStream();
      for (let n = 0; n < 80; n += 1)
        await log.append(stream, [someEvent(undefined, n)], n === 0 ? 'no_stream' : BigInt(n - 1));
      clearInterval(cutting);
      await until(() => seen.length >= 80);
      await following.stop();
      expect(seen).toEqual(Array.from({ length: 80 }, (_, n) => n));
    });

    it('a checkpoint and caughtUp never overtake an event that is still waiting to be handled', async () => {
      const from = await log.head();
      const stream = someStream();
      for (let batch = 0; batch < 10; batch += 1) {
        const events = Array.from({ length: 200 }, (_, n) => someEvent(undefined, batch * 200 + n));
        await log.append(stream, events, batch === 0 ? 'no_stream' : BigInt(batch * 200 - 1));
        await log.append(
          `noise-${randomUUID()}`,
          Array.from({ length: 400 }, () => someEvent()),
          'no_stream',
        );
      }
      const order: string[] = [];
      let handled = from;
      let caughtUp = false;
      const following = log.follow({
        after: () => from,
        filter: { streamPrefixes: ['job-'] },
        onEvent: async (event) => {
          if ((event.data as { n: number }).n % 50 === 0)
            await new Promise((resolve) => setTimeout(resolve, 5));
          if (event.position <= handled) order.push('event behind a checkpoint');
          handled = event.position;
        },
        onCheckpoint: (position) => void (handled = position > handled ? position : handled),
        onCaughtUp: () => {
          caughtUp = true;
          order.push(`caught up`);
        },
      });
      await until(() => caughtUp);
      await following.stop();
      expect(order).toEqual(['caught up']);
      expect(handled).toBeGreaterThanOrEqual((await log.readLast(stream))!.position);
    });

    it('a consumer that throws is delivered the same event again', async () => {
      const from = await log.head();
      const stream = someStream();
      await log.append(stream, [someEvent(undefined, 1), someEvent(undefined, 2)], 'no_stream');
      let after = from;
      let failures = 2;
      const seen: number[] = [];
      const following = log.follow({
        after: () => after,
        filter: { streamPrefixes: ['job-'] },
        onEvent: (event) => {
          failures -= 1;
          if (failures >= 0) throw new Error('the database is away');
          seen.push((event.data as { n: number }).n);
          after = event.position;
        },
      });
      await until(() => seen.length >= 2);
      await following.stop();
      expect(seen).toEqual([1, 2]);
    });

    it('comes back by itself when the store was killed and started again [D19]', async () => {
      let after = await log.head();
      const seen: number[] = [];
      const following = log.follow({
        after: () => after,
        filter: { streamPrefixes: ['job-'] },
        onEvent: (event) => {
          seen.push((event.data as { n: number }).n);
          after = event.position;
        },
      });
      const stream = someStream();
      await log.append(stream, [someEvent(undefined, 1)], 'no_stream');
      await until(() => seen.length === 1);
      await store.kill('SIGKILL');
      await expect(log.append(stream, [someEvent(undefined, 9)], 0n)).rejects.toBeInstanceOf(LogUnavailable);
      await store.restart();
      await log.append(stream, [someEvent(undefined, 2)], 0n);
      await until(() => seen.length === 2, 15_000);
      await following.stop();
      expect(seen).toEqual([1, 2]);
    });
  });
});
