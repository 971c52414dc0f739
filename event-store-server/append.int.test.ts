import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  binaryEvent,
  DeadlineExceededError,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  UnknownError,
  WrongExpectedVersionError,
  type EventStoreDBClient,
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

const conflictOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'written',
    (error: unknown) =>
      error instanceof WrongExpectedVersionError
        ? [error.expectedVersion, error.actualVersion, error.streamName]
        : error,
  );

describe('an append', () => {
  it('that expects no stream begins one and answers its last revision and its position', async () => {
    const stream = newStream();
    const first = await client.appendToStream(stream, [counted(0), counted(1)], {
      expectedRevision: 'no_stream',
    });
    const second = await client.appendToStream(stream, counted(2), { expectedRevision: 1n });
    expect([first.success, first.nextExpectedRevision, second.nextExpectedRevision]).toEqual([true, 1n, 2n]);
    expect(second.position?.commit).toBeGreaterThan(first.position?.commit as bigint);
    expect(second.position?.prepare).toBe(second.position?.commit);
  });

  it('keeps content, metadata, type, id and time as they were', async () => {
    const stream = newStream('Ünïcode-名前');
    const before = Date.now();
    const json = jsonEvent({ type: 'Äußerung', data: { text: 'olá €' }, metadata: { by: 'nome' } });
    const binary = binaryEvent({
      type: 'Bytes',
      data: Uint8Array.of(0, 255, 128),
      metadata: Uint8Array.of(1, 2),
    });
    await client.appendToStream(stream, [json, binary], { expectedRevision: 'no_stream' });
    const read = [];
    for await (const { event } of client.readStream(stream)) read.push(event);
    expect(read[0]).toMatchObject({
      id: json.id,
      type: 'Äußerung',
      streamId: stream,
      data: { text: 'olá €' },
      metadata: { by: 'nome' },
      isJson: true,
    });
    expect(read[1]).toMatchObject({ id: binary.id, type: 'Bytes', isJson: false });
    expect([...(read[1]?.data as Uint8Array)]).toEqual([0, 255, 128]);
    const createdMs = read[0]?.created.getTime() ?? 0;
    expect(createdMs).toBeGreaterThanOrEqual(before);
    expect(createdMs).toBeLessThanOrEqual(Date.now());
  });

  it('at the wrong revision is refused with the actual one', async () => {
    const stream = newStream();
    await client.appendToStream(stream, [counted(0), counted(1)], { expectedRevision: 'no_stream' });
    const append = (expectedRevision: bigint | 'no_stream'): Promise<unknown> =>
      conflictOf(client.appendToStream(stream, counted(9), { expectedRevision }));
    expect(await append(0n)).toEqual([0n, 1n, stream]);
    expect(await append(7n)).toEqual([7n, 1n, stream]);
    expect(await append('no_stream')).toEqual(['no_stream', 1n, stream]);
    expect(await numbersOf(client.readStream(stream))).toEqual([0, 1]);
  });

  it('that expects a stream is refused where there is none, and metadata alone counts as one', async () => {
    const missing = newStream();
    const attempt = conflictOf(
      client.appendToStream(missing, counted(0), { expectedRevision: 'stream_exists' }),
    );
    expect(await attempt).toEqual(['stream_exists', 'no_stream', missing]);
    expect(await conflictOf(client.appendToStream(missing, counted(0), { expectedRevision: 3n }))).toEqual([
      3n,
      'no_stream',
      missing,
    ]);
    const described = newStream();
    await client.setStreamMetadata(described, { maxCount: 5 });
    const written = await client.appendToStream(described, counted(0), { expectedRevision: 'stream_exists' });
    expect(written.nextExpectedRevision).toBe(0n);
  });

  it('that expects any revision is written whatever there is', async () => {
    const stream = newStream();
    await client.appendToStream(stream, counted(0));
    await client.appendToStream(stream, counted(1), { expectedRevision: 'any' });
    expect(await numbersOf(client.readStream(stream))).toEqual([0, 1]);
  });

  it('of no events answers where the stream is and writes nothing', async () => {
    const stream = newStream();
    const first = await client.appendToStream(stream, counted(0), { expectedRevision: 'no_stream' });
    const answer = await client.appendToStream(stream, [], { expectedRevision: 0n });
    expect([answer.nextExpectedRevision, answer.position]).toEqual([0n, first.position]);
    expect(await numbersOf(client.readStream(stream))).toEqual([0]);
    expect(await conflictOf(client.appendToStream(stream, [], { expectedRevision: 4n }))).toEqual([
      4n,
      0n,
      stream,
    ]);
  });

  it.each(['no_stream', 1n, 'any', 'stream_exists'] as const)(
    'repeated with the same ids and %p answers as the first time and is stored once',
    async (expectedRevision) => {
      const stream = newStream();
      if (expectedRevision !== 'no_stream') await client.appendToStream(stream, [counted(0), counted(1)]);
      const events = [counted(2), counted(3)];
      const first = await client.appendToStream(stream, events, { expectedRevision });
      await client.appendToStream(stream, counted(4));
      const again = await client.appendToStream(stream, events, { expectedRevision });
      expect(again).toEqual(first);
      expect((await numbersOf(client.readStream(stream))).filter((n) => n > 1)).toEqual([2, 3, 4]);
    },
  );

  it('repeated at the same moment is stored once', async () => {
    const stream = newStream();
    const event = counted(0);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        client.appendToStream(stream, event, { expectedRevision: 'no_stream' }),
      ),
    );
    expect(new Set(answers.map(({ position }) => position?.commit)).size).toBe(1);
    expect(await numbersOf(client.readStream(stream))).toEqual([0]);
  });

  it('that shares some ids with another one is a conflict', async () => {
    const stream = newStream();
    const shared = counted(0);
    await client.appendToStream(stream, [shared, counted(1)]);
    expect(
      await conflictOf(
        client.appendToStream(stream, [shared, counted(2)], { expectedRevision: 'no_stream' }),
      ),
    ).toEqual(['no_stream', 1n, stream]);
    expect(await conflictOf(client.appendToStream(stream, [shared, counted(2)]))).toEqual([
      'any',
      1n,
      stream,
    ]);
  });

  it('races another for the same revision and exactly one is written', async () => {
    const stream = newStream();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        conflictOf(client.appendToStream(stream, counted(n), { expectedRevision: 'no_stream' })),
      ),
    );
    expect(outcomes.filter((outcome) => !Array.isArray(outcome))).toHaveLength(1);
    expect(await numbersOf(client.readStream(stream))).toHaveLength(1);
  });

  it('larger than 1 MiB is refused with the limit, and the connection goes on', async () => {
    const stream = newStream();
    const refused = client.appendToStream(stream, counted(0, 'Large', 1024 * 1024));
    await expect(refused).rejects.toBeInstanceOf(MaxAppendSizeExceededError);
    await expect(refused).rejects.toMatchObject({ maxAppendSize: 1024 * 1024 });
    // Beyond 3 MiB the client sends it in chunks: answered once, the later ones are dropped.
    const chunked = client.appendToStream(
      stream,
      [1, 2, 3, 4, 5].map((n) => counted(n, 'Large', 1_000_000)),
    );
    await expect(chunked).rejects.toBeInstanceOf(MaxAppendSizeExceededError);
    await client.appendToStream(stream, counted(9, 'Large', 1_000_000), { expectedRevision: 'no_stream' });
    expect(await numbersOf(client.readStream(stream))).toEqual([9]);
  });

  it('sent in many chunks is written as a whole', async () => {
    const stream = newStream();
    const events = Array.from({ length: 40 }, (_, n) => counted(n, 'Chunked', 1000));
    await client.appendToStream(stream, events, { expectedRevision: 'no_stream', batchAppendSize: 4000 });
    expect(await numbersOf(client.readStream(stream))).toEqual(events.map(({ data }) => data.n));
  });

  it('with an id that is no UUID, or to $all, is refused with the reason', async () => {
    const refused = client.appendToStream(newStream(), { ...counted(0), id: 'not-a-uuid' });
    await expect(refused).rejects.toBeInstanceOf(UnknownError);
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('not a UUID') });
    await expect(client.appendToStream('$all', counted(0))).rejects.toMatchObject({
      message: expect.stringContaining('Nothing can be written to $all'),
    });
  });

  it('whose deadline passes before the server sees it is answered with a timeout and is not written', async () => {
    const stream = newStream();
    started.store.child.kill('SIGSTOP');
    const late = expect(
      client.appendToStream(stream, counted(0), { expectedRevision: 'no_stream', deadline: 200 }),
    ).rejects.toBeInstanceOf(DeadlineExceededError);
    await new Promise((resolve) => setTimeout(resolve, 500));
    started.store.child.kill('SIGCONT');
    await late;
    await client.appendToStream(stream, counted(1), { expectedRevision: 'no_stream' });
    expect(await numbersOf(client.readStream(stream))).toEqual([1]);
  });
});

describe('the classic append, which the client uses with credentials of a call', () => {
  const credentials = { username: 'admin', password: 'changeit' };

  it('writes, repeats and refuses as the batch append does', async () => {
    const stream = newStream();
    const events = [counted(0), counted(1)];
    const first = await client.appendToStream(stream, events, { expectedRevision: 'no_stream', credentials });
    expect(first.nextExpectedRevision).toBe(1n);
    expect(
      await client.appendToStream(stream, events, { expectedRevision: 'no_stream', credentials }),
    ).toEqual(first);
    const attempt = client.appendToStream(stream, counted(2), { expectedRevision: 5n, credentials });
    expect(await conflictOf(attempt)).toEqual([5n, 1n, stream]);
    expect(await numbersOf(client.readStream(stream))).toEqual([0, 1]);
  });

  it('refuses what is too large and what is deleted with their own errors', async () => {
    const stream = newStream();
    await client.appendToStream(stream, counted(0));
    const large = client.appendToStream(stream, counted(1, 'Large', 1024 * 1024), { credentials });
    await expect(large).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1024 * 1024,
    });
    await client.tombstoneStream(stream);
    const deleted = client.appendToStream(stream, counted(2), { credentials });
    await expect(deleted).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(deleted).rejects.toMatchObject({ streamName: stream });
  });
});
