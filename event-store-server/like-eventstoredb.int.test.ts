/** The store in the mode in which it does to its clients what EventStoreDB 23.10.6 was seen to do (`--like-eventstoredb`). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  DeadlineExceededError,
  jsonEvent,
  streamNameFilter,
  TimeoutError,
  UnavailableError,
  UnknownError,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { freePort } from '../cli/up/free-port.ts';
import {
  connectTo,
  counted,
  eventually,
  newStream,
  numbersOf,
  removeDirectory,
  spawnStore,
  startStoreForTests,
  temporaryDirectory,
  type StoreForTests,
} from '../tests/rooms/event-store-server/spawned-store.ts';

jest.setTimeout(120_000);

let started: StoreForTests;
let client: EventStoreDBClient;

beforeAll(async () => {
  started = await startStoreForTests({ likeEventStoreDB: true });
  client = started.client;
});
afterAll(() => started.stop());

const many = (count: number, from = 0) => Array.from({ length: count }, (_, n) => counted(from + n));

/** A subscription that notes everything it is told. */
function follow(subscription: AllStreamSubscription) {
  const heard: string[] = [];
  const numbers: number[] = [];
  let error: unknown = null;
  subscription
    .on('confirmation', () => heard.push('confirmed'))
    .on('caughtUp', () => heard.push('caught up'))
    .on('fellBehind', () => heard.push('fell behind'))
    .on('error', (failure) => (error = failure))
    .on('data', ({ event }) => {
      heard.push('event');
      numbers.push((event?.data as { n: number }).n);
    });
  return { heard, numbers, error: () => error, stop: () => subscription.unsubscribe() };
}

/** The position of the only event that is read. */
async function onlyPosition(
  events: AsyncIterable<AllStreamResolvedEvent | ResolvedEvent>,
): Promise<Position> {
  const positions: Position[] = [];
  // To the end: the client does not let go of a stream that is left early.
  for await (const { event } of events) positions.push(event?.position as Position);
  expect(positions).toHaveLength(1);
  return positions[0] as Position;
}

const headPosition = (): Promise<Position> =>
  onlyPosition(client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }));

const positionOf = (stream: string, revision: number): Promise<Position> =>
  onlyPosition(client.readStream(stream, { fromRevision: BigInt(revision), maxCount: 1 }));

describe('a live subscription', () => {
  it('is ended when more comes at once than its buffer holds, and nothing is lost to who resumes [S1]', async () => {
    const prefix = newStream('burst');
    const filter = streamNameFilter({ prefixes: [prefix] });
    const first = follow(client.subscribeToAll({ fromPosition: 'end', filter }));
    await eventually(() => first.heard.includes('caught up'), 'live');
    await client.appendToStream(prefix, many(500), { expectedRevision: 'no_stream' });
    await eventually(() => first.error() !== null, 'its end');
    expect(first.error()).toBeInstanceOf(TimeoutError);
    expect(first.error()).toMatchObject({
      code: 10,
      message: expect.stringContaining(
        'Consumer too slow to handle event while live. Client resubscription required',
      ),
    });
    const got = first.numbers.length;
    expect(got).toBeLessThan(500);
    const last = await positionOf(prefix, got - 1);
    const second = follow(client.subscribeToAll({ fromPosition: last, filter }));
    await eventually(() => second.heard.includes('caught up'), 'live again');
    expect([...first.numbers, ...second.numbers]).toEqual(many(500).map(({ data }) => data.n));
    await second.stop();
  });

  it('is kept through a small burst, and through a large one that its filter leaves out', async () => {
    const prefix = newStream('few');
    const followed = follow(
      client.subscribeToAll({ fromPosition: 'end', filter: streamNameFilter({ prefixes: [prefix] }) }),
    );
    await eventually(() => followed.heard.includes('caught up'), 'live');
    await client.appendToStream(prefix, many(30));
    await client.appendToStream(newStream('left-out'), many(500));
    await client.appendToStream(prefix, many(1, 30));
    await eventually(() => followed.numbers.length === 31, 'all events');
    expect([followed.error(), followed.heard.includes('fell behind')]).toEqual([null, false]);
    await followed.stop();
  });
});

describe('an append sent again while the first is in flight', () => {
  it('gets no answer but its time-out, is right when it is asked for again, and is stored once [S2]', async () => {
    const own = await startStoreForTests({ likeEventStoreDB: { holdAppendsMs: 100 } });
    const stream = newStream();
    const append = (): Promise<{ nextExpectedRevision: bigint }> =>
      own.client.appendToStream(stream, event, { expectedRevision: 'no_stream' });
    const event = counted(0);
    // Which of the two comes first is the client's affair.
    const outcomes = await Promise.allSettled([append(), append()]);
    const answered = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect([answered.length, failures.length]).toEqual([1, 1]);
    expect(failures[0]).toBeInstanceOf(DeadlineExceededError);
    expect(await append()).toEqual(answered[0]);
    expect(await numbersOf(own.client.readStream(stream))).toEqual([0]);
    await own.stop();
  });
});

/** A program of its own, since the second answer ends the one that gets it. */
const BAD_ID = `
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
const stray = (error) => { console.log('stray', error.constructor.name); process.exit(7); };
process.on('uncaughtException', stray).on('unhandledRejection', stray);
const client = EventStoreDBClient.connectionString(process.argv[1]);
await client.appendToStream('s', jsonEvent({ id: 'no-uuid', type: 'T', data: {} })).catch(
  (error) => console.log(error.message),
);
setInterval(() => undefined, 1000);
`;

it('an event id that is no UUID is answered as a bad request, and a second time when the deadline comes [S3]', async () => {
  const program = spawn(
    process.execPath,
    ['--input-type=module', '-e', BAD_ID, started.store.connectionString()],
    { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  program.stdout.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(program, 'close')) as [number];
  expect(said).toBe('Could not recognize BadRequest\nstray TypeError\n');
  expect(code).toBe(7);
});

it('a second append to the stream "$$" ends the process [S4]', async () => {
  const own = await startStoreForTests({ likeEventStoreDB: true });
  await own.client.appendToStream('$$', counted(0));
  await expect(own.client.appendToStream('$$', counted(1))).rejects.toBeInstanceOf(UnavailableError);
  expect(await own.store.ended).toBe(1);
  await own.stop();
});

describe('a position of $all', () => {
  const drained = async (
    from: Position,
    direction: 'forwards' | 'backwards' = 'forwards',
  ): Promise<number> => {
    let count = 0;
    for await (const { event } of client.readAll({ fromPosition: from, direction, maxCount: 3 }))
      if (event !== undefined) count += 1;
    return count;
  };

  it('that is no event’s, or whose prepare is beyond its commit, cannot be read or subscribed from [S5]', async () => {
    const stream = newStream();
    await client.appendToStream(stream, many(3));
    const good = await positionOf(stream, 1);
    expect(await drained(good)).toBeGreaterThan(0);
    expect(await drained({ commit: good.commit, prepare: 0n })).toBeGreaterThan(0);
    for (const bad of [
      { commit: good.commit + 1n, prepare: good.commit + 1n },
      { commit: good.commit, prepare: good.commit + 1n },
    ]) {
      const refused = { code: 2, message: expect.stringContaining('Unexpected ReadAllResult: Error') };
      await expect(drained(bad)).rejects.toMatchObject(refused);
      const followed = follow(client.subscribeToAll({ fromPosition: bad }));
      await eventually(() => followed.error() !== null, 'the refusal');
      expect(followed.error()).toMatchObject({
        code: 2,
        message: expect.stringContaining('Exception was thrown by handler.'),
      });
    }
  });

  it('far beyond the end is subscribed from as if it were the end [S6]', async () => {
    await client.appendToStream(newStream(), counted(0));
    const { commit } = await headPosition();
    const beyond = commit + 1_000_000n;
    const followed = follow(client.subscribeToAll({ fromPosition: { commit: beyond, prepare: beyond } }));
    await eventually(() => followed.heard.includes('caught up'), 'live');
    await client.appendToStream(newStream(), counted(77));
    await eventually(() => followed.numbers.length > 0, 'the next event');
    expect(followed.heard.slice(0, 3)).toEqual(['confirmed', 'caught up', 'event']);
    expect(followed.numbers).toEqual([77]);
    await followed.stop();
  });
});

describe('the checkpoints of a filtered subscription', () => {
  it('name, in catch-up, the last match of a window or the window without one, and none stands before caughtUp [S7]', async () => {
    const prefix = newStream('match');
    await client.appendToStream(newStream(), counted(0));
    const from = await headPosition();
    const matched = newStream(prefix);
    await client.appendToStream(matched, many(10));
    await client.appendToStream(newStream('other'), many(100));
    const checkpoints: Position[] = [];
    const filter = streamNameFilter({
      prefixes: [prefix],
      maxSearchWindow: 32,
      checkpointInterval: 1,
      checkpointReached: (_subscription, position) => void checkpoints.push(position),
    });
    const followed = follow(client.subscribeToAll({ fromPosition: from, filter }));
    await eventually(() => followed.heard.includes('caught up'), 'live');
    const [first, ...others] = checkpoints;
    expect(first).toEqual(await positionOf(matched, 9));
    expect(others.map(({ prepare }) => prepare)).toEqual([0n, 0n]);
    expect((others.at(-1) as Position).commit).toBeLessThan((await headPosition()).commit);
    // What EventStoreDB takes as well: the checkpoint's commit for both.
    const { commit } = others.at(-1) as Position;
    const resumed = follow(client.subscribeToAll({ fromPosition: { commit, prepare: commit }, filter }));
    await eventually(() => resumed.heard.includes('caught up'), 'live again');
    await client.appendToStream(newStream(prefix), counted(99));
    await eventually(() => resumed.numbers.length > 0, 'the next match');
    expect(resumed.numbers).toEqual([99]);
    await Promise.all([followed.stop(), resumed.stop()]);
  });

  it('are not sent at all to one that has nothing before it', async () => {
    const checkpoints: Position[] = [];
    const filter = streamNameFilter({
      prefixes: [newStream('none')],
      checkpointReached: (_subscription, position) => void checkpoints.push(position),
    });
    const followed = follow(client.subscribeToAll({ fromPosition: 'end', filter }));
    await eventually(() => followed.heard.includes('caught up'), 'live');
    expect([followed.heard, checkpoints]).toEqual([['confirmed', 'caught up'], []]);
    await followed.stop();
  });
});

it('a subscription to a stream that does not exist has caught up when the stream has events [S8]', async () => {
  const stream = newStream();
  const heard: string[] = [];
  const subscription = client
    .subscribeToStream(stream)
    .on('confirmation', () => heard.push('confirmed'))
    .on('caughtUp', () => heard.push('caught up'))
    .on('data', () => heard.push('event'));
  await eventually(() => heard.includes('confirmed'), 'the confirmation');
  // Whatever else the store does in the meantime.
  await client.appendToStream(newStream(), many(20));
  await numbersOf(client.readStream(newStream())).catch(() => []);
  expect(heard).toEqual(['confirmed']);
  await client.appendToStream(stream, counted(0));
  await eventually(() => heard.includes('caught up'), 'live');
  expect(heard).toEqual(['confirmed', 'event', 'caught up']);
  await subscription.unsubscribe();
});

it('a read of no events of $all is never answered [S9]', async () => {
  const own = await startStoreForTests({ likeEventStoreDB: true });
  await own.client.appendToStream(newStream(), many(3));
  let isOver = false;
  const read = numbersOf(own.client.readAll({ maxCount: 0 }) as never)
    .catch((error: unknown) => error)
    .finally(() => (isOver = true));
  // Others are answered, again and again.
  for (let n = 0; n < 20; n += 1) await own.client.appendToStream(newStream(), many(1));
  expect(isOver).toBe(false);
  await own.store.end('SIGKILL');
  expect(await read).toBeInstanceOf(UnavailableError);
  await own.stop();
});

it('a store that starts says that it is not ready, and then serves [S10]', async () => {
  const directory = temporaryDirectory();
  const port = await freePort();
  const starting = spawnStore(directory, {
    likeEventStoreDB: { notReadyMs: 1500 },
    env: { EVENT_STORE_PORT: `${port}` },
  });
  const seen = { append: false, read: false };
  const attempt = async (): Promise<boolean> => {
    const own = connectTo(port);
    try {
      await own.appendToStream('s', jsonEvent({ type: 'T', data: { n: 1 } })).catch((error: unknown) => {
        if (error instanceof UnknownError && error.message === 'Could not recognize Server Is Not Ready')
          seen.append = true;
        throw error;
      });
      return true;
    } catch {
      await numbersOf(own.readStream('s')).catch((error: unknown) => {
        if (error instanceof UnavailableError && error.message.includes('Server Is Not Ready'))
          seen.read = true;
      });
      return false;
    } finally {
      await own.dispose();
    }
  };
  while (!(await attempt())) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen).toEqual({ append: true, read: true });
  const store = await starting;
  await store.end('SIGTERM');
  removeDirectory(directory);
});

it('a store that stops ends its streams as if they were reset [S11]', async () => {
  const own = await startStoreForTests({ likeEventStoreDB: true });
  const followed = follow(own.client.subscribeToAll({ fromPosition: 'end' }));
  await eventually(() => followed.heard.includes('caught up'), 'live');
  await own.store.end('SIGTERM');
  await eventually(() => followed.error() !== null, 'its end');
  expect(followed.error()).toMatchObject({
    code: 13,
    message: expect.stringContaining('Received RST_STREAM with code 0'),
  });
  await own.stop();
});
