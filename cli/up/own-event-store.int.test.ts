import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessDeniedError, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { makeLoopbackCertificate } from '../../event-store-server/access/certificate.ts';
import { startInstallation, type Installation } from '../../tests/harness/installation.ts';
import { ownEventStore } from '../event-store-access.ts';

const SLOW_MS = 180_000;
const JOB = 'job-6f1d8f0e-3c57-5b0a-9a53-0d0c7e0a5d11';

const event = () => jsonEvent({ type: 'Forged', data: { n: 1 } });

/** What each way to reach the log ends with: null when it succeeds. */
async function attempts(client: EventStoreDBClient): Promise<Record<string, unknown>> {
  const outcome = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => null,
      (error: unknown) => error,
    );
  const drain = async (events: AsyncIterable<unknown>): Promise<void> => {
    for await (const _event of events);
  };
  const subscription = new Promise((resolve, reject) => {
    client.subscribeToAll().on('confirmation', resolve).on('error', reject);
  });
  return {
    append: await outcome(client.appendToStream('strange', event())),
    readAll: await outcome(drain(client.readAll({ maxCount: 1 }))),
    readStream: await outcome(drain(client.readStream('strange'))),
    subscribe: await outcome(subscription),
    delete: await outcome(client.deleteStream('strange')),
    tombstone: await outcome(client.tombstoneStream('other')),
    readMetadata: await outcome(client.getStreamMetadata('strange')),
    writeMetadata: await outcome(client.setStreamMetadata('strange', { maxCount: 1 })),
  };
}

describe('the event store of `docket up`', () => {
  let installation: Installation;
  let url: string;
  const foreign = mkdtempSync(join(tmpdir(), 'docket-foreign-'));
  const reaching = async (connectionString: string): Promise<Record<string, unknown>> => {
    const client = EventStoreDBClient.connectionString(connectionString);
    try {
      return await attempts(client);
    } finally {
      await client.dispose();
    }
  };

  beforeAll(async () => {
    installation = await startInstallation();
    const noted = readFileSync(join(installation.dataDir, 'connections.json'), 'utf8');
    url = (JSON.parse(noted) as { EVENTSTORE_URL: string }).EVENTSTORE_URL;
  }, SLOW_MS);
  afterAll(async () => {
    await installation.stop();
    rmSync(foreign, { recursive: true, force: true });
  });

  it(
    'gives nothing to who has not its password: no credentials, a wrong one, no TLS',
    async () => {
      const own = new URL(url);
      const bare = `esdb://localhost:${own.port}${own.search}`;
      const wrong = `esdb://docket:guess@localhost:${own.port}${own.search}`;
      for (const stranger of [bare, wrong])
        for (const error of Object.values(await reaching(stranger)))
          expect(error).toBeInstanceOf(AccessDeniedError);
      for (const error of Object.values(await reaching(`esdb://127.0.0.1:${own.port}?tls=false`)))
        expect(error).toMatchObject({ code: 14 });
    },
    SLOW_MS,
  );

  it(
    'is known by its certificate: the client speaks to no other program on that port',
    async () => {
      const other = join(foreign, 'other.pem');
      writeFileSync(other, makeLoopbackCertificate().certificate);
      const doubting = url.replace(/tlsCAFile=.*/, `tlsCAFile=${encodeURIComponent(other)}`);
      for (const error of Object.values(await reaching(doubting))) expect(error).toMatchObject({ code: 14 });
    },
    SLOW_MS,
  );

  it(
    'lets nobody delete the stream of a job, the user of Docket itself included',
    async () => {
      const client = EventStoreDBClient.connectionString(url);
      await client.appendToStream(JOB, event());
      await expect(client.deleteStream(JOB)).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(client.tombstoneStream(JOB)).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(client.setStreamMetadata(JOB, { truncateBefore: 9 })).rejects.toBeInstanceOf(
        AccessDeniedError,
      );
      await client.dispose();
    },
    SLOW_MS,
  );

  it('keeps what opens it from everybody else on the machine', () => {
    const modeOf = (name: string): number => statSync(join(installation.dataDir, name)).mode & 0o777;
    expect(modeOf('connections.json')).toBe(0o600);
    expect(modeOf('event-store-access')).toBe(0o700);
    for (const name of ['certificate.pem', 'private-key.pem', 'users.json'])
      expect(modeOf(join('event-store-access', name))).toBe(0o600);
  });
});

describe('the files that open it', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'docket-access-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('are made at the first start, kept after it, and made anew as a whole when one is lost', () => {
    const first = ownEventStore(dataDir).connectionString(1);
    expect(ownEventStore(dataDir).connectionString(1)).toBe(first);
    const read = (name: string): string => readFileSync(join(dataDir, 'event-store-access', name), 'utf8');
    const certificate = read('certificate.pem');
    rmSync(join(dataDir, 'event-store-access', 'private-key.pem'));
    expect(ownEventStore(dataDir).connectionString(1)).not.toBe(first);
    expect(read('certificate.pem')).not.toBe(certificate);
  });
});
