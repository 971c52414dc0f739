import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccessDeniedError, EventStoreDBClient } from '@eventstore/db-client';
import { makeLoopbackCertificate } from './access/certificate.ts';
import type { ConnectAs } from '../tests/rooms/event-store-server/secured-store.ts';
import {
  counted,
  newStream,
  numbersOf,
  startStoreForTests,
  type StoreForTests,
} from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

jest.setTimeout(120_000);

const ADMIN = { name: 'admin', password: 'changeit', groups: ['$admins'] };
const WRITER = { name: 'writer', password: 'pass:word ü', groups: ['docket'] };
const GUEST = { name: 'guest', password: 'guest', groups: [] };

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of events);
}

/** Every way to read and write, each with the error it ends with or null. */
async function attempts(client: EventStoreDBClient, stream: string): Promise<Record<string, unknown>> {
  const outcome = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => null,
      (error: unknown) => error,
    );
  const subscription = (from: ReturnType<EventStoreDBClient['subscribeToAll']>): Promise<void> =>
    new Promise((resolve, reject) => {
      from.on('confirmation', () => resolve()).on('error', reject);
    });
  return {
    append: await outcome(client.appendToStream(stream, counted(1))),
    read: await outcome(numbersOf(client.readStream(stream))),
    readMetadata: await outcome(client.getStreamMetadata(stream)),
    writeMetadata: await outcome(client.setStreamMetadata(stream, { maxCount: 100 })),
    subscribe: await outcome(subscription(client.subscribeToStream(stream) as never)),
    readAll: await outcome(drained(client.readAll({ maxCount: 1 }))),
    subscribeToAll: await outcome(subscription(client.subscribeToAll())),
    delete: await outcome(client.deleteStream(stream)),
    tombstone: await outcome(client.tombstoneStream(newStream())),
  };
}

const refused = (outcomes: Record<string, unknown>): string[] =>
  Object.entries(outcomes).flatMap(([name, error]) => {
    if (error === null) return [];
    expect(error).toBeInstanceOf(AccessDeniedError);
    return [name];
  });

const ALL_ATTEMPTS = [
  'append',
  'read',
  'readMetadata',
  'writeMetadata',
  'subscribe',
  'readAll',
  'subscribeToAll',
  'delete',
  'tombstone',
];

describe('a store with TLS and users', () => {
  let started: StoreForTests;
  const clients: EventStoreDBClient[] = [];
  const clientAs = (as: ConnectAs): EventStoreDBClient => {
    const client = EventStoreDBClient.connectionString(started.store.connectionString(as));
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    started = await startStoreForTests({ tls: true, users: [ADMIN, WRITER, GUEST] });
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.dispose()));
    await started.stop();
  });

  it('lets an administrator do everything', async () => {
    const stream = newStream();
    expect(refused(await attempts(clientAs({ user: ADMIN }), stream))).toEqual([]);
  });

  it('lets an ordinary user do everything with ordinary streams, and nothing with $all', async () => {
    const outcomes = await attempts(clientAs({ user: WRITER }), newStream());
    expect(refused(outcomes)).toEqual(['readAll', 'subscribeToAll']);
    // PERMISSION_DENIED: the client takes it by the trailer, not by the status.
    expect(outcomes.readAll).toMatchObject({ code: 7, message: expect.stringContaining('Access Denied') });
  });

  it('refuses everything without credentials', async () => {
    const outcomes = await attempts(clientAs({ user: null }), newStream());
    expect(refused(outcomes)).toEqual(ALL_ATTEMPTS);
    expect(outcomes.read).toMatchObject({ code: 7 });
  });

  it.each([
    ['a wrong password', { name: 'admin', password: 'wrong' }],
    ['an unknown user', { name: 'nobody', password: 'changeit' }],
  ])('refuses everything with %s, as unauthenticated', async (_what, user) => {
    const outcomes = await attempts(clientAs({ user }), newStream());
    expect(refused(outcomes)).toEqual(ALL_ATTEMPTS);
    for (const error of Object.values(outcomes)) expect(error).toMatchObject({ code: 16 });
  });

  it('takes the credentials of a single call', async () => {
    const client = clientAs({ user: null });
    const stream = newStream();
    const credentials = { username: WRITER.name, password: WRITER.password };
    await client.appendToStream(stream, counted(7), { credentials });
    expect(await numbersOf(client.readStream(stream, { credentials }))).toEqual([7]);
    const wrong = { username: WRITER.name, password: 'wrong' };
    await expect(client.appendToStream(stream, counted(8), { credentials: wrong })).rejects.toMatchObject({
      code: 16,
    });
    expect(await numbersOf(client.readStream(stream, { credentials }))).toEqual([7]);
  });

  it('is not spoken to by a client that trusts another CA, or that speaks no TLS', async () => {
    const other = join(started.directory, 'other-ca.pem');
    writeFileSync(other, makeLoopbackCertificate().certificate);
    const untrusting = clientAs({ caFile: other });
    await expect(untrusting.appendToStream(newStream(), counted(1))).rejects.toMatchObject({ code: 14 });
    const plain = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${started.store.port}?tls=false`);
    clients.push(plain);
    await expect(plain.appendToStream(newStream(), counted(1))).rejects.toMatchObject({ code: 14 });
  });

  it('lets the list of a stream decide, then the default lists, then what EventStoreDB begins with', async () => {
    const admin = clientAs({ user: ADMIN });
    const writer = clientAs({ user: WRITER });
    const guest = clientAs({ user: GUEST });
    const stream = newStream();
    await admin.setStreamMetadata(stream, {
      acl: { readRoles: ['guest'], writeRoles: ['docket'], metaReadRoles: ['$all'] },
    });
    await writer.appendToStream(stream, counted(1));
    await expect(guest.appendToStream(stream, counted(2))).rejects.toBeInstanceOf(AccessDeniedError);
    await expect(numbersOf(writer.readStream(stream))).rejects.toBeInstanceOf(AccessDeniedError);
    expect(await numbersOf(guest.readStream(stream))).toEqual([1]);
    expect((await guest.getStreamMetadata(stream)).metadata).toMatchObject({ acl: { readRoles: ['guest'] } });
    // The stream's list says nothing of these: the default one does.
    await guest.setStreamMetadata(newStream(), { maxCount: 1 });

    await admin.setStreamMetadata('$all', { acl: { readRoles: ['docket'] } });
    const countAll = async (by: EventStoreDBClient): Promise<number> => {
      let count = 0;
      for await (const { event } of by.readAll({ maxCount: 3 })) if (event !== undefined) count += 1;
      return count;
    };
    expect(await countAll(writer)).toBe(3);
    await expect(countAll(guest)).rejects.toBeInstanceOf(AccessDeniedError);
    await expect(writer.getStreamMetadata('$all')).rejects.toBeInstanceOf(AccessDeniedError);
  });

  it('takes the default lists of $settings', async () => {
    const own = await startStoreForTests({
      tls: true,
      users: [ADMIN, WRITER, GUEST],
      acl: {
        settings: {
          $userStreamAcl: { $r: ['docket'], $w: ['docket'], $d: '$admins', $mr: ['docket'], $mw: ['docket'] },
          $systemStreamAcl: {
            $r: ['docket', '$admins'],
            $w: '$admins',
            $d: '$admins',
            $mr: '$admins',
            $mw: '$admins',
          },
        },
      },
    });
    const connect = (user: ConnectAs['user']): EventStoreDBClient =>
      EventStoreDBClient.connectionString(own.store.connectionString({ user: user ?? null }));
    const writer = connect(WRITER);
    const guest = connect(GUEST);
    expect(refused(await attempts(writer, newStream()))).toEqual(['delete', 'tombstone']);
    expect(refused(await attempts(guest, newStream()))).toEqual(ALL_ATTEMPTS);
    await Promise.all([writer.dispose(), guest.dispose()]);
    await own.stop();
  });
});

describe('a store with a secret', () => {
  const secret = 'a-secret-of-forty-characters-0123456789ab';

  it('gives nothing to a client without it, and everything to one that has it', async () => {
    const started = await startStoreForTests({ secret });
    const stranger = (given: string | null): EventStoreDBClient =>
      EventStoreDBClient.connectionString(started.store.connectionString({ secret: given }));
    for (const given of [null, 'a-secret-of-forty-characters-0123456789ac']) {
      const client = stranger(given);
      const outcomes = await attempts(client, newStream());
      expect(refused(outcomes)).toEqual(ALL_ATTEMPTS);
      for (const error of Object.values(outcomes)) expect(error).toMatchObject({ code: 16 });
      await client.dispose();
    }
    expect(refused(await attempts(started.client, newStream()))).toEqual([]);
    await started.stop();
  });
});

describe('kept streams', () => {
  it('are deleted by nobody, an administrator included, and others as ever', async () => {
    const started = await startStoreForTests({ tls: true, users: [ADMIN], keepStreams: ['kept-'] });
    const { client } = started;
    const stream = newStream('kept');
    await client.appendToStream(stream, counted(1));
    await expect(client.deleteStream(stream)).rejects.toBeInstanceOf(AccessDeniedError);
    await expect(client.tombstoneStream(stream)).rejects.toBeInstanceOf(AccessDeniedError);
    // A soft delete is a "$tb" in the metadata, and so is a cut.
    for (const metadata of [{ truncateBefore: 5 }, { maxCount: 1 }, { maxAge: 1 }])
      await expect(client.setStreamMetadata(stream, metadata)).rejects.toBeInstanceOf(AccessDeniedError);
    expect(await numbersOf(client.readStream(stream))).toEqual([1]);
    expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    const other = newStream('other');
    await client.appendToStream(other, counted(1));
    await client.deleteStream(other);
    await started.stop();
  });
});

describe('files of users, secrets and certificates', () => {
  it.each([
    ['--users-file', '[{"name":"admin"}]', 'no JSON list of users'],
    ['--users-file', '[{"name":"a:b","password":"geheim"}]', 'no JSON list of users'],
    ['--secret-file', 'too short', '32 printable'],
  ])('that cannot be used end the start with code 5 (%s %s)', async (option, content, words) => {
    const sessions = openStoreSessions();
    const file = join(sessions.directory, 'given');
    writeFileSync(file, content);
    const refusedStart = await sessions.refusedStart({ args: [option, file] });
    expect(refusedStart).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(words) });
    expect(refusedStart.stderr).toContain(file);
    expect(refusedStart.stderr).not.toContain('geheim');
    await sessions.end();
  });

  it('that are missing end it with code 5, and half of TLS with 64', async () => {
    const sessions = openStoreSessions();
    const missing = join(sessions.directory, 'missing');
    expect(await sessions.refusedStart({ args: ['--secret-file', missing] })).toMatchObject({ exitCode: 5 });
    expect(await sessions.refusedStart({ args: ['--certificate-file', missing] })).toMatchObject({
      exitCode: 64,
    });
    await sessions.end();
  });

  it('the certificate made for loopback holds for localhost and both its addresses, and never ends', () => {
    const { certificate, privateKey } = makeLoopbackCertificate();
    const read = new X509Certificate(certificate);
    expect(read.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkHost('localhost')).toBe('localhost');
    expect([read.checkIP('127.0.0.1'), read.checkIP('::1')]).toEqual(['127.0.0.1', '::1']);
    expect([read.ca, read.validFromDate.getUTCFullYear(), read.validToDate.getUTCFullYear()]).toEqual([
      false,
      2020,
      9999,
    ]);
    expect(read.serialNumber).not.toBe(
      new X509Certificate(makeLoopbackCertificate().certificate).serialNumber,
    );
  });
});
