import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { freePort } from '../cli/up/free-port.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../tests/harness/fault-proxy.ts';
import { connectEventLog, type ConnectedEventLog } from './connect.ts';
import { makeLoopbackCertificate } from '../event-store-server/access/certificate.ts';
import { temporaryDirectory, removeDirectory } from '../tests/rooms/event-store-server/spawned-store.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WATCHED_MS = 3_000;
/** Followers, reads and appends, each with backoff; without it there are 40 connections a second and more. */
const CONNECTIONS_PER_SEC_MAX = 15;
/** One line when it goes, for the followers and each client. */
const LINES_MAX = 4;

const admin = { name: 'admin', password: 'changeit', groups: ['$admins'] };
const docket = { name: 'docket', password: 'docket-secret', groups: [] };
const writer = { name: 'writer', password: 'writer-secret', groups: [] };

let store: TestEventStore;
let proxy: FaultProxy;
let directory: string;

beforeAll(async () => {
  directory = temporaryDirectory();
  store = await startTestEventStore({
    tls: true,
    users: [admin, docket, writer],
    acl: { streams: { $all: { readRoles: ['docket', '$admins'] } } },
  });
  proxy = await startFaultProxy(store.port);
});

afterAll(async () => {
  await proxy.stop();
  await store.stop();
  removeDirectory(directory);
});

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A certificate of somebody else. */
function otherAuthority(): string {
  const file = join(directory, 'other.pem');
  writeFileSync(file, makeLoopbackCertificate().certificate);
  return file;
}

const someEvent = () => ({ id: randomUUID(), type: 'Happened', data: { n: 1 }, metadata: { by: 'test' } });

function connectedTo(connectionString: string): { log: ConnectedEventLog; lines: string[] } {
  const lines: string[] = [];
  const keep = new Writable({
    write: (line, _encoding, done) => {
      lines.push(String(line));
      done();
    },
  });
  const log = connectEventLog({ connectionString, timeoutMs: 3_000, log: pino({ level: 'info' }, keep) });
  opened.push(() => log.close());
  return { log, lines };
}

interface Refusing {
  readonly name: string;
  readonly url: () => string | Promise<string>;
  readonly code: string;
  readonly final: boolean;
  readonly says: RegExp;
}

const through = () => proxy.port;
const CASES: readonly Refusing[] = [
  {
    name: 'no credentials',
    url: () => store.connectionStringAs({ user: null, port: through() }),
    code: 'STORE_LOGIN_MISSING',
    final: true,
    says: /requires a user.*EVENTSTORE_URL/,
  },
  {
    name: 'a wrong password',
    url: () => store.connectionStringAs({ user: { ...docket, password: 'wrong' }, port: through() }),
    code: 'STORE_LOGIN_REFUSED',
    final: true,
    says: /"docket" with this password/,
  },
  {
    name: 'an authority that is not known here',
    url: () => store.connectionStringAs({ user: docket, caFile: null, port: through() }),
    code: 'STORE_NOT_TRUSTED',
    final: true,
    says: /tlsCAFile/,
  },
  {
    name: 'another authority than the one that is trusted',
    url: () => store.connectionStringAs({ user: docket, caFile: otherAuthority(), port: through() }),
    code: 'STORE_NOT_TRUSTED',
    final: true,
    says: /tlsCAFile/,
  },
  {
    name: 'a user who may write and not read $all',
    url: () => store.connectionStringAs({ user: writer, port: through() }),
    code: 'STORE_RIGHT_MISSING',
    final: true,
    says: /"writer" has no right for (reading|following) \$all/,
  },
  {
    name: 'TLS switched off before a server that has it',
    url: () => `esdb://127.0.0.1:${through()}?tls=false`,
    code: 'STORE_HANGS_UP',
    final: false,
    says: /remove tls=false/,
  },
  {
    name: 'a host that is misspelt',
    url: () => 'esdb://localhots.invalid:2113?tls=false',
    code: 'STORE_HOST_UNKNOWN',
    final: false,
    says: /spelling/,
  },
  {
    name: 'nobody at the address',
    url: async () => `esdb://127.0.0.1:${await freePort()}?tls=false`,
    code: 'STORE_NOT_REACHED',
    final: false,
    says: /ECONNREFUSED/,
  },
  {
    name: 'nobody at both addresses of a cluster',
    url: async () => `esdb://127.0.0.1:${await freePort()},127.0.0.1:${await freePort()}?tls=false`,
    code: 'STORE_N',
    final: false,
    says: /Nobody answers|No server/,
  },
];

describe.each(CASES)('$name', ({ url, code, final, says }) => {
  it('is named by the probe and by whoever is refused, in few words and over few connections', async () => {
    const { log, lines } = connectedTo(await url());
    const before = proxy.connections();
    const beganMs = performance.now();
    const interruptions: string[] = [];
    const following = log.follow({
      after: () => 'start',
      filter: { streamPrefixes: ['job-'] },
      onEvent: () => undefined,
      onInterrupted: ({ message }) => interruptions.push(message),
    });
    opened.push(() => following.stop());
    const watching = sleep(WATCHED_MS);
    const probed = log.probe();
    await expect(probed).rejects.toMatchObject({ final, message: expect.stringMatching(says) as unknown });
    await expect(probed).rejects.toMatchObject({ code: expect.stringContaining(code) as unknown });
    await expect(log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    const appended = log.append(`job-${randomUUID()}`, [someEvent()], 'no_stream');
    await expect(appended).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    await watching;
    if (final) for (const message of interruptions) expect(message).toMatch(says);
    const seconds = (performance.now() - beganMs) / 1000;
    expect((proxy.connections() - before) / seconds).toBeLessThanOrEqual(CONNECTIONS_PER_SEC_MAX);
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX);
    expect(lines.join('')).not.toMatch(/-secret|\bat .*\.[jt]s:\d+/);
  });
});

it('a user with the right to read $all is served, and the probe writes nothing', async () => {
  const { log } = connectedTo(store.connectionStringAs({ user: docket }));
  const before = await log.head();
  await log.probe();
  expect(await log.head()).toBe(before);
  await log.append(`job-${randomUUID()}`, [someEvent()], 'no_stream');
});
