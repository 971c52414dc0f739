import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type ResolvedEvent,
} from '@eventstore/db-client';
import {
  counted,
  newStream,
  numbersOf,
  startStoreForTests,
  type StoreForTests,
} from '../tests/rooms/event-store-server/spawned-store.ts';

jest.setTimeout(120_000);

let started: StoreForTests;
let client: EventStoreDBClient;

beforeAll(async () => {
  started = await startStoreForTests();
  client = started.client;
});
afterAll(() => started.stop());

async function streamOf(count: number): Promise<string> {
  const stream = newStream();
  const events = Array.from({ length: count }, (_, n) => counted(n));
  await client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
  return stream;
}

async function all(events: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> {
  const found: ResolvedEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('a stream', () => {
  it('is read forwards and backwards, from a revision that is included, up to a count', async () => {
    const stream = await streamOf(10);
    const read = (options: Parameters<typeof client.readStream>[1]): Promise<number[]> =>
      numbersOf(client.readStream(stream, options));
    expect(await read({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await read({ fromRevision: 7n })).toEqual([7, 8, 9]);
    expect(await read({ fromRevision: 3n, maxCount: 2 })).toEqual([3, 4]);
    expect(await read({ direction: 'backwards', fromRevision: 'end', maxCount: 3 })).toEqual([9, 8, 7]);
    expect(await read({ direction: 'backwards', fromRevision: 2n })).toEqual([2, 1, 0]);
    expect(await read({ fromRevision: 10n })).toEqual([]);
    expect(await read({ direction: 'backwards', fromRevision: 99n, maxCount: 1 })).toEqual([9]);
  });

  it('that is missing is reported so, not as an empty one', async () => {
    await expect(numbersOf(client.readStream(newStream()))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('carries revisions and positions that only rise, the same in the stream and in $all', async () => {
    const stream = await streamOf(5);
    const events = await all(client.readStream(stream));
    expect(events.map(({ event }) => event?.revision)).toEqual([0n, 1n, 2n, 3n, 4n]);
    const positions = events.map(({ event }) => event?.position?.commit as bigint);
    expect([...positions].sort((a, b) => Number(a - b))).toEqual(positions);
    expect(new Set(positions).size).toBe(5);
    expect(events.map(({ commitPosition }) => commitPosition)).toEqual(positions);
    const inAll = (await all(client.readAll())).filter(({ event }) => event?.streamId === stream);
    expect(inAll.map(({ event }) => event?.position?.prepare)).toEqual(positions);
  });

  it('of 5,000 events is read completely and in order', async () => {
    const stream = newStream();
    for (let part = 0; part < 10; part += 1)
      await client.appendToStream(
        stream,
        Array.from({ length: 500 }, (_, n) => counted(part * 500 + n)),
      );

    const numbers = await numbersOf(client.readStream(stream));
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  });
});

describe('$all', () => {
  it('is read forwards from a position that is included and backwards from before it', async () => {
    const stream = await streamOf(4);
    const positions = (await all(client.readStream(stream))).map(({ event }) => event?.position);
    const fromPosition = positions[2] as { commit: bigint; prepare: bigint };
    expect(await numbersOf(client.readAll({ fromPosition, maxCount: 2 }))).toEqual([2, 3]);
    const backwards = client.readAll({ fromPosition, direction: 'backwards', maxCount: 2 });
    expect(await numbersOf(backwards)).toEqual([1, 0]);
    const newest = await all(client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }));
    expect(newest[0]?.event?.position).toEqual(positions[3]);
    expect(await all(client.readAll({ fromPosition: 'end' }))).toEqual([]);
    expect(await all(client.readAll({ fromPosition: 'start', direction: 'backwards' }))).toEqual([]);
  });

  it('holds the events of metadata streams and those that a limit hides', async () => {
    const stream = await streamOf(3);
    await client.setStreamMetadata(stream, { maxCount: 1 });
    const inAll = await all(client.readAll());
    expect(inAll.filter(({ event }) => event?.streamId === stream)).toHaveLength(3);
    expect(inAll.filter(({ event }) => event?.streamId === `$$${stream}`)).toHaveLength(1);
  });
});

describe('stream metadata', () => {
  it('is kept and read back, the newest version alone', async () => {
    const stream = newStream();
    expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    await client.setStreamMetadata(stream, { maxCount: 3 });
    await client.setStreamMetadata(stream, { maxCount: 7, owner: 'docket' }, { expectedRevision: 0n });
    const { metadata } = await client.getStreamMetadata(stream);
    expect(metadata).toEqual({ maxCount: 7, owner: 'docket' });
    expect(await all(client.readStream(`$$${stream}`))).toHaveLength(1);
    const stale = client.setStreamMetadata(stream, {}, { expectedRevision: 0n });
    await expect(stale).rejects.toBeInstanceOf(WrongExpectedVersionError);
  });

  it('$maxCount shows the newest events and revisions go on', async () => {
    const stream = await streamOf(10);
    await client.setStreamMetadata(stream, { maxCount: 3 });
    expect(await numbersOf(client.readStream(stream))).toEqual([7, 8, 9]);
    const next = await client.appendToStream(stream, counted(10), { expectedRevision: 9n });
    expect(next.nextExpectedRevision).toBe(10n);
    expect(await numbersOf(client.readStream(stream))).toEqual([8, 9, 10]);
    expect(
      await numbersOf(client.readStream(stream, { direction: 'backwards', fromRevision: 'end' })),
    ).toEqual([10, 9, 8]);
  });

  it('$maxAge hides events when their time is over', async () => {
    const stream = await streamOf(3);
    await client.setStreamMetadata(stream, { maxAge: 1 });
    expect(await numbersOf(client.readStream(stream))).toEqual([0, 1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await client.appendToStream(stream, counted(3), { expectedRevision: 2n });
    expect(await numbersOf(client.readStream(stream))).toEqual([3]);
  });

  it('$tb hides everything before a revision', async () => {
    const stream = await streamOf(5);
    await client.setStreamMetadata(stream, { truncateBefore: 3 });
    expect(await numbersOf(client.readStream(stream))).toEqual([3, 4]);
  });
});

describe('a soft-deleted stream', () => {
  it('is not found, can be begun again, and its revisions continue', async () => {
    const stream = await streamOf(3);
    await client.setStreamMetadata(stream, { maxCount: 100 });
    const { position } = await client.deleteStream(stream, { expectedRevision: 2n });
    expect(position?.commit).toBeGreaterThan(0n);
    await expect(numbersOf(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
    const exists = client.appendToStream(stream, counted(9), { expectedRevision: 'stream_exists' });
    await expect(exists).rejects.toBeInstanceOf(StreamDeletedError);

    const events = [counted(3), counted(4)];
    const begun = await client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
    expect(begun.nextExpectedRevision).toBe(4n);
    expect(await numbersOf(client.readStream(stream))).toEqual([3, 4]);
    const { metadata } = await client.getStreamMetadata(stream);
    // The rest of the metadata went with the stream.
    expect(metadata).toEqual({ truncateBefore: 3 });
  });

  it('is refused at the wrong revision', async () => {
    const stream = await streamOf(3);
    await expect(client.deleteStream(stream, { expectedRevision: 7n })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      streamName: stream,
      expectedVersion: 7n,
      actualVersion: 2n,
    });
  });
});

describe('a tombstoned stream', () => {
  it('is deleted for good: not read, not written, its metadata neither', async () => {
    const stream = await streamOf(2);
    await expect(client.tombstoneStream(stream, { expectedRevision: 9n })).rejects.toBeInstanceOf(
      WrongExpectedVersionError,
    );
    await client.tombstoneStream(stream, { expectedRevision: 1n });
    await expect(numbersOf(client.readStream(stream))).rejects.toMatchObject({
      type: 'stream-deleted',
      streamName: stream,
    });
    await expect(client.appendToStream(stream, counted(2))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.setStreamMetadata(stream, {})).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.tombstoneStream(stream)).rejects.toBeInstanceOf(StreamDeletedError);
    const inAll = (await all(client.readAll())).filter(({ event }) => event?.streamId === stream);
    expect(inAll.map(({ event }) => event?.type)).toEqual(['Counted', 'Counted', '$streamDeleted']);
    expect(inAll[2]?.event?.revision).toBe(9223372036854775807n);
  });
});

describe('a link', () => {
  it('is resolved when asked for, and comes alone when what it points to is gone', async () => {
    const stream = await streamOf(2);
    const links = newStream('links');
    const linkTo = (target: string) => ({
      ...jsonEvent({ type: '$>', data: {} }),
      contentType: 'application/octet-stream' as const,
      data: Buffer.from(target),
    });
    await client.appendToStream(links, [linkTo(`1@${stream}`), linkTo(`8@${stream}`)]);
    const [there, gone] = await all(client.readStream(links, { resolveLinkTos: true }));
    expect(there?.event?.data).toEqual({ n: 1 });
    expect(there?.link?.streamId).toBe(links);
    expect([gone?.event, gone?.link?.revision]).toEqual([undefined, 1n]);
    const [plain] = await all(client.readStream(links));
    expect([plain?.event?.type, plain?.link]).toEqual(['$>', undefined]);
  });
});

describe('the server', () => {
  it('is found by gossip, as the one leader', async () => {
    const discovering = EventStoreDBClient.connectionString(
      `esdb+discover://127.0.0.1:${started.store.port}?tls=false`,
    );
    const stream = newStream();
    await discovering.appendToStream(stream, counted(1));
    expect(await numbersOf(discovering.readStream(stream))).toEqual([1]);
    await discovering.dispose();
  });

  it.each([
    [
      'a persistent subscription',
      () =>
        client.createPersistentSubscriptionToStream(
          's',
          'g',
          persistentSubscriptionToStreamSettingsFromDefaults(),
        ),
    ],
    ['a projection', () => client.createProjection('p', 'fromAll()')],
  ])('answers UNIMPLEMENTED to %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ code: 12 });
    await client.appendToStream(newStream(), counted(1));
  });
});
