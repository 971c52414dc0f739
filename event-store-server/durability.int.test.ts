import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { connectTo, counted, numbersOf } from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions, type StoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

// Generous: each test starts several processes, and the machine may have much else to do.
jest.setTimeout(120_000);

let directory: string;
let start: StoreSessions['start'];
let session: StoreSessions['session'];
let refusedStart: StoreSessions['refusedStart'];
let end: StoreSessions['end'];

beforeEach(() => {
  ({ directory, start, session, refusedStart, end } = openStoreSessions());
});
afterEach(() => end());

const logFile = (): string =>
  join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) as string,
  );

function flipByte(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x40;
  writeSync(handle, byte, 0, 1, at);
  closeSync(handle);
}

/** Offset in the log file at which the event with this filler lies. */
const offsetOf = (text: string): number => readFileSync(logFile()).indexOf(text);

describe('SIGKILL', () => {
  it('under 16 writers twenty times in a row loses no acknowledged append and shows no half of one', async () => {
    const acknowledged = new Map<string, number>();
    const streams = Array.from({ length: 16 }, (_, writer) => `writer-${writer}`);
    const checked = new Map<string, number>();
    const appended = new Map(streams.map((stream) => [stream, 0]));

    /** Each append is a pair of events, so half of one would show. */
    const write = async (
      client: EventStoreDBClient,
      stream: string,
      isOver: () => boolean,
    ): Promise<void> => {
      while (!isOver()) {
        const n = appended.get(stream) as number;
        const expectedRevision = n === 0 ? 'no_stream' : BigInt(2 * n - 1);
        await client.appendToStream(stream, [counted(n), counted(n)], { expectedRevision });
        appended.set(stream, n + 1);
        acknowledged.set(stream, n + 1);
      }
    };

    /** Reads what is new since the last check, or everything. */
    const check = async (
      client: EventStoreDBClient,
      { everything } = { everything: false },
    ): Promise<void> => {
      for (const stream of streams) {
        const known = acknowledged.get(stream) ?? 0;
        const from = everything ? 0 : Math.max(0, checked.get(stream) ?? 0);
        const numbers = await numbersOf(client.readStream(stream, { fromRevision: BigInt(2 * from) })).catch(
          () => [],
        );
        expect(numbers.length % 2).toBe(0);
        expect(numbers).toEqual(
          Array.from({ length: numbers.length }, (_, place) => from + Math.floor(place / 2)),
        );
        const pairs = from + numbers.length / 2;
        // One append may have been written and not acknowledged before the kill.
        expect([known, known + 1]).toContain(pairs);
        appended.set(stream, pairs);
        acknowledged.set(stream, pairs);
        checked.set(stream, pairs);
      }
    };

    for (let round = 0; round < 20; round += 1) {
      const store = await start();
      const client = connectTo(store.port);
      await check(client);
      let isOver = false;
      const writers = streams.map((stream) => write(client, stream, () => isOver).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 80 + 15 * round));
      isOver = round === 19;
      await store.end('SIGKILL');
      isOver = true;
      await Promise.all(writers);
      await client.dispose();
    }
    const store = await start();
    const client = connectTo(store.port);
    await check(client, { everything: true });
    await client.dispose();
    const total = [...acknowledged.values()].reduce((sum, pairs) => sum + pairs, 0);
    expect(total).toBeGreaterThan(100);
  }, 300_000);
});

describe('a restart', () => {
  it('finds streams, revisions, positions, metadata and deletions as they were', async () => {
    const survey = async (client: EventStoreDBClient): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { event } of client.readAll())
        found.push([event?.streamId, event?.revision, event?.position, event?.id, event?.data]);
      found.push(await numbersOf(client.readStream('limited')), await client.getStreamMetadata('limited'));
      return found;
    };
    let before: unknown[] = [];
    const event = counted(77);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await session(signal, async (client) => {
        await client.appendToStream('limited', [counted(1), counted(2), counted(3)]);
        await client.setStreamMetadata('limited', { maxCount: 2 });
        await client.appendToStream(`deleted-${signal}`, counted(1));
        await client.deleteStream(`deleted-${signal}`);
        await client.appendToStream(`gone-${signal}`, counted(1));
        await client.tombstoneStream(`gone-${signal}`);
        if (signal === 'SIGTERM') await client.appendToStream('repeated', event);
        before = await survey(client);
      });
      await session('SIGKILL', async (client) => {
        expect(await survey(client)).toEqual(before);
        await expect(client.appendToStream(`gone-${signal}`, counted(2))).rejects.toMatchObject({
          type: 'stream-deleted',
        });
        await expect(numbersOf(client.readStream(`deleted-${signal}`))).rejects.toMatchObject({
          type: 'stream-not-found',
        });
        // What named a revision is known for ever.
        const again = await client.appendToStream('repeated', event, { expectedRevision: 'no_stream' });
        expect(again.nextExpectedRevision).toBe(0n);
      });
    }
  });

  it('without an index file, or with a damaged one, reads the segment instead', async () => {
    await session('SIGTERM', (client) => client.appendToStream('kept', [counted(1), counted(2)]));
    const indexFile = logFile().replace('.log', '.index');
    flipByte(indexFile, 80);
    await session('SIGTERM', async (client) =>
      expect(await numbersOf(client.readStream('kept'))).toEqual([1, 2]),
    );
    rmSync(indexFile);
    await session('SIGTERM', async (client) =>
      expect(await numbersOf(client.readStream('kept'))).toEqual([1, 2]),
    );
  });
});

describe('a damaged log', () => {
  it('whose last record is torn is cut there and goes on', async () => {
    await session('SIGKILL', async (client) => {
      for (let n = 0; n < 5; n += 1) await client.appendToStream('torn', [counted(n), counted(n)]);
    });
    truncateSync(logFile(), statSync(logFile()).size - 7);
    const store = await session('SIGKILL', async (client) => {
      expect(await numbersOf(client.readStream('torn'))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
      const again = await client.appendToStream('torn', [counted(4), counted(4)], { expectedRevision: 7n });
      expect(again.nextExpectedRevision).toBe(9n);
    });
    // This append was answered, so the store must not say that nobody was told of it.
    expect(store.stderr()).toMatch(/^Cut \d+ bytes off the end of .*the newest write is not whole/);
    expect(store.stderr()).not.toContain('never acknowledged');
    // Rubbish behind the last record is the same.
    appendFileSync(logFile(), Buffer.alloc(300, 0x5a));
    await session('SIGKILL', async (client) =>
      expect(await numbersOf(client.readStream('torn'))).toHaveLength(10),
    );
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'with a flipped byte in the middle is reported with its place and not opened (stopped by %s)',
    async (signal) => {
      const marker = randomUUID();
      await session(signal, async (client) => {
        for (let n = 0; n < 10; n += 1) {
          const type = n === 4 ? marker : 'Counted';
          await client.appendToStream('flipped', counted(n, type));
        }
      });
      const before = readFileSync(logFile());
      const at = offsetOf(marker);
      flipByte(logFile(), at + 5);
      const refused = await refusedStart();
      expect(refused.exitCode).toBe(3);
      expect(refused.stderr).toContain(logFile());
      const place = Number(/at byte (\d+)/.exec(refused.stderr)?.[1]);
      // The place is where the damaged record begins.
      expect(place).toBeLessThan(at);
      expect(at - place).toBeLessThan(400);
      expect(statSync(logFile()).size).toBe(before.length);
      flipByte(logFile(), at + 5);
      await session('SIGTERM', async (client) =>
        expect(await numbersOf(client.readStream('flipped'))).toHaveLength(10),
      );
    },
  );

  it('with a damaged length, a damaged header or a cut file is not opened', async () => {
    await session('SIGTERM', async (client) => {
      for (let n = 0; n < 5; n += 1) await client.appendToStream('damaged', counted(n));
    });
    const whole = readFileSync(logFile());
    flipByte(logFile(), 32 + 4);
    expect((await refusedStart()).exitCode).toBe(3);
    writeFileSync(logFile(), whole);
    flipByte(logFile(), 16);
    expect(await refusedStart()).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('at byte 0') });
    // Stopped in order, the store knew how much there was.
    writeFileSync(logFile(), whole.subarray(0, whole.length - 50));
    expect(await refusedStart()).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('ends before'),
    });
  });
});
