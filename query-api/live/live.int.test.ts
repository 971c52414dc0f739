import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import type { JobListAnswer } from '../../schemas/protocols/http-api.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { OpsMetrics } from '../../schemas/protocols/dashboard-api.ts';
import { LIVE_CLOSE } from '../../schemas/protocols/live-protocol.ts';
import { OperatorJobView } from '../../schemas/protocols/ops-api.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { openLive, rowsOf, type LiveTester } from '../../tests/harness/live-tester.ts';
import { projectInto, type Projection } from '../../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

let installation: QueryInstallation;
let projection: Projection;
let denied: Awaited<ReturnType<QueryInstallation['open']>>;

beforeAll(async () => {
  installation = await startQueryInstallation();
  projection = projectInto(installation.store);
  await projection.write([]);
  denied = await installation.open({ identity: installation.identityWith({ OPS_ACCESS: 'off' }) });
}, 60_000);
afterAll(async () => {
  await denied.service.stop(500);
  await denied.listening.close(100);
  await installation.stop();
});

async function follow(owner: string, topic = 'jobs', token?: string): Promise<LiveTester> {
  const tester = await openLive(installation, owner);
  tester.send({ type: 'subscribe', id: 1, topic, ...(token === undefined ? {} : { token }) });
  return tester;
}

describe('a live subscription', () => {
  it('begins with a snapshot and goes on with every change, each delta from the token before', async () => {
    const owner = installation.newOwner();
    const jobId = randomUUID();
    await projection.write([{ jobId, owner }]);
    const tester = await follow(owner);
    const snapshot = await tester.frame('snapshot');
    expect(rowsOf(snapshot).map((row) => [row.jobId, row.state])).toEqual([[jobId, 'queued']]);
    await projection.write([{ jobId, owner, state: 'converting' }]);
    const first = await tester.frame('delta');
    expect(first.previous).toBe(snapshot.token);
    await projection.write([{ jobId, owner, state: 'ready' }]);
    const second = await tester.frame('delta', (frame) => frame !== first);
    expect(second).toMatchObject({ previous: first.token, rows: [{ state: 'ready' }] });
    expect(rowsOf(second)[0]).toEqual(await installation.json(`/api/jobs/${jobId}`, owner));
    tester.socket.close();
  });

  it('resumes from a token, the one of GET /api/jobs included, with the missed rows and nothing else', async () => {
    const owner = installation.newOwner();
    const seen = randomUUID();
    const missed = randomUUID();
    await projection.write([{ jobId: seen, owner }]);
    const { token } = await installation.json<JobListAnswer>('/api/jobs', owner);
    await projection.write([{ jobId: missed, owner }]);
    await projection.write([{ jobId: randomUUID(), owner: installation.newOwner() }]);
    const tester = await follow(owner, 'jobs', token);
    const delta = await tester.frame('delta');
    expect(rowsOf(delta).map((row) => row.jobId)).toEqual([missed]);
    expect(delta.previous).toBe(token);
    tester.socket.close();
    const again = await follow(owner, 'jobs', delta.token);
    expect(await again.frame('delta')).toMatchObject({ rows: [], previous: delta.token });
    again.socket.close();
  });

  it.each([
    ['of another owner', (other: string) => other],
    ['that was changed', (_other: string, own: string) => `${own.slice(0, -2)}AA`],
    ['that is none', () => '18446744073709551616'],
  ])('says reset to a token %s, and sends a snapshot [A-WS04]', async (_which, choose) => {
    const owner = installation.newOwner();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const own = (await installation.json<JobListAnswer>('/api/jobs', owner)).token;
    const other = (await installation.json<JobListAnswer>('/api/jobs', installation.newOwner())).token;
    const tester = await follow(owner, 'jobs', choose(other, own));
    expect(await tester.frame('reset')).toMatchObject({ reason: 'invalid' });
    expect(rowsOf(await tester.frame('snapshot'))).toHaveLength(1);
    tester.socket.close();
  });

  it('sends a long list as pages, and a reset to who missed more than a page', async () => {
    const owner = installation.newOwner();
    const { token } = await installation.json<JobListAnswer>('/api/jobs', owner);
    await projection.write(Array.from({ length: 450 }, () => ({ jobId: randomUUID(), owner })));
    const tester = await follow(owner, 'jobs', token);
    expect(await tester.frame('reset')).toMatchObject({ reason: 'expired' });
    await tester.frame('snapshot', (frame) => !frame.more);
    const pages = tester.frames.filter((frame) => frame.type === 'snapshot');
    expect(pages.map((page) => [page.rows.length, page.more])).toEqual([
      [200, true],
      [200, true],
      [50, false],
    ]);
    expect(new Set(pages.flatMap((page) => rowsOf(page).map((row) => row.jobId))).size).toBe(450);
    tester.socket.close();
  });

  it('starts over when the tables are other ones', async () => {
    const owner = installation.newOwner();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const tester = await follow(owner);
    const { token } = await tester.frame('snapshot');
    const held = tester.frames.length;
    await projection.newEpoch();
    expect(await tester.frame('reset', undefined, held)).toMatchObject({ reason: 'epoch' });
    expect(rowsOf(await tester.frame('snapshot', undefined, held))).toHaveLength(1);
    tester.socket.close();
    const late = await follow(owner, 'jobs', token);
    expect(await late.frame('reset')).toMatchObject({ reason: 'epoch' });
    late.socket.close();
  });

  it('of one job shows that job; of a foreign or unknown one it is NOT_FOUND [A-WS04]', async () => {
    const owner = installation.newOwner();
    const jobId = randomUUID();
    const other = randomUUID();
    await projection.write([
      { jobId, owner },
      { jobId: other, owner },
    ]);
    const tester = await follow(owner, `job:${jobId}`);
    expect(rowsOf(await tester.frame('snapshot')).map((row) => row.jobId)).toEqual([jobId]);
    await projection.write([{ jobId: other, owner, state: 'ready' }]);
    await projection.write([{ jobId, owner, state: 'ready' }]);
    expect(rowsOf(await tester.frame('delta')).map((row) => row.jobId)).toEqual([jobId]);
    tester.socket.close();
    for (const topic of [
      `job:${jobId}`,
      `job:${randomUUID()}`,
      'job:*',
      '*',
      'ops:everything',
      '__proto__',
    ]) {
      const stranger = await follow(installation.newOwner(), topic);
      expect(await stranger.frame('error')).toMatchObject({ id: 1, code: 'NOT_FOUND' });
      stranger.socket.close();
    }
  });

  it('of a job that is in the log but not yet in the tables begins empty, and its row follows', async () => {
    const owner = installation.newOwner();
    const sha256 = randomUUID().replaceAll('-', '').repeat(2);
    const mapping = { id: 'pt_simon_invoice_v1', version: 1 };
    const jobId = jobIdOf(owner, mapping, sha256);
    const command: JobCommand = {
      type: 'UploadDocument',
      at: new Date().toISOString(),
      jobId,
      owner,
      filename: 'a.pdf',
      bytes: 1,
      sha256,
      blobKey: 'sources/a.pdf',
      mapping,
      priority: 0,
    };
    const context = { commandId: randomUUID(), correlationId: 'test', actor: 'system' };
    await handleCommand(installation.log, jobDecider(POLICY), jobStream(jobId), command, context);
    const tester = await follow(owner, `job:${jobId}`);
    expect(await tester.frame('snapshot')).toMatchObject({ rows: [], more: false });
    await projection.write([{ jobId, owner }]);
    expect(rowsOf(await tester.frame('delta'))[0]?.jobId).toBe(jobId);
    tester.socket.close();
    const stranger = await follow(installation.newOwner(), `job:${jobId}`);
    expect(await stranger.frame('error')).toMatchObject({ code: 'NOT_FOUND' });
    stranger.socket.close();
  });

  it('never carries a byte of another owner’s jobs', async () => {
    const anna = installation.newOwner();
    const bert = installation.newOwner();
    const testers = await Promise.all([follow(anna), follow(bert)]);
    await Promise.all(testers.map((tester) => tester.frame('snapshot')));
    for (let at = 0; at < 30; at += 1) {
      const owner = at % 2 ? anna : bert;
      await projection.write([{ jobId: randomUUID(), owner, filename: `of-${owner}.pdf` }]);
    }
    for (const tester of testers) {
      const count = () =>
        tester.frames.filter((frame) => frame.type === 'delta').flatMap((frame) => frame.rows).length;
      for (let tries = 0; count() < 15 && tries < 200; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(count()).toBe(15);
    }
    expect(JSON.stringify(testers[0]?.frames)).not.toContain(bert);
    expect(JSON.stringify(testers[1]?.frames)).not.toContain(anna);
    for (const tester of testers) tester.socket.close();
  });

  it('of ops topics shows everyone’s jobs and the figures, to who may operate only', async () => {
    const tester = await openLive(installation, installation.newOwner());
    tester.send({ type: 'subscribe', id: 1, topic: 'ops:metrics' });
    const figures = await tester.frame('snapshot');
    const first = OpsMetrics.parse(figures.rows[0]);
    tester.send({ type: 'subscribe', id: 2, topic: 'ops:jobs' });
    const seen = await tester.frame('snapshot', (frame) => frame.id === 2 && !frame.more);
    for (const row of seen.rows) OperatorJobView.parse(row);
    const jobId = randomUUID();
    const owner = installation.newOwner();
    await projection.write([{ jobId, owner }]);
    const delta = await tester.frame('delta', (frame) => frame.id === 2);
    expect(delta.rows).toMatchObject([{ jobId, owner }]);
    // The figures arrive every second even without changes, because their age changes.
    const next = await tester.frame('delta', (frame) => frame.id === 1);
    const later = await tester.frame('delta', (frame) => frame.id === 1 && frame !== next);
    expect(later.previous).toBe(next.token);
    const ages = [next, later].map(({ rows }) => Date.parse(OpsMetrics.parse(rows[0]).at));
    expect(ages[0]).toBeGreaterThan(Date.parse(first.at));
    expect(ages[1]! - ages[0]!).toBeGreaterThan(500);
    tester.socket.close();
    const noOperator = await openLive({ ...installation, port: denied.port }, installation.newOwner());
    noOperator.send({ type: 'subscribe', id: 1, topic: 'ops:jobs' });
    expect(await noOperator.frame('error')).toMatchObject({ code: 'NOT_FOUND' });
    noOperator.socket.close();
  });
});

describe('shutdown', () => {
  it('says goodbye with a time to come back, closes with 1012, and takes no more', async () => {
    const other = await installation.open();
    const tester = await openLive({ ...installation, port: other.port }, installation.newOwner());
    const stopping = other.service.stop(2_000);
    const goodbye = await tester.frame('goodbye');
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
    const owner = installation.newOwner();
    const other = await installation.open();
    await projection.write([{ jobId: randomUUID(), owner }]);
    const first = await follow(owner);
    const { token } = await first.frame('snapshot');
    first.socket.close();
    const second = await openLive({ ...installation, port: other.port }, owner);
    second.send({ type: 'subscribe', id: 7, topic: 'jobs', token });
    expect(await second.frame('delta')).toMatchObject({ id: 7, previous: token, rows: [] });
    second.socket.close();
    await other.service.stop(1_000);
    await other.listening.close(100);
  });
});
