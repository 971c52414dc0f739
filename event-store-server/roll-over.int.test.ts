import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { connectTo, counted } from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions, type StoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

// Generous: it writes more than a segment of 32 MiB, and the machine may have much else to do.
jest.setTimeout(300_000);

const LARGE_BYTES = 900_000;
const isLog = (name: string): boolean => name.endsWith('.log');

let sessions: StoreSessions;
beforeEach(() => {
  sessions = openStoreSessions();
});
afterEach(() => sessions.end());

it('a SIGKILL at a roll-over, before the index file of the full segment is there, serves nothing twice at any later start', async () => {
  const store = await sessions.start();
  const client = connectTo(store.port);
  let acknowledged = 0;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      const answered = await client.appendToStream('large', counted(acknowledged, 'Large', LARGE_BYTES)).then(
        () => true,
        () => false,
      );
      if (!answered) return;
      acknowledged += 1;
    }
  })();
  while (readdirSync(sessions.directory).filter(isLog).length < 2)
    await new Promise((resolve) => setImmediate(resolve));
  await store.end('SIGKILL');
  isOver = true;
  await writing;
  await client.dispose();
  expect(acknowledged).toBeGreaterThan(30);
  const seen: number[][] = [];
  for (let start = 0; start < 3; start += 1)
    await sessions.session('SIGTERM', async (again) => {
      const numbers: number[] = [];
      for await (const { event } of again.readAll()) numbers.push((event?.data as { n: number }).n);
      seen.push(numbers);
    });

  const whole = Array.from({ length: seen[0]?.length ?? 0 }, (_, n) => n);
  expect([acknowledged, acknowledged + 1]).toContain(whole.length);
  expect(seen).toEqual([whole, whole, whole]);
});
