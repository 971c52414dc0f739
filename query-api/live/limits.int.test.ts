import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { ReadStore } from '../../read-store/pool.ts';
import { clientReader } from '../../runtime/http/client.ts';
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { openLive, type LiveTester } from '../../tests/harness/live-tester.ts';
import { projectInto } from '../../tests/harness/projected-jobs.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { admit } from './upgrade-gate.ts';

let installation: QueryInstallation;

beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
  await projectInto(installation.store).write([]);
}, 60_000);
afterAll(() => installation.stop());

describe('the gate', () => {
  const address = () => `ws://127.0.0.1:${installation.port}/api/live`;
  const attempt = (headers: Record<string, string>, protocols = [LIVE_PROTOCOL], url = address()) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(url, protocols, { headers });
      socket.once('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      socket.once('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('error', () => undefined);
    });

  it.each([['https://evil.example'], ['null'], ['http://localhost.evil.example'], ['']])(
    'refuses Origin %j before the upgrade [A-CS03]',
    async (origin) => {
      const cookie = installation.cookieOf(installation.newOwner());
      expect(await attempt({ cookie, ...(origin ? { origin } : {}) })).toBe(403);
    },
  );

  it('refuses who has no session, and who speaks another protocol', async () => {
    const origin = `http://127.0.0.1:${installation.port}`;
    const cookie = installation.cookieOf(installation.newOwner());
    expect(await attempt({ origin })).toBe(401);
    expect(await attempt({ origin, cookie: 'docket=v1.x.y.z' })).toBe(401);
    expect(await attempt({ origin, cookie }, ['other.v1'])).toBe(400);
    expect(await attempt({ origin, cookie })).toBe(101);
  });

  it('refuses the eleventh socket of an owner, until one has gone [A-WS03]', async () => {
    const owner = installation.newOwner();
    const open = await Promise.all(
      Array.from({ length: LIVE_LIMITS.socketsPerOwnerMax }, () => openLive(installation, owner)),
    );
    const headers = { origin: `http://127.0.0.1:${installation.port}`, cookie: installation.cookieOf(owner) };
    expect(await attempt(headers)).toBe(429);
    open[0]?.socket.close();
    await open[0]?.closed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await attempt(headers)).toBe(101);
    for (const tester of open) tester.socket.close();
  });
});

describe('the sockets of one address', () => {
  it('are bounded over all its owners, and others are let in meanwhile [A-WS03]', async () => {
    const settings = { ...loadSettings({ NODE_ENV: 'test', SOCKETS_PER_ADDRESS_MAX: '3' }), PORT: 0 };
    const identity = installation.identityWith({ TRUST_PROXY: 'loopback' });
    const strict = await installation.open({ settings, identity });
    const from = (address: string) => ({
      origin: `http://127.0.0.1:${strict.port}`,
      cookie: installation.cookieOf(installation.newOwner()),
      'x-forwarded-for': address,
    });
    const url = `ws://127.0.0.1:${strict.port}/api/live`;
    const held: WebSocket[] = [];
    const attempt = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(url, [LIVE_PROTOCOL], { headers });
        held.push(socket);
        socket.on('error', () => undefined);
        socket.once('open', () => resolve(101));
        socket.once('unexpected-response', (_request, response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
      });
    try {
      const statuses = [];
      for (let n = 0; n < 4; n += 1) statuses.push(await attempt(from('198.51.100.4')));
      expect(statuses).toEqual([101, 101, 101, 429]);
      expect(await attempt(from('198.51.100.5'))).toBe(101);
    } finally {
      for (const socket of held) socket.terminate();
      await strict.service.stop(100);
      await strict.listening.close(100);
    }
  });
});

describe('a server that cannot serve', () => {
  it('has no room: 503 before the upgrade, also for who has no socket open yet', () => {
    const identity = {
      ownerOfUpgrade: () => 'anna',
      mayOpenSocket: () => true,
      mayOperate: () => false,
      readClient: clientReader(undefined),
    };
    const request = {
      method: 'GET',
      headers: { 'sec-websocket-protocol': LIVE_PROTOCOL },
      socket: { remoteAddress: '192.0.2.1' },
    } as unknown as IncomingMessage;
    const open = {
      ofOwner: () => 0,
      ofAddress: 0,
      ofAddressMax: 1,
      totalMax: 100,
      refusedBy: () => undefined,
    };
    expect(admit(request, identity, { ...open, total: 100 })).toMatchObject({ refused: 'UNAVAILABLE' });
    expect(admit(request, identity, { ...open, total: 99 })).toEqual({
      owner: 'anna',
      operates: false,
      clientKey: '192.0.2.1',
    });
  });

  it('cannot read the tables: goodbye with a time to come back, then 1013', async () => {
    let isAway = false;
    const store: ReadStore = {
      ...installation.store,
      query: (...asked: Parameters<ReadStore['query']>) =>
        isAway ? Promise.reject(new Error('away')) : installation.store.query(...asked),
    };
    const other = await installation.open({ store });
    const tester = await openLive({ ...installation, port: other.port }, installation.newOwner());
    isAway = true;
    tester.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    expect((await tester.frame('goodbye')).retryAfterMs).toBeGreaterThan(0);
    expect(await tester.closed).toBe(LIVE_CLOSE.tryAgainLater);
    await other.service.stop(100);
    await other.listening.close(100);
  });
});

describe('a client that breaks a rule is closed with the code of that rule [A-WS01]', () => {
  const closes = async (
    misbehave: (tester: LiveTester) => void,
    { hello } = { hello: true },
  ): Promise<number> => {
    const tester = await openLive(installation, installation.newOwner(), { hello });
    misbehave(tester);
    return tester.closed;
  };
  it('more than 4 KiB in a frame', async () => {
    expect(await closes((tester) => tester.send('x'.repeat(LIVE_LIMITS.frameBytesMax + 1)))).toBe(1009);
  });
  it('more than 10 messages a second', async () => {
    const flood = (tester: LiveTester) => {
      for (let at = 0; at < 100; at += 1) tester.send({ type: 'pong' });
    };
    expect(await closes(flood)).toBe(LIVE_CLOSE.tooManyMessages);
  });
  it('a flood of pings', async () => {
    const flood = (tester: LiveTester) => {
      for (let at = 0; at < 100; at += 1) tester.socket.ping();
    };
    expect(await closes(flood)).toBe(LIVE_CLOSE.tooManyMessages);
  });
  it('a ninth subscription', async () => {
    const many = (tester: LiveTester) => {
      for (let id = 1; id <= 9; id += 1) tester.send({ type: 'subscribe', id, topic: 'jobs' });
    };
    expect(await closes(many)).toBe(LIVE_CLOSE.policy);
  });
  it.each([
    ['no JSON', '{'],
    ['an unknown type', '{"type":"shutdown"}'],
    ['an unknown key', '{"type":"pong","x":1}'],
    ['an array', '[]'],
    ['null', 'null'],
  ])('%s', async (_what, text) => {
    expect(await closes((tester) => tester.send(text))).toBe(LIVE_CLOSE.badFrame);
  });
  it('anything before hello', async () => {
    expect(await closes((tester) => tester.send({ type: 'pong' }), { hello: false })).toBe(
      LIVE_CLOSE.badFrame,
    );
  });
  it('binary frames, and text that is no UTF-8', async () => {
    expect(await closes((tester) => tester.socket.send(Buffer.from('x'), { binary: true }))).toBe(1003);
    expect(await closes((tester) => tester.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }))).toBe(
      1007,
    );
  });
  it('no hello within 5 s', async () => {
    expect(await closes(() => undefined, { hello: false })).toBe(LIVE_CLOSE.helloTimeout);
  });
});
