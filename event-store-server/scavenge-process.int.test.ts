import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { requestScavenge } from '../event-store/request-scavenge.ts';
import {
  connectTo,
  counted,
  eventually,
  numbersOf,
} from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions, type StoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

// Generous: each test writes more than a segment of 32 MiB, and the machine may have much else to do.
jest.setTimeout(300_000);

const SKEWED = `--import=${join(import.meta.dirname, '..', 'tests', 'harness', 'skewed-clock.mjs')}`;
const HOUR_MS = 3_600_000;
const LARGE_BYTES = 900_000;
/** More than a segment. */
const LARGE_EVENTS = 40;

let sessions: StoreSessions;
beforeEach(() => {
  sessions = openStoreSessions();
});
afterEach(() => sessions.end());

const url = (port: number): string => `esdb://127.0.0.1:${port}?tls=false`;

const logBytes = (): number =>
  readdirSync(sessions.directory)
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + statSync(join(sessions.directory, name)).size, 0);

interface Found {
  readonly jobs: readonly unknown[];
  readonly all: number;
}

async function look(client: EventStoreDBClient): Promise<Found> {
  const jobs: unknown[] = [];
  let all = 0;
  for await (const { event } of client.readAll()) {
    all += 1;
    if (event?.streamId.startsWith('job-') === true)
      jobs.push([event.streamId, event.revision, event.position, event.id, event.data]);
  }
  return { jobs, all };
}

/** Two hours ago: large events that are to live for an hour, and between them those of jobs. */
async function writeOld(): Promise<Found> {
  const old = await sessions.start({ env: { NODE_OPTIONS: SKEWED, CLOCK_SKEW_MS: `${-2 * HOUR_MS}` } });
  const client = connectTo(old.port);
  const patient = { deadline: 4 * HOUR_MS };
  await client.setStreamMetadata('keys', { maxAge: 3600 }, patient);
  await client.appendToStream('given-up', counted(1), patient);
  for (let n = 0; n < LARGE_EVENTS; n += 1) {
    await client.appendToStream('keys', counted(n, 'Large', LARGE_BYTES), patient);
    await client.appendToStream(`job-${n % 7}`, [counted(n), counted(n + 1)], patient);
  }
  await client.tombstoneStream('given-up');
  const found = await look(client);
  await client.dispose();
  await old.end('SIGTERM');
  return found;
}

describe('the store scavenges', () => {
  it('by EventStoreDB’s own operation what $maxAge and deletions have passed, beside readers, and keeps the rest', async () => {
    const before = await writeOld();
    const store = await sessions.start();
    const client = connectTo(store.port);
    const bytesBefore = logBytes();

    // Readers go on while it works, from the start and live.
    let isOver = false;
    let rounds = 0;
    const reading = (async () => {
      while (!isOver) {
        expect((await look(client)).jobs).toEqual(before.jobs);
        rounds += 1;
      }
    })();
    const live: string[] = [];
    let isLive = false;
    client
      .subscribeToAll({ fromPosition: 'end' })
      .on('caughtUp', () => (isLive = true))
      .on('data', ({ event }) => live.push(event?.streamId ?? ''));
    await eventually(() => isLive, 'live');
    const scavenged = await requestScavenge(url(store.port));
    const bytesAfter = logBytes();
    expect(scavenged).toMatchObject({ outcome: 'done', freed: { segments: 1, rewritten: 1 } });
    // A reader that is under way must not see the next event.
    isOver = true;
    await reading;
    await client.appendToStream('job-new', counted(1));
    await eventually(() => live.includes('job-new'), 'the new event');
    expect(rounds).toBeGreaterThan(0);

    expect(bytesBefore - bytesAfter).toBe(scavenged.freed?.bytes);
    expect(scavenged.freed?.bytes).toBeGreaterThan(0.8 * bytesBefore);
    expect(await numbersOf(client.readStream('keys'))).toEqual([]);
    // The stream goes on at its revision.
    const next = await client.appendToStream('keys', counted(99), {
      expectedRevision: BigInt(LARGE_EVENTS - 1),
    });
    expect(next.nextExpectedRevision).toBe(BigInt(LARGE_EVENTS));
    expect(await numbersOf(client.readStream('keys'))).toEqual([99]);
    const after = await look(client);
    expect(after.all).toBeLessThan(before.all);
    // Nothing is left to do.
    expect(await requestScavenge(url(store.port))).toMatchObject({ freed: { events: 0, bytes: 0 } });
    await client.dispose();
    await store.end('SIGKILL');

    // From the segment itself, and then from its index file.
    for (const loses of [true, false]) {
      for (const name of readdirSync(sessions.directory))
        if (loses && name.endsWith('.index')) rmSync(join(sessions.directory, name));
      const again = await sessions.start();
      const reader = connectTo(again.port);
      expect(await look(reader)).toEqual(after);
      expect(await numbersOf(reader.readStream('keys'))).toEqual([99]);
      await reader.dispose();
      expect(await again.end('SIGTERM')).toBe(0);
    }
  });

  it('by the day, over restarts', async () => {
    await writeOld();
    // The first store made the stamp of the last run; a day later, after a restart, the next run is due.
    const bytesBefore = logBytes();
    const stamped = await sessions.start({
      env: { NODE_OPTIONS: SKEWED, CLOCK_SKEW_MS: `${25 * HOUR_MS}`, SCAVENGE_EVERY_HOURS: '24' },
    });
    await eventually(() => logBytes() < 0.2 * bytesBefore, 'the daily scavenge', 120_000);
    await eventually(() => stamped.stderr().includes('Scavenge removed'), 'the notice');
    expect(await stamped.end('SIGTERM')).toBe(0);
  });
});
