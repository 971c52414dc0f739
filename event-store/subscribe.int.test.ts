import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLog } from '../runtime/log/log.ts';
import {
  readEventStoreUrl,
  type EventStoreUrl,
  type NamedServer,
} from '../schemas/settings/event-store-url.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { sendByClient } from './client/client-append.ts';
import { openClientGenerations } from './client/client-connection.ts';
import { subscribeByClient } from './client/client-subscribe.ts';
import type { RecordedEvent } from './event-log.ts';
import type { SubscribeToAll } from './calls/follow-all.ts';
import type { Generations } from './calls/generations.ts';
import { openLeanGenerations } from './lean/lean-connection.ts';
import { subscribeLean } from './lean/lean-subscribe.ts';

let store: TestEventStore;

beforeAll(async () => {
  store = await startTestEventStore();
});

afterAll(() => store.stop());

/** What a subscription brings of some streams until it has caught up: each event with the size that was told. */
async function broughtBy<Client>(
  generations: Generations<Client>,
  subscribe: SubscribeToAll<Client>,
  prefix: string,
): Promise<[RecordedEvent, number | undefined][]> {
  const { client } = await generations.current(5_000, 'testing');
  const stop = new AbortController();
  const brought: [RecordedEvent, number | undefined][] = [];
  await subscribe(
    client,
    {
      after: 'start',
      filter: { streamPrefixes: [prefix] },
      onEvent: (event, bytes) => void brought.push([event, bytes]),
      onCheckpoint: () => undefined,
      onCaughtUp: () => stop.abort(),
    },
    stop.signal,
  ).catch(() => undefined);
  return brought;
}

it('both transports bring the same events, each with a size, so that the shared ring has a bound in bytes', async () => {
  const { url } = readEventStoreUrl(store.connectionString) as {
    url: EventStoreUrl & { server: NamedServer };
  };
  const logger = createLog('test', 'silent');
  const clients = openClientGenerations(url, logger);
  const lean = openLeanGenerations({ url, log: logger, timeoutMs: 5_000 });
  const prefix = `job-${randomUUID()}`;
  const events = [0, 1_000, 200_000].map((length) => {
    return {
      id: randomUUID(),
      type: 'Happened',
      data: { filler: 'x'.repeat(length) },
      metadata: { by: 'test' },
    };
  });
  const { client } = await clients.current(5_000, 'testing');
  await sendByClient(client, { stream: `${prefix}-1`, events, expected: 'no_stream' }, 10_000);

  const byClient = await broughtBy(clients, subscribeByClient, prefix);
  const byLean = await broughtBy(lean, subscribeLean, prefix);
  expect(byLean.map(([event]) => event)).toEqual(byClient.map(([event]) => event));
  expect(byLean.map(([event]) => event.id)).toEqual(events.map(({ id }) => id));
  for (const brought of [byClient, byLean])
    for (const [index, [, bytes]] of brought.entries())
      expect(bytes).toBeGreaterThan(events[index]!.data.filler.length);
  await Promise.all([clients.close(), lean.close()]);
});
