import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  eventTypeFilter,
  excludeSystemEvents,
  StreamDeletedError,
  streamNameFilter,
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type Position,
} from '@eventstore/db-client';
import {
  connectTo,
  counted,
  eventually,
  newStream,
  startStoreForTests,
  type StoreForTests,
} from '../tests/rooms/event-store-server/spawned-store.ts';

// Generous: what is claimed here is not speed, and the machine may have much else to do.
jest.setTimeout(120_000);

let started: StoreForTests;
let client: EventStoreDBClient;

beforeAll(async () => {
  started = await startStoreForTests();
  client = started.client;
});
afterAll(() => started.stop());

/** A subscription to `$all` that notes everything it is told. */
function follow(options: Parameters<EventStoreDBClient['subscribeToAll']>[0], by = client) {
  const heard: (number | 'confirmed' | 'caught up' | 'fell behind')[] = [];
  const events: AllStreamResolvedEvent[] = [];
  const subscription = by.subscribeToAll(options);
  subscription
    .on('confirmation', () => heard.push('confirmed'))
    .on('caughtUp', () => heard.push('caught up'))
    .on('fellBehind', () => heard.push('fell behind'))
    .on('error', (error) => heard.push(error.message as never))
    .on('data', (event: AllStreamResolvedEvent) => {
      events.push(event);
      heard.push((event.event?.data as { n: number }).n);
    });
  return { heard, events, stop: () => subscription.unsubscribe() };
}

const append = (stream: string, ...numbers: number[]) =>
  client.appendToStream(
    stream,
    numbers.map((n) => counted(n)),
  );

const serverMemoryBytes = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${started.store.pid}/status`, 'utf8'))?.[1]) * 1024;

describe('a subscription to $all', () => {
  it('is confirmed, catches up, says so, and goes on with what is written', async () => {
    const stream = newStream('live');
    await append(stream, 0, 1);
    const { heard, stop } = follow({
      fromPosition: 'start',
      filter: streamNameFilter({ prefixes: [stream] }),
    });
    await eventually(() => heard.includes('caught up'), 'caught up');
    await append(stream, 2);
    await append(stream, 3);
    await eventually(() => heard.includes(3), 'the live event');
    expect(heard).toEqual(['confirmed', 0, 1, 'caught up', 2, 3]);
    await stop();
  });

  it('begins after the position it names, and from the end sees only what is new', async () => {
    const stream = newStream('after');
    await append(stream, 0);
    const { position } = await append(stream, 1);
    await append(stream, 2);
    const filter = streamNameFilter({ prefixes: [stream] });
    const after = follow({ fromPosition: position as Position, filter });
    const fromEnd = follow({ fromPosition: 'end', filter });
    await eventually(
      () => [after, fromEnd].every(({ heard }) => heard.includes('caught up')),
      'both caught up',
    );
    await append(stream, 3);
    await eventually(() => [after, fromEnd].every(({ heard }) => heard.includes(3)), 'the new event');
    expect(after.heard).toEqual(['confirmed', 2, 'caught up', 3]);
    expect(fromEnd.heard).toEqual(['confirmed', 'caught up', 3]);
    await after.stop();
    await fromEnd.stop();
  });

  it('beyond the end of the log is refused: a reader that is ahead of its log has lost events', async () => {
    const beyond = 10n ** 12n;
    const { heard } = follow({ fromPosition: { commit: beyond, prepare: beyond } });
    await eventually(() => heard.length > 0, 'the refusal');
    expect(heard.join()).toContain('beyond the end of the log');
  });

  it('is filtered by prefixes and expressions of stream names and event types', async () => {
    const one = newStream('one');
    const two = newStream('two');
    const type = newStream('Type');
    await client.appendToStream(one, [counted(0, type), counted(1, `${type}Other`)]);
    await client.appendToStream(two, [counted(2, type), counted(3, `Not${type}`)]);
    await client.setStreamMetadata(two, { maxCount: 100 });
    const filters = {
      twoPrefixes: streamNameFilter({ prefixes: [one, two] }),
      streamRegex: streamNameFilter({ regex: `^${one}$` }),
      typePrefix: eventTypeFilter({ prefixes: [type] }),
      typeRegex: eventTypeFilter({ regex: `^Not${type}` }),
      noSystemEvents: excludeSystemEvents(),
    };
    const heard = async (filter: (typeof filters)[keyof typeof filters]): Promise<unknown[]> => {
      const followed = follow({ fromPosition: 'start', filter });
      await eventually(() => followed.heard.includes('caught up'), 'caught up');
      await followed.stop();
      const ours = followed.events.filter(({ event }) =>
        [one, two, `$$${two}`].includes(event?.streamId ?? ''),
      );
      return ours.map(({ event }) => (event?.data as { n: number }).n);
    };
    expect(await heard(filters.twoPrefixes)).toEqual([0, 1, 2, 3]);
    expect(await heard(filters.streamRegex)).toEqual([0, 1]);
    expect(await heard(filters.typePrefix)).toEqual([0, 1, 2]);
    expect(await heard(filters.typeRegex)).toEqual([3]);
    expect(await heard(filters.noSystemEvents)).toEqual([0, 1, 2, 3]);
  });

  it('with a filter gets a checkpoint each so many considered events and one when it goes live', async () => {
    const wanted = newStream('wanted');
    const other = newStream('other');
    const { position: start } = await append(other, -1);
    await append(other, ...Array.from({ length: 95 }, (_, n) => n));
    const checkpoints: bigint[] = [];
    const filter = streamNameFilter({
      prefixes: [wanted],
      maxSearchWindow: 10,
      checkpointInterval: 3,
      checkpointReached: async (_subscription, { commit }) => void checkpoints.push(commit),
    });
    const { heard, stop } = follow({ fromPosition: start as Position, filter });
    await eventually(() => heard.includes('caught up'), 'caught up');
    // 95 considered, one checkpoint each 30, and the one at the end.
    expect(checkpoints).toHaveLength(4);
    const [head] = await (async () => {
      const found: bigint[] = [];
      const newest = client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 });
      for await (const { event } of newest) found.push(event?.position?.commit as bigint);
      return found;
    })();
    expect(checkpoints.at(-1)).toBe(head);
    await append(other, ...Array.from({ length: 30 }, (_, n) => n));
    await eventually(() => checkpoints.length === 5, 'a checkpoint while live');
    expect([...checkpoints].sort((a, b) => Number(a - b))).toEqual(checkpoints);
    expect(heard).toEqual(['confirmed', 'caught up']);
    await stop();
  });

  it('survives an expression that would take a backtracking engine for ever', async () => {
    const stream = newStream('a'.repeat(60));
    await append(stream, 0);
    const { heard, stop } = follow({ fromPosition: 'start', filter: streamNameFilter({ regex: '^(a+)+$' }) });
    await eventually(() => heard.includes('caught up'), 'caught up', 5000);
    await stop();
    const invalid = follow({ fromPosition: 'start', filter: streamNameFilter({ regex: '(' }) });
    await eventually(() => invalid.heard.length > 0, 'the refusal');
  });
});

describe('a subscription to a stream', () => {
  it('catches up from a revision, exclusive, and follows, also where there is no stream yet', async () => {
    const stream = newStream();
    const heard: number[] = [];
    let caughtUp = 0;
    const begin = (fromRevision: 'start' | bigint) =>
      client
        .subscribeToStream(stream, { fromRevision })
        .on('caughtUp', () => (caughtUp += 1))
        .on('error', () => undefined)
        .on('data', ({ event }) => heard.push((event?.data as { n: number }).n));
    const first = begin('start');
    await eventually(() => caughtUp === 1, 'caught up with nothing');
    await append(stream, 0, 1, 2);
    await eventually(() => heard.length === 3, 'the live events');
    await first.unsubscribe();
    const second = begin(1n);
    await eventually(() => caughtUp === 2, 'caught up');
    expect(heard).toEqual([0, 1, 2, 2]);
    await second.unsubscribe();
  });

  it('ends when the stream is tombstoned', async () => {
    const stream = newStream();
    await append(stream, 0);
    let failure: unknown = null;
    client
      .subscribeToStream(stream)
      .on('error', (error) => (failure = error))
      .resume();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.tombstoneStream(stream);
    await eventually(() => failure !== null, 'the end');
    expect(failure).toBeInstanceOf(StreamDeletedError);
  });
});

describe('many subscribers', () => {
  it('each get every event once and in order while 16 writers append', async () => {
    const prefix = newStream('many');
    const filter = streamNameFilter({ prefixes: [prefix] });
    const followers = Array.from({ length: 100 }, () => follow({ fromPosition: 'end', filter }));
    await eventually(() => followers.every(({ heard }) => heard.includes('caught up')), 'all caught up');
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let n = 0; n < 10; n += 1) await append(`${prefix}-${writer}`, writer * 10 + n);
      }),
    );
    await eventually(() => followers.every(({ events }) => events.length === 160), 'all events');
    const orders = new Set(followers.map(({ events }) => events.map(({ event }) => event?.id).join()));
    expect(orders.size).toBe(1);
    const positions = followers[0]?.events.map(({ event }) => event?.position?.commit as bigint) ?? [];
    expect([...positions].sort((a, b) => Number(a - b))).toEqual(positions);
    await Promise.all(followers.map(({ stop }) => stop()));
  });

  it('that do not read cost the server bounded memory and the others nothing', async () => {
    const prefix = newStream('slow');
    const filter = streamNameFilter({ prefixes: [prefix] });
    const slowClient = connectTo(started.store.port);
    let fellBehind = false;
    let caughtUp = 0;
    const slow = Array.from({ length: 20 }, () => {
      const subscription = slowClient.subscribeToAll({ fromPosition: 'end', filter });
      subscription.on('error', () => undefined).once('data', () => subscription.pause());
      return subscription.on('caughtUp', () => (caughtUp += 1));
    });
    const quick = follow({ fromPosition: 'end', filter });
    await eventually(() => quick.heard.includes('caught up') && caughtUp === 20, 'all caught up');
    await append(`${prefix}-first`, 0);
    const before = serverMemoryBytes();
    // 20 MB pass by each of the 20 that do not read: 400 MB if the server kept them.
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 4 }, (_, writer) =>
          client.appendToStream(
            `${prefix}-${writer}`,
            Array.from({ length: 50 }, (__, n) => counted(n, 'Large', 10_000)),
          ),
        ),
      );

    await eventually(() => quick.events.length === 2001, 'the reading one has everything');
    expect(serverMemoryBytes() - before).toBeLessThan(160 * 1024 * 1024);

    const [late] = slow;
    let received = 0;
    late?.on('data', () => (received += 1)).on('fellBehind', () => (fellBehind = true));
    late?.resume();
    await eventually(() => received >= 2000 && caughtUp === 21, 'a slow one that reads again caught up');
    expect([received, fellBehind]).toEqual([2000, true]);
    await quick.stop();
    await slowClient.dispose();
  });
});
