import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { JobListAnswer } from '../../schemas/protocols/http-api.ts';
import { LIVE_CLOSE, type ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import { noRows, openLive, rowsOf, takeIn, type LiveTester } from '../../tests/harness/live-tester.ts';
import { projectInto, type Projection } from '../../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

let projection: Projection;
let installation: QueryInstallation;

beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
  projection = projectInto(installation.store);
  await projection.write([]);
}, 60_000);
afterAll(() => installation.stop());

describe('chaos', () => {
  it('a client cut 120 times at random moments ends with exactly the rows of GET /api/jobs [I9][D12]', async () => {
    const owner = installation.newOwner();
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
      const tester = await openLive(installation, owner);
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
    const { jobs } = await installation.json<JobListAnswer>(
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

describe('a slow client [D32]', () => {
  it('is closed with 4008 while the others go on, and the server keeps little for it', async () => {
    const slow = installation.newOwner();
    const quick = installation.newOwner();
    const rows = Array.from({ length: 800 }, () => ({
      jobId: randomUUID(),
      owner: slow,
      filename: 'x'.repeat(390),
    }));
    await projection.write(rows);
    const tester = await openLive(installation, slow);
    tester.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    await tester.frame('snapshot', (frame) => !frame.more);
    tester.socket.pause();
    const other = await openLive(installation, quick);
    other.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    await other.frame('snapshot');
    const before = process.memoryUsage().rss;
    const isClosed = async () =>
      (await installation.metrics.getSingleMetricAsString('docket_live_closes_total')).includes(
        'code="4008"',
      );
    for (let writes = 0; writes < 200 && !(await isClosed()); writes += 1) {
      await projection.touchAll(slow);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(await isClosed()).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    const jobId = randomUUID();
    await projection.write([{ jobId, owner: quick }]);
    await other.frame('delta', (frame) => rowsOf(frame)[0]?.jobId === jobId);
    other.socket.close();
    tester.socket.resume();
    expect(await tester.closed).toBe(LIVE_CLOSE.tooSlow);
  }, 60_000);

  it('that reads again in time has missed steps, not rows', async () => {
    const owner = installation.newOwner();
    const rows = Array.from({ length: 200 }, () => ({
      jobId: randomUUID(),
      owner,
      filename: 'x'.repeat(390),
    }));
    await projection.write(rows);
    const tester = await openLive(installation, owner);
    const held = noRows();
    tester.socket.on('message', (message: Buffer) =>
      takeIn(held, JSON.parse(message.toString()) as ServerFrame),
    );
    tester.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    await tester.frame('snapshot', (frame) => !frame.more);
    tester.socket.pause();
    const started = Date.now();
    for (let writes = 0; writes < 80 && Date.now() - started < 6_000; writes += 1)
      await projection.touchAll(owner);
    tester.socket.resume();
    const { jobs } = await installation.json<JobListAnswer>(
      `/api/jobs?limit=200&atLeast=${projection.position()}`,
      owner,
    );
    const isWhole = () => jobs.every((job) => held.rows.get(job.jobId)?.position === job.position);
    for (let tries = 0; !isWhole() && tries < 200; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isWhole()).toBe(true);
    expect(held.faults).toEqual([]);
    tester.socket.close();
  }, 30_000);
});
