import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { JobListAnswer, JobView } from '../../schemas/http-api.ts';
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PROTOCOL, type ServerFrame } from '../../schemas/live-protocol.ts';
import { isType, noRows, openLive, takeIn, type LiveTester } from '../../tests/harness/live-tester.ts';
import { projectInto, type Projection } from '../../tests/harness/projected-jobs.ts';
import { startQueryHouse, type QueryHouse } from '../../tests/harness/query-house.ts';

let house: QueryHouse;
let projection: Projection;
let denied: Awaited<ReturnType<QueryHouse['open']>>;

beforeAll(async () => {
  house = await startQueryHouse();
  projection = projectInto(house.store);
  await projection.write([]);
  denied = await house.open({ mayOperate: () => false });
}, 60_000);
afterAll(async () => {
  await denied.service.stop(500);
  await denied.listening.close(100);
  await house.stop();
});

const isDelta = isType('delta');
const isSnapshot = isType('snapshot');
const rowsOf = (frame: { rows: unknown[] }) => frame.rows as JobView[];

async function follow(owner: string, topic = 'jobs', token?: string): Promise<LiveTester> {
  const tester = await openLive(house, owner);
  tester.send({ type: 'subscribe', id: 1, topic, ...(token === undefined ? {} : { token }) });
  return tester;
}

describe('a live subscription', () => {
  it('begins with a snapshot and goes on with every change, each delta from the token before', async () => {
    const owner = house.newOwner();
    const jobId = randomUUID();
    await projection.write([{ jobId, owner }]);
    const tester = await follow(owner);
    const snapshot = await tester.frame(isSnapshot);
    expect(rowsOf(snapshot).map((row) => [row.jobId, row.state])).toEqual([[jobId, 'queued']]);
    await projection.write([{ jobId, owner, state: 'converting' }]);
    const first = await tester.frame(isDelta);
    expect(first.previous).toBe(snapshot.token);
    await projection.write([{ jobId, owner, state: 'ready' }]);
    const second = await tester.frame((frame) => isDelta(frame) && frame !== first && isDelta(frame));
    expect(second).toMatchObject({ previous: first.token, rows: [{ state: 'ready' }] });
    expect(rowsOf(second as { rows: unknown[] })[0]).toEqual(await house.json(`/api/jobs/${jobId}`, owner));
    tester.socket.close();
  });

  it('resumes from a token, the one of GET /api/jobs included, with the missed rows and nothing else', async () => {
    const owner = house.newOwner();
    const [seen, missed] = [randomUUID(), randomUUID()];
    await projection.write([{ jobId: seen, owner }]);
    const { token } = await house.json<JobListAnswer>('/api/jobs', owner);
    await projection.write([{ jobId: missed, owner }]);
    await projection.write([{ jobId: randomUUID(), owner: house.newOwner() }]);
    const tester = await follow(owner, 'jobs', token);
    const delta = await tester.frame(isDelta);
    expect(rowsOf(delta).map((row) => row.jobId)).toEqual([missed]);
    expect(delta.previous).toBe(token);
    tester.socket.close();
    const again = await follow(owner, 'jobs', delta.token);
    expect(await again.frame(isDelta)).toMatchObject({ rows: [], previous: delta.token });
    again.socket.close();
  });

  it.each([
    ['of another owner', (other: string) => other],
    ['that was changed', (_other: string, own: string) => `${own.slice(0, -2)}AA`],
    ['that is none', () => '18446744073709551616'],
  ])('says reset to a token %s, and sends a snapshot [A-WS04]', async (_which, choose) => {
    const owner = house.newOwner();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const own = (await house.json<JobListAnswer>('/api/jobs', owner)).token;
    const other = (await house.json<JobListAnswer>('/api/jobs', house.newOwner())).token;
    const tester = await follow(owner, 'jobs', choose(other, own));
    expect(await tester.frame(isType('reset'))).toMatchObject({ reason: 'invalid' });
    expect(rowsOf(await tester.frame(isSnapshot))).toHaveLength(1);
    tester.socket.close();
  });

  it('sends a long list as pages, and a reset to who missed more than a page', async () => {
    const owner = house.newOwner();
    const { token } = await house.json<JobListAnswer>('/api/jobs', owner);
    await projection.write(Array.from({ length: 450 }, () => ({ jobId: randomUUID(), owner })));
    const tester = await follow(owner, 'jobs', token);
    expect(await tester.frame(isType('reset'))).toMatchObject({ reason: 'expired' });
    await tester.frame((frame) => isSnapshot(frame) && !frame.more && isSnapshot(frame));
    const pages = tester.frames.filter(isSnapshot);
    expect(pages.map((page) => [page.rows.length, page.more])).toEqual([
      ...[
        [200, true],
        [200, true],
        [50, false],
      ],
    ]);
    expect(new Set(pages.flatMap((page) => rowsOf(page).map((row) => row.jobId))).size).toBe(450);
    tester.socket.close();
  });

  it('starts over when the tables are other ones', async () => {
    const owner = house.newOwner();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const tester = await follow(owner);
    const { token } = await tester.frame(isSnapshot);
    const held = tester.frames.length;
    await projection.newEpoch();
    expect(await tester.frame(isType('reset'), held)).toMatchObject({ reason: 'epoch' });
    expect(rowsOf(await tester.frame(isSnapshot, held))).toHaveLength(1);
    tester.socket.close();
    const late = await follow(owner, 'jobs', token);
    expect(await late.frame(isType('reset'))).toMatchObject({ reason: 'epoch' });
    late.socket.close();
  });

  it('of one job shows that job; of a foreign or unknown one it is NOT_FOUND [A-WS04]', async () => {
    const owner = house.newOwner();
    const [jobId, other] = [randomUUID(), randomUUID()];
    await projection.write([
      { jobId, owner },
      { jobId: other, owner },
    ]);
    const tester = await follow(owner, `job:${jobId}`);
    expect(rowsOf(await tester.frame(isSnapshot)).map((row) => row.jobId)).toEqual([jobId]);
    await projection.write([{ jobId: other, owner, state: 'ready' }]);
    await projection.write([{ jobId, owner, state: 'ready' }]);
    expect(rowsOf(await tester.frame(isDelta)).map((row) => row.jobId)).toEqual([jobId]);
    tester.socket.close();
    for (const topic of [
      `job:${jobId}`,
      `job:${randomUUID()}`,
      'job:*',
      '*',
      'ops:everything',
      '__proto__',
    ]) {
      const stranger = await follow(house.newOwner(), topic);
      expect(await stranger.frame(isType('error'))).toMatchObject({ id: 1, code: 'NOT_FOUND' });
      stranger.socket.close();
    }
  });

  it('never carries a byte of another owner’s jobs', async () => {
    const [anna, bert] = [house.newOwner(), house.newOwner()];
    const testers = await Promise.all([follow(anna), follow(bert)]);
    await Promise.all(testers.map((tester) => tester.frame(isSnapshot)));
    for (let at = 0; at < 30; at += 1) {
      const owner = at % 2 ? anna : bert;
      await projection.write([{ jobId: randomUUID(), owner, filename: `of-${owner}.pdf` }]);
    }
    for (const tester of testers) {
      const count = () => tester.frames.filter(isDelta).flatMap((frame) => frame.rows).length;
      for (let tries = 0; count() < 15 && tries < 200; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(count()).toBe(15);
    }
    expect(JSON.stringify(testers[0]?.frames)).not.toContain(bert);
    expect(JSON.stringify(testers[1]?.frames)).not.toContain(anna);
    for (const tester of testers) tester.socket.close();
  });

  it('of ops topics shows everyone’s jobs and the figures, to who may operate only', async () => {
    const tester = await openLive(house, house.newOwner());
    tester.send({ type: 'subscribe', id: 1, topic: 'ops:metrics' });
    const { rows } = await tester.frame(isSnapshot);
    const before = (rows[0] as { active: number }).active;
    tester.send({ type: 'subscribe', id: 2, topic: 'ops:jobs' });
    await tester.frame((frame) => isSnapshot(frame) && frame.id === 2 && !frame.more && isSnapshot(frame));
    const jobId = randomUUID();
    await projection.write([{ jobId, owner: house.newOwner() }]);
    const delta = await tester.frame((frame) => isDelta(frame) && frame.id === 2 && isDelta(frame));
    expect(rowsOf(delta as { rows: unknown[] })[0]?.jobId).toBe(jobId);
    const figures = await tester.frame((frame) => isDelta(frame) && frame.id === 1 && isDelta(frame));
    expect((figures as { rows: unknown[] }).rows).toMatchObject([{ active: before + 1 }]);
    tester.socket.close();
    const clerk = await openLive({ ...house, port: denied.port }, house.newOwner());
    clerk.send({ type: 'subscribe', id: 1, topic: 'ops:jobs' });
    expect(await clerk.frame(isType('error'))).toMatchObject({ code: 'NOT_FOUND' });
    clerk.socket.close();
  });
});

describe('the gate', () => {
  const address = () => `ws://127.0.0.1:${house.port}/api/live`;
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
      const cookie = house.cookieOf(house.newOwner());
      expect(await attempt({ cookie, ...(origin ? { origin } : {}) })).toBe(403);
    },
  );

  it('refuses who has no session, and who speaks another protocol', async () => {
    const origin = `http://127.0.0.1:${house.port}`;
    const cookie = house.cookieOf(house.newOwner());
    expect(await attempt({ origin })).toBe(401);
    expect(await attempt({ origin, cookie: 'docket=v1.x.y.z' })).toBe(401);
    expect(await attempt({ origin, cookie }, ['other.v1'])).toBe(400);
    expect(await attempt({ origin, cookie })).toBe(101);
  });

  it('refuses the eleventh socket of an owner, until one has gone [A-WS03]', async () => {
    const owner = house.newOwner();
    const open = await Promise.all(
      Array.from({ length: LIVE_LIMITS.socketsPerOwnerMax }, () => openLive(house, owner)),
    );
    const headers = { origin: `http://127.0.0.1:${house.port}`, cookie: house.cookieOf(owner) };
    expect(await attempt(headers)).toBe(429);
    open[0]?.socket.close();
    await open[0]?.closed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await attempt(headers)).toBe(101);
    for (const tester of open) tester.socket.close();
  });
});

describe('a client that breaks a rule is closed with the code of that rule [A-WS01]', () => {
  const closes = async (misbehave: (tester: LiveTester) => void, hello = true): Promise<number> => {
    const tester = await openLive(house, house.newOwner(), { hello });
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
    expect(await closes((tester) => tester.send({ type: 'pong' }), false)).toBe(LIVE_CLOSE.badFrame);
  });
  it('binary frames, and text that is no UTF-8', async () => {
    expect(await closes((tester) => tester.socket.send(Buffer.from('x'), { binary: true }))).toBe(1003);
    expect(await closes((tester) => tester.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }))).toBe(
      1007,
    );
  });
  it('no hello within 5 s', async () => {
    expect(await closes(() => undefined, false)).toBe(LIVE_CLOSE.helloTimeout);
  });
});

describe('a slow client [D32]', () => {
  it('is closed with 4008 while the others go on, and the server keeps little for it', async () => {
    const [slow, quick] = [house.newOwner(), house.newOwner()];
    const tester = await openLive(house, slow);
    tester.send({ type: 'subscribe', id: 1, topic: 'ops:jobs' });
    await tester.frame((frame) => isSnapshot(frame) && !frame.more && isSnapshot(frame));
    tester.socket.pause();
    const other = await follow(quick);
    await other.frame(isSnapshot);
    const before = process.memoryUsage().rss;
    const started = Date.now();
    let writes = 0;
    const pages = Array.from({ length: 300 }, () => ({
      jobId: randomUUID(),
      owner: slow,
      filename: 'x'.repeat(390),
    }));
    while (tester.socket.readyState === WebSocket.OPEN && Date.now() - started < 25_000) {
      await projection.write(pages);
      writes += 1;
      if (writes % 20 === 0) {
        const { body } = await fetch(`${house.url}/api/limits`);
        await body?.cancel();
      }
      if ((await closeSeen()) !== null) break;
    }
    async function closeSeen(): Promise<number | null> {
      const metrics = await house.metrics.getSingleMetricAsString('docket_live_closes_total');
      return metrics.includes('code="4008"') ? 4008 : null;
    }
    expect(await closeSeen()).toBe(4008);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    const jobId = randomUUID();
    await projection.write([{ jobId, owner: quick }]);
    await other.frame((frame) => isDelta(frame) && rowsOf(frame)[0]?.jobId === jobId && isDelta(frame));
    other.socket.close();
    tester.socket.terminate();
  }, 60_000);
});

describe('chaos', () => {
  it('a client cut 120 times at random moments ends with exactly the rows of GET /api/jobs [I9][D12]', async () => {
    const owner = house.newOwner();
    const jobIds = Array.from({ length: 60 }, () => randomUUID());
    const states = ['queued', 'converting', 'waiting', 'ready', 'failed'] as const;
    const pick = <Value>(from: readonly Value[]) => from[Math.floor(Math.random() * from.length)] as Value;
    let moving = true;
    const mover = (async () => {
      while (moving) {
        const changed = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => pick(jobIds));
        await projection.write([...new Set(changed)].map((jobId) => ({ jobId, owner, state: pick(states) })));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      }
    })();
    const held = noRows();
    let cuts = 0;
    let resumed = 0;
    const connectOnce = async (): Promise<LiveTester> => {
      const tester = await openLive(house, owner);
      tester.socket.on('message', (message: Buffer) =>
        takeIn(held, JSON.parse(message.toString()) as ServerFrame),
      );
      if (held.token) resumed += 1;
      tester.send({ type: 'subscribe', id: 1, topic: 'jobs', ...(held.token ? { token: held.token } : {}) });
      return tester;
    };
    for (; cuts < 120; cuts += 1) {
      const tester = await connectOnce();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      tester.socket.terminate();
      tester.socket.removeAllListeners('message');
      held.building = false;
      if (cuts === 60) await projection.newEpoch();
    }
    moving = false;
    await mover;
    const last = await connectOnce();
    const { jobs } = await house.json<JobListAnswer>(
      `/api/jobs?limit=200&atLeast=${projection.position()}`,
      owner,
    );
    const expected = new Map(jobs.map((job) => [job.jobId, job.position]));
    const shown = () => new Map([...held.rows].map(([jobId, row]) => [jobId, row.position]));
    const same = () =>
      shown().size === expected.size &&
      [...expected].every(([jobId, position]) => shown().get(jobId) === position);
    for (let tries = 0; !same() && tries < 100; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(shown()).toEqual(expected);
    expect(held.faults).toEqual([]);
    expect(resumed).toBeGreaterThan(60);
    last.socket.close();
  }, 60_000);
});

describe('shutdown', () => {
  it('says goodbye with a time to come back, closes with 1012, and takes no more', async () => {
    const other = await house.open();
    const tester = await openLive({ ...house, port: other.port }, house.newOwner());
    const stopping = other.service.stop(2_000);
    const goodbye = await tester.frame(isType('goodbye'));
    expect(goodbye.retryAfterMs).toBeGreaterThan(0);
    expect(await tester.closed).toBe(LIVE_CLOSE.serviceRestart);
    await stopping;
    const socket = connect(other.port, '127.0.0.1');
    socket.end('GET /api/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(data.toString())),
    );
    expect(answer).toContain('503');
    await other.listening.close(100);
  });

  it('another query-api takes the token of the first [R12.02]', async () => {
    const owner = house.newOwner();
    const other = await house.open();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const first = await follow(owner);
    const { token } = await first.frame(isSnapshot);
    first.socket.close();
    const second = await openLive({ ...house, port: other.port }, owner);
    second.send({ type: 'subscribe', id: 7, topic: 'jobs', token });
    expect(await second.frame(isDelta)).toMatchObject({ id: 7, previous: token, rows: [] });
    second.socket.close();
    await other.service.stop(1_000);
    await other.listening.close(100);
  });
});
