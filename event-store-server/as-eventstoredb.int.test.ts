/**
 * What EventStoreDB 23.10.6 answered to these calls of the same client, and what this store answers. Each was answered
 * otherwise here before.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  binaryEvent,
  DeadlineExceededError,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import {
  connectTo,
  counted,
  eventually,
  newStream,
  numbersOf,
  startStoreForTests,
  type StoreForTests,
} from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

jest.setTimeout(120_000);

let started: StoreForTests;
let client: EventStoreDBClient;

beforeAll(async () => {
  started = await startStoreForTests();
  client = started.client;
});
afterAll(() => started.stop());

const read = (stream: string): Promise<number[]> => numbersOf(client.readStream(stream));

async function conflictOf(attempt: Promise<unknown>): Promise<unknown> {
  const error = await attempt.then(
    () => null,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(WrongExpectedVersionError);
  return (error as WrongExpectedVersionError).actualVersion;
}

async function streamOf(...numbers: number[]): Promise<string> {
  const stream = newStream();
  await client.appendToStream(
    stream,
    numbers.map((n) => counted(n)),
  );
  return stream;
}

const allEvents = async (): Promise<number> => {
  let count = 0;
  for await (const { event } of client.readAll()) if (event !== undefined) count += 1;
  return count;
};

describe('a delete', () => {
  it('of a stream that does not exist is refused, with -1 for what is there, and writes nothing', async () => {
    const before = await allEvents();
    expect(await conflictOf(client.deleteStream(newStream()))).toBe(-1n);
    expect(await conflictOf(client.deleteStream(newStream(), { expectedRevision: 'no_stream' }))).toBe(-1n);
    expect(await conflictOf(client.deleteStream(newStream(), { expectedRevision: 3n }))).toBe(-1n);
    expect(await conflictOf(client.tombstoneStream(newStream(), { expectedRevision: 3n }))).toBe(-1n);
    expect(await allEvents()).toBe(before);
  });

  it('of a stream that has metadata alone is taken', async () => {
    const stream = newStream();
    await client.setStreamMetadata(stream, { maxCount: 5 });
    await client.deleteStream(stream);
    await expect(read(stream)).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('leaves nothing of the metadata, and the next append what hides the deleted events', async () => {
    const stream = await streamOf(0, 1, 2);
    await client.setStreamMetadata(stream, { maxCount: 3, owner: 'somebody' });
    await client.deleteStream(stream);
    const metadata = async () => (await client.getStreamMetadata(stream)).metadata;
    expect(Object.keys((await metadata()) ?? {})).toEqual(['truncateBefore']);
    await client.appendToStream(stream, counted(3));
    expect(await metadata()).toEqual({ truncateBefore: 3 });
    expect(await read(stream)).toEqual([3]);
  });
});

describe('a soft-deleted stream', () => {
  it('stays not found when its first batch is repeated, which is answered without a position', async () => {
    const stream = newStream();
    const batch = [counted(0), counted(1), counted(2)];
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await client.deleteStream(stream);
    const before = await allEvents();
    const again = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect([again.success, again.nextExpectedRevision, again.position]).toEqual([true, 2n, undefined]);
    expect(await allEvents()).toBe(before);
    await expect(read(stream)).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('is begun again once by a batch that expects none, and its repeat is a conflict', async () => {
    const stream = await streamOf(0, 1, 2);
    await client.deleteStream(stream);
    const batch = [counted(3), counted(4)];
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(await conflictOf(client.appendToStream(stream, batch, { expectedRevision: 'no_stream' }))).toBe(
      4n,
    );
    expect(await read(stream)).toEqual([3, 4]);
  });

  it('is a conflict for an append of no events that expects none', async () => {
    const stream = await streamOf(0, 1);
    await client.deleteStream(stream);
    expect(await conflictOf(client.appendToStream(stream, [], { expectedRevision: 'no_stream' }))).toBe(1n);
  });

  it('exists again, without events, when its metadata is set', async () => {
    const stream = await streamOf(0, 1, 2);
    await client.deleteStream(stream);
    await client.setStreamMetadata(stream, { maxCount: 10 });
    expect(await read(stream)).toEqual([]);
    expect((await client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 10, truncateBefore: 3 });
    await client.appendToStream(stream, counted(3), { expectedRevision: 2n });
    expect(await read(stream)).toEqual([3]);
  });
});

describe.each(['any', 'stream_exists'] as const)('an append that expects %s', (expectedRevision) => {
  it('and repeats known events, in part or in another order, is answered and writes nothing', async () => {
    const stream = newStream();
    const events = [counted(0), counted(1), counted(2)] as const;
    await client.appendToStream(stream, [...events]);
    const revisionOf = async (...parts: number[]): Promise<bigint> => {
      const repeated = parts.map((part) => events[part as 0]);
      return (await client.appendToStream(stream, repeated, { expectedRevision })).nextExpectedRevision;
    };
    expect(await revisionOf(1)).toBe(1n);
    expect(await revisionOf(1, 2)).toBe(2n);
    expect(await revisionOf(2, 0)).toBe(0n);
    expect(await revisionOf(0, 2)).toBe(2n);
    expect(await read(stream)).toEqual([0, 1, 2]);
  });

  it('and begins with a new event writes known ones a second time; the other way round it is a conflict', async () => {
    const stream = newStream();
    const known = counted(0);
    await client.appendToStream(stream, known);
    await client.appendToStream(stream, [counted(1), known], { expectedRevision });
    expect(await read(stream)).toEqual([0, 1, 0]);
    expect(await conflictOf(client.appendToStream(stream, [known, counted(2)], { expectedRevision }))).toBe(
      2n,
    );
  });

  it('is recognised after 10,000 other events', async () => {
    const stream = newStream();
    const event = counted(0);
    await client.appendToStream(stream, event);
    const others = Array.from({ length: 500 }, (_, n) => counted(n));
    for (let round = 0; round < 20; round += 1)
      await client.appendToStream(
        newStream('others'),
        others.map((other) => ({ ...other, id: randomUUID() })),
        { expectedRevision: 'no_stream' },
      );
    await client.appendToStream(stream, event, { expectedRevision });
    expect(await read(stream)).toEqual([0]);
  });
});

it('an append that expects any is written again after a restart, one that names a revision is not', async () => {
  const sessions = openStoreSessions();
  const event = counted(0);
  await sessions.session('SIGTERM', (own) => own.appendToStream('s', event));
  await sessions.session('SIGTERM', async (own) => {
    await own.appendToStream('s', event, { expectedRevision: 'no_stream' });
    expect(await numbersOf(own.readStream('s'))).toEqual([0]);
    await own.appendToStream('s', event);
    expect(await numbersOf(own.readStream('s'))).toEqual([0, 0]);
  });
  await sessions.end();
});

describe('the size of an append', () => {
  const bytes = (count: number) =>
    binaryEvent({ type: 'T'.repeat(500), data: new Uint8Array(count), metadata: new Uint8Array(5000) });

  it('is that of its content alone', async () => {
    const stream = newStream();
    await client.appendToStream(stream, bytes(1024 * 1024));
    const tooLarge = client.appendToStream(stream, [bytes(1024 * 1024), bytes(1)]);
    await expect(tooLarge).rejects.toBeInstanceOf(MaxAppendSizeExceededError);
  });

  it('is not looked at when its deadline has passed', async () => {
    const late = client.appendToStream(newStream(), bytes(2 * 1024 * 1024), { deadline: 0 });
    await expect(late).rejects.toBeInstanceOf(DeadlineExceededError);
  });

  it('of no events at all is answered with a position', async () => {
    const { position } = await client.appendToStream(newStream(), []);
    expect(position?.commit).toBeGreaterThan(0n);
  });
});

it('a stream read forwards from its end, or for no events, is refused as a read that makes no sense', async () => {
  const stream = await streamOf(0);
  const refused = { code: 2, message: expect.stringContaining('Unexpected ReadStreamResult: Error') };
  await expect(numbersOf(client.readStream(stream, { fromRevision: 'end' }))).rejects.toMatchObject(refused);
  await expect(numbersOf(client.readStream(stream, { maxCount: 0 }))).rejects.toMatchObject(refused);
});

describe('a tombstoned stream', () => {
  it('has no metadata any more, asked for it either way', async () => {
    const stream = await streamOf(0);
    await client.setStreamMetadata(stream, { maxCount: 3 });
    await client.tombstoneStream(stream);
    await expect(client.getStreamMetadata(stream)).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(read(`$$${stream}`)).rejects.toBeInstanceOf(StreamDeletedError);
  });

  it('sends its tombstone to a live subscription, and then the error', async () => {
    const stream = await streamOf(0);
    const heard: string[] = [];
    client
      .subscribeToStream(stream)
      .on('data', ({ event }) => heard.push(event?.type ?? ''))
      .on('caughtUp', () => heard.push('caught up'))
      .on('error', (error) => heard.push(error instanceof StreamDeletedError ? 'deleted' : String(error)));
    await eventually(() => heard.includes('caught up'), 'live');
    await client.appendToStream(stream, counted(1));
    await client.tombstoneStream(stream);
    await eventually(() => heard.includes('deleted'), 'the end');
    expect(heard).toEqual(['Counted', 'caught up', 'Counted', '$streamDeleted', 'deleted']);
  });

  it('is caught up with by a subscription from its end', async () => {
    const stream = await streamOf(0);
    await client.tombstoneStream(stream);
    const heard: string[] = [];
    const subscription = client
      .subscribeToStream(stream, { fromRevision: 'end' })
      .on('data', () => heard.push('event'))
      .on('caughtUp', () => heard.push('caught up'))
      .on('error', (error) => heard.push(String(error)));
    await eventually(() => heard.length > 0, 'something');
    expect(heard).toEqual(['caught up']);
    await subscription.unsubscribe();
  });
});

describe('a link', () => {
  const link = (content: string) => binaryEvent({ type: '$>', data: Buffer.from(content) });
  const resolved = async (content: string) => {
    const stream = newStream('links');
    await client.appendToStream(stream, link(content));
    const found = [];
    for await (const one of client.readStream(stream, { resolveLinkTos: true })) found.push(one);
    expect(found).toHaveLength(1);
    return found[0] as (typeof found)[0];
  };

  it('that names no event is an event like any other', async () => {
    const found = await resolved('nonsense');
    expect([found.event?.type, found.link]).toEqual(['$>', undefined]);
  });

  it('to -1 is to the newest event of the stream', async () => {
    const stream = await streamOf(0, 1, 2);
    const found = await resolved(`-1@${stream}`);
    expect([found.event?.revision, found.link?.type]).toEqual([2n, '$>']);
  });
});

it('the nil UUID, and a read or subscription of a stream without a name, are refused', async () => {
  const nil = jsonEvent({ id: '00000000-0000-0000-0000-000000000000', type: 'T', data: {} });
  await expect(client.appendToStream(newStream(), nil)).rejects.toThrow();
  await expect(read('')).rejects.toThrow();
  const own = connectTo(started.store.port);
  const error = await new Promise((resolve) => own.subscribeToStream('').on('error', resolve));
  expect(error).toMatchObject({ message: expect.stringContaining('stream name is empty') });
  await own.dispose();
});
