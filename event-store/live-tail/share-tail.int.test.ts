import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from '../connect.ts';
import type { EventToAppend, Following, FollowOptions } from '../event-log.ts';
import { createEventRing, type EventRing } from './event-ring.ts';
import { shareTail, type SharedTailOptions } from './share-tail.ts';

/** Longest wait for what must come, on however slow a machine. */
const COMES_MS_MAX = 30_000;
const RING_ITEMS = 20;

let store: TestEventStore;
let proxy: FaultProxy;
let log: ConnectedEventLog;
let followings: Following[];
let subscriptions = 0;
let reads = 0;
let follow: (options: FollowOptions) => Following;
/** `follow` over another tail, whose limits a test chooses. */
let followWith: (options: SharedTailOptions) => (options: FollowOptions) => Following;

beforeAll(async () => {
  store = await startTestEventStore();
  proxy = await startFaultProxy(store.port);
});

afterAll(async () => {
  await proxy.stop();
  await store.stop();
});

/** The shared tail with a small ring, on a log that counts what is asked of it. */
beforeEach(() => {
  const logger = createLog('test', 'silent');
  log = connectEventLog({
    connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`,
    timeoutMs: 5_000,
    log: logger,
  });
  followings = [];
  subscriptions = 0;
  reads = 0;
  const counted = {
    head: log.head,
    follow: (options: FollowOptions) => {
      subscriptions += 1;
      return log.follow(options);
    },
    readAll: (...asked: Parameters<typeof log.readAll>) => {
      reads += 1;
      return log.readAll(...asked);
    },
  };
  followWith = (tailOptions) => {
    const shared = shareTail(counted, logger, tailOptions);
    return (options) => {
      const following = shared(options);
      followings.push(following);
      return following;
    };
  };
  follow = followWith({
    limits: { itemsMax: RING_ITEMS, bytesMax: 1_000_000, takenItemsMax: RING_ITEMS },
  });
});

afterEach(async () => {
  await Promise.all(followings.map((following) => following.stop()));
  await log.close();
});

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + COMES_MS_MAX; !holds(); await sleep(10))
    if (performance.now() > endMs) throw new Error('not within time');
}

/** A follower that notes what it was given. */
function noting(from: bigint | 'start', over: Partial<FollowOptions> = {}) {
  const noted = { seen: [] as number[], caughtUp: 0, interrupted: 0, asked: 0, place: from };
  follow({
    filter: { streamPrefixes: ['job-'] },
    onCaughtUp: () => void (noted.caughtUp += 1),
    onInterrupted: () => void (noted.interrupted += 1),
    ...over,
    after: () => {
      noted.asked += 1;
      return noted.place;
    },
    onEvent: async (event) => {
      await over.onEvent?.(event);
      noted.seen.push((event.data as { n: number }).n);
      noted.place = event.position;
    },
  });
  return noted;
}

const events = (from: number, to: number): EventToAppend[] =>
  Array.from({ length: to - from }, (_, index) => {
    return { id: randomUUID(), type: 'Happened', data: { n: from + index }, metadata: {} };
  });
const append = (from: number, to: number) => log.append(`job-${randomUUID()}`, events(from, to), 'no_stream');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

it('any number of followers is one subscription, and each is given every event once and in order', async () => {
  const head = await log.head();
  const all = [noting(head), noting(head), noting(head)];
  await until(() => all.every(({ caughtUp }) => caughtUp > 0));
  for (let n = 0; n < 60; n += 5) await append(n, n + 5);
  await until(() => all.every(({ seen }) => seen.length >= 60));
  for (const { seen } of all) expect(seen).toEqual(numbers(60));
  expect(subscriptions).toBe(1);
});

it('a slow follower is left behind, reads by itself, misses and doubles nothing, and holds nobody up', async () => {
  const head = await log.head();
  const gate = Promise.withResolvers<void>();
  const slow = noting(head, { onEvent: () => gate.promise });
  const fast = noting(head);
  await until(() => slow.caughtUp > 0 && fast.caughtUp > 0);
  for (let n = 0; n < 400; n += 4) {
    await append(n, n + 4);
    // One that keeps up: this test is about the other.
    await until(() => fast.seen.length >= n + 4);
  }
  expect(fast.seen).toEqual(numbers(400));
  expect(slow.seen).toEqual([]);
  const readsBefore = reads;
  gate.resolve();
  await until(() => slow.seen.length >= 400);
  expect(slow.seen).toEqual(numbers(400));
  expect(reads).toBeGreaterThan(readsBefore);
  // It is back in the ring: what comes now costs no further read.
  const readsAfter = reads;
  await append(400, 405);
  await until(() => slow.seen.length >= 405);
  expect([slow.seen.at(-1), reads]).toEqual([404, readsAfter]);
});

it('what every follower has taken leaves the ring but for a few items, and a slow follower keeps its own', async () => {
  const rings: EventRing[] = [];
  const createRing: typeof createEventRing = (...begin) => {
    const ring = createEventRing(...begin);
    rings.push(ring);
    return ring;
  };
  follow = followWith({
    limits: { itemsMax: 1_000, bytesMax: 1_000_000, takenItemsMax: 10 },
    createRing,
  });
  const head = await log.head();
  const gate = Promise.withResolvers<void>();
  const slow = noting(head, { onEvent: () => gate.promise });
  const fast = noting(head);
  await until(() => slow.caughtUp > 0 && fast.caughtUp > 0);
  const readsBefore = reads;
  for (let n = 0; n < 100; n += 4) {
    await append(n, n + 4);
    await until(() => fast.seen.length >= n + 4);
  }
  const held = rings.at(-1)?.reachesBackTo();
  gate.resolve();
  await until(() => slow.seen.length >= 100);
  for (let n = 100; n < 120; n += 4) await append(n, n + 4);
  await until(() => [slow, fast].every(({ seen }) => seen.length >= 120));
  expect([held, rings.length]).toEqual([head, 1]);
  expect(rings.at(-1)?.reachesBackTo()).toBeGreaterThan(head);
  expect([slow.seen, fast.seen, reads]).toEqual([numbers(120), numbers(120), readsBefore]);
});

it('a follower that fails goes on from its own place out of the ring, without a read', async () => {
  const head = await log.head();
  let failures = 2;
  const one = noting(head, {
    onEvent: () => {
      failures -= 1;
      if (failures >= 0) throw new Error('the database is away');
    },
  });
  const other = noting(head);
  await until(() => one.caughtUp > 0 && other.caughtUp > 0);
  const readsBefore = reads;
  await append(0, 5);
  await until(() => one.seen.length >= 5);
  expect([one.seen, other.seen]).toEqual([numbers(5), numbers(5)]);
  expect([one.interrupted, other.interrupted]).toEqual([2, 0]);
  expect(reads).toBe(readsBefore);
});

it('a break is told to each follower, and each is asked for its place before it is given more', async () => {
  const head = await log.head();
  const all = [noting(head), noting(head)];
  await until(() => all.every(({ caughtUp }) => caughtUp > 0));
  await append(0, 3);
  await until(() => all.every(({ seen }) => seen.length >= 3));
  const askedBefore = all.map(({ asked }) => asked);
  proxy.cut();
  await append(3, 6);
  await until(() => all.every(({ seen }) => seen.length >= 6));
  for (const [index, { seen, interrupted, asked }] of all.entries()) {
    expect(seen).toEqual(numbers(6));
    expect(interrupted).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(askedBefore[index]!);
  }
});

it('a follower that stands far back is given all of it, and a checkpoint where the log ended', async () => {
  const head = await log.head();
  await append(0, 50);
  await log.append(`other-${randomUUID()}`, events(0, 10), 'no_stream');
  const end = await log.head();
  let marked = 0n;
  const one = noting(head, { onCheckpoint: (position) => void (marked = position) });
  await until(() => one.caughtUp > 0);
  expect(one.seen).toEqual(numbers(50));
  expect(marked).toBe(end);
});

it('a follower of streams that nobody else follows has a subscription of its own', async () => {
  const head = await log.head();
  const other = noting(head, { filter: { streamPrefixes: ['other-'] } });
  await until(() => other.caughtUp > 0);
  await log.append(`other-${randomUUID()}`, events(0, 3), 'no_stream');
  await until(() => other.seen.length >= 3);
  expect(other.seen).toEqual(numbers(3));
});

it('a follower of streams that were quiet while the ring went on with others is at the end after one read', async () => {
  const head = await log.head();
  const ahead = noting(head, { filter: { streamPrefixes: ['gateway', 'job-'] } });
  await until(() => ahead.caughtUp > 0);
  await append(0, 1);
  await until(() => ahead.seen.length === 1);
  const { place } = ahead;
  await log.append(`gateway-${randomUUID()}`, events(1, 1 + 3 * RING_ITEMS), 'no_stream');
  await until(() => ahead.seen.length > 3 * RING_ITEMS);
  const quiet = noting(place);
  await until(() => quiet.caughtUp > 0);
  expect(quiet).toMatchObject({ seen: [], asked: 1 });
  await append(100, 101);
  await until(() => quiet.seen.length > 0);
  expect(quiet.seen).toEqual([100]);
});
