import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FORWARDS, START, type EventStoreDBClient } from '@eventstore/db-client';
import { connectTo, counted, numbersOf } from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions, type StoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

// Generous: each test starts several processes, and the machine may have much else to do.
jest.setTimeout(120_000);

const SKEWED = `--import=${join(import.meta.dirname, '..', 'tests', 'harness', 'skewed-clock.mjs')}`;
const HOUR_MS = 3_600_000;
/** A bare client gives its appends 10 s by its own clock; to a store an hour ahead these would be over. */
const PATIENT = { deadline: 2 * HOUR_MS };

let sessions: StoreSessions;
beforeEach(() => {
  sessions = openStoreSessions();
});
afterEach(() => sessions.end());

/** How far ahead of this process's clock the events are, in whole hours, in the order of the log. */
async function hoursAhead(client: EventStoreDBClient): Promise<number[]> {
  const hours: number[] = [];
  for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START }))
    if (event?.streamId.startsWith('$') === false)
      hours.push(Math.abs(Math.round((new Date(event.created).getTime() - Date.now()) / HOUR_MS)));

  return hours;
}

/** Waits until nothing of the stream is to be read; the test's own time limit ends it. */
async function untilExpired(client: EventStoreDBClient, stream: string): Promise<void> {
  while ((await numbersOf(client.readStream(stream))).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

describe('after the clock was an hour ahead and is right again', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'events carry the right time and $maxAge hides them when they are older (stopped by %s)',
    async (signal) => {
      const ahead = await sessions.start({
        env: { NODE_OPTIONS: SKEWED, CLOCK_SKEW_MS: `${HOUR_MS}` },
      });
      const early = connectTo(ahead.port);
      await early.setStreamMetadata('aged', { maxAge: 1 }, PATIENT);
      await early.appendToStream('aged', counted(1), PATIENT);
      await early.dispose();
      await ahead.end(signal);

      const right = await sessions.start();
      const client = connectTo(right.port);
      await client.appendToStream('aged', [counted(2), counted(3)]);
      await client.setStreamMetadata('later', { maxAge: 1 });
      await client.appendToStream('later', counted(1));
      expect(await hoursAhead(client)).toEqual([1, 0, 0, 0]);
      // The first event of `aged` is an hour young still, but those after it are old.
      await untilExpired(client, 'aged');
      await untilExpired(client, 'later');
      await client.dispose();
      await right.end(signal);

      // From the index files, and from the segment itself: the step is found again.
      const again = await sessions.start();
      const last = connectTo(again.port);
      expect(await numbersOf(last.readStream('aged'))).toEqual([]);
      expect(await hoursAhead(last)).toEqual([1, 0, 0, 0]);
      await last.dispose();
    },
  );
});
