import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { evolve } from '../../conversion-job/evolve.ts';
import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { RecordedEvent } from '../../event-store/event-log.ts';
import { startProjector } from '../../projector/start.ts';
import { jobHistories, randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { DashboardAnswer } from '../../schemas/protocols/dashboard-api.ts';
import type { ErrorBody } from '../../schemas/errors/error-codes.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import {
  FailuresAnswer,
  OperatorListAnswer,
  QuarantineAnswer,
  SelectionAnswer,
} from '../../schemas/protocols/ops-api.ts';
import { GATEWAY_STREAM } from '../../schemas/events/streams.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

let installation: QueryInstallation;
let projector: Service;
let events: RecordedEvent[] = [];

beforeAll(async () => {
  installation = await startQueryInstallation();
  projector = await startProjector({
    log: installation.log,
    store: installation.store,
    settings: loadSettings({}),
    logger: createLog('test', 'silent'),
    metrics: createMetrics({ defaults: false }),
  });
  // The times are in order, except for differences of up to three minutes, because events are not always appended in
  // the order of their decisions.
  const random = randomFrom(17);
  const latest = new Map<string, number>();
  const made = jobHistories(60, 17)
    .map((event) => {
      const due = Date.parse((event.data as { at: string }).at) + random() * 180_000;
      const after = Math.max(due, (latest.get(event.stream) ?? 0) + 1);
      latest.set(event.stream, after);
      return { event, after };
    })
    .sort((a, b) => a.after - b.after);
  const revisions = new Map<string, bigint>();
  for (const { event } of made) {
    const { stream, type, data, metadata } = event;
    const last = revisions.get(stream) ?? -1n;
    await installation.log.append(
      stream,
      [{ id: randomUUID(), type, data, metadata }],
      last < 0n ? 'no_stream' : last,
    );
    revisions.set(stream, last + 1n);
  }
  for await (const event of installation.log.readAll('start', { streamPrefixes: ['job-'] }))
    events = [...events, event];
}, 60_000);
afterAll(async () => {
  await projector.stop(1_000);
  await installation.stop();
});

const dashboard = async (query: string): Promise<DashboardAnswer> =>
  DashboardAnswer.parse(await installation.json(`/api/dashboard?${query}`, installation.newOwner()));

/** The figures from the log: every figure up to a position, and the figures of events decided since `from`. */
function foldedTo(position: bigint, from: string) {
  const jobs = new Map<string, Job>();
  const standing = new Map<string, number>();
  const flow = new Map<string, number>();
  for (const recorded of events.filter((event) => event.position <= position)) {
    const event = { type: recorded.type, data: recorded.data } as JobEvent;
    const before = jobs.get(recorded.stream) ?? ABSENT;
    const after = evolve(before, event, recorded.revision);
    jobs.set(recorded.stream, after);
    for (const { name, detail, value } of figuresOf(event, before, after)) {
      const key = name === 'jobs' ? `jobs ${detail.split(':')[0]}` : name;
      standing.set(key, (standing.get(key) ?? 0) + value);
      if (event.data.at >= from) flow.set(key, (flow.get(key) ?? 0) + value);
    }
  }
  return { standing, flow };
}

function expectFolded(answer: DashboardAnswer, position: bigint): void {
  const { standing, flow } = foldedTo(position, answer.window.from);
  for (const [state, jobs] of Object.entries(answer.jobs.byState))
    expect([state, jobs]).toEqual([state, standing.get(`jobs ${state}`) ?? 0]);
  expect(answer.storage.source.bytes).toBe(standing.get('source_bytes') ?? 0);
  expect(answer.storage.result.bytes).toBe(standing.get('result_bytes') ?? 0);
  const { submitted, succeeded, failed, deferred, abandoned, downloads, removedBytes, latency } =
    answer.totals;
  expect({ submitted, succeeded, failed, deferred, abandoned, downloads, removedBytes }).toEqual({
    submitted: flow.get('submitted') ?? 0,
    succeeded: flow.get('succeeded') ?? 0,
    failed: flow.get('failed') ?? 0,
    deferred: flow.get('deferred') ?? 0,
    abandoned: flow.get('abandoned') ?? 0,
    downloads: flow.get('downloads') ?? 0,
    removedBytes: flow.get('removed_bytes') ?? 0,
  });
  expect(latency?.count ?? 0).toBe(flow.get('latency') ?? 0);
  for (const name of ['submitted', 'failed'] as const)
    expect(answer.buckets.reduce((sum, bucket) => sum + bucket[name], 0)).toBe(answer.totals[name]);
}

describe('the dashboard', () => {
  it('shows the present exactly as the log has it, with what lives beside it', async () => {
    const last = events.at(-1)!.position;
    const answer = await dashboard(`range=90d&atLeast=${last}`);
    expectFolded(answer, last);
    expect(answer).toMatchObject({ past: false, window: { bucket: 'day', zone: 'UTC' } });
    expect(answer.buckets).toHaveLength(90);
    expect(answer.present?.projections.map(({ name }) => name)).toEqual(['dashboard', 'jobs']);
    const active = answer.jobs.active > 0;
    expect(answer.jobs.oldestActiveSince !== null).toBe(active);
  });

  it.each([
    'range=24h&bucket=hour',
    'range=90d&bucket=day&zone=Europe/Lisbon',
    'range=7d&bucket=hour&zone=Asia/Kathmandu',
    'range=6h&bucket=minute',
    'range=15m&bucket=day&zone=America/New_York',
  ])('shows any moment of the past exactly: %s', async (query) => {
    for (let at = 3; at < events.length; at += Math.ceil(events.length / 12)) {
      const { position, data } = events[at]!;
      const answer = await dashboard(`${query}&asOf=${position}`);
      expect(answer).toMatchObject({ past: true, present: null, position: position.toString() });
      expectFolded(answer, position);
      const time = (data as { at: string }).at;
      const byTime = await dashboard(`${query}&asOf=${time}`);
      const lastUpTo = events.findLast((event) => (event.data as { at: string }).at <= time)!.position;
      expect(byTime.position).toBe(lastUpTo.toString());
      expectFolded(byTime, lastUpTo);
    }
  });

  it('is empty before the first event', async () => {
    const answer = await dashboard('asOf=2020-01-01T00:00:00.000Z');
    expect(answer.jobs).toMatchObject({ total: 0, queueDepth: 0 });
    expect(answer.totals).toMatchObject({ submitted: 0, latency: null });
  });

  it('says when the gateway’s circuit breaker is open, and when it was', async () => {
    const metadata = { correlationId: 'test', causationId: 'test', actor: 'system', schemaVersion: 1 };
    const at = new Date().toISOString();
    const data = { at, processorId: 'one', failures: 5, lastCode: 'GW_5XX' };
    const { position } = await installation.log.append(
      GATEWAY_STREAM,
      [{ id: randomUUID(), type: 'GatewayPaused', data, metadata }],
      'no_stream',
    );
    const open = await dashboard(`atLeast=${position}`);
    expect(open.breaker).toMatchObject({ state: 'open', since: at, processors: [{ processorId: 'one' }] });
    expect((await dashboard(`asOf=${events.at(-1)!.position}`)).breaker.state).toBe('closed');
  });

  it.each([
    ['range=7d&bucket=minute', 'more buckets than fit'],
    ['zone=Europe/Atlantis', 'an unknown zone'],
    ['range=1y', 'an unknown range'],
    ['asOf=yesterday', 'no moment'],
    ['asOf=1&asOf=2', 'a key twice'],
    ['fields=all', 'an unknown key'],
  ])('refuses %s: %s', async (query) => {
    const answer = await installation.get(`/api/dashboard?${query}`, installation.newOwner());
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as ErrorBody).error.code).toBe('BAD_REQUEST');
  });
});

describe('the failures', () => {
  it('are grouped, and a selection holds those that can be retried, as they were at its position', async () => {
    const ops = async (path: string) => installation.json(`/api/ops/${path}`, installation.newOwner());
    await installation.store.query(
      `update jobs_v1.jobs set error_reason = 'NO_TEXT' where job_id in
         (select job_id from jobs_v1.jobs where state = 'failed' order by job_id limit 2)`,
    );
    const { groups, position } = FailuresAnswer.parse(await ops('failures'));
    const { rows } = await installation.store.query<{ n: string; kept: string }>(
      `select count(*) as n, count(source_key) as kept from docket.jobs where state = 'failed'`,
    );
    expect(groups.reduce((sum, group) => sum + group.jobs, 0)).toBe(Number(rows[0]?.n));
    expect(groups.length).toBeGreaterThan(1);
    const whole = SelectionAnswer.parse(await ops(`failures/selection?position=${position}`));
    expect(whole).toMatchObject({ total: Number(rows[0]?.kept), position, next: null });
    const none = groups.find((group) => group.reason === null)!;
    const without = SelectionAnswer.parse(await ops(`failures/selection?code=${none.code}&reason=NONE`));
    expect(without.total).toBe(none.retryable);
    const moved = whole.jobIds[0]!;
    await installation.store.query(
      `update jobs_v1.jobs set position = position + 1e12::bigint where job_id = $1`,
      [moved],
    );
    const frozen = SelectionAnswer.parse(await ops(`failures/selection?position=${position}`));
    expect(frozen.jobIds).toEqual(whole.jobIds.filter((jobId) => jobId !== moved));
    expect(QuarantineAnswer.parse(await ops('quarantine'))).toEqual({ total: 0, held: [] });
  });
});

describe('everything of operators', () => {
  it('is closed where OPS_ACCESS says so, and to pages of other sites', async () => {
    const closed = await installation.open({ identity: installation.identityWith({ OPS_ACCESS: 'off' }) });
    const cookie = installation.cookieOf(installation.newOwner());
    const jobId = randomUUID();
    const paths = [
      'dashboard',
      'ops/failures',
      'ops/failures/selection',
      'ops/quarantine',
      `ops/jobs/${jobId}`,
    ];
    for (const path of [
      ...paths,
      `ops/jobs/${jobId}/source`,
      `ops/jobs/${jobId}/provenance`,
      'ops/nothing',
    ]) {
      const answer = await fetch(`${closed.url}/api/${path}`, { headers: { cookie } });
      expect([path, answer.status]).toEqual([path, 403]);
      const foreign = await installation.get(`/api/${path}`, installation.newOwner(), {
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      expect([path, foreign.status]).toEqual([path, 403]);
    }
    expect(await (await fetch(`${closed.url}/api/me`, { headers: { cookie } })).json()).toEqual({
      operator: false,
    });
    expect(await installation.json('/api/me', installation.newOwner())).toEqual({ operator: true });
    await closed.service.stop(500);
    await closed.listening.close(100);
  });

  it('shows one job of anyone, with its owner, and to owners still only their own [R08.01]', async () => {
    const { rows } = await installation.store.query<{ job_id: string; owner: string }>(
      'select job_id, owner from docket.jobs order by job_id limit 1',
    );
    const { job_id: jobId, owner } = rows[0]!;
    const stranger = installation.newOwner();
    expect(await installation.json(`/api/ops/jobs/${jobId}`, stranger)).toMatchObject({ jobId, owner });
    for (const part of ['timeline', 'why']) {
      expect((await installation.get(`/api/ops/jobs/${jobId}/${part}`, stranger)).status).toBe(200);
      expect((await installation.get(`/api/jobs/${jobId}/${part}`, stranger)).status).toBe(404);
    }
    expect((await installation.get(`/api/ops/jobs/${randomUUID()}`, stranger)).status).toBe(404);
  });

  it('lists the jobs of all owners page by page, or of one', async () => {
    const stranger = installation.newOwner();
    const list = async (query: string) =>
      OperatorListAnswer.parse(await installation.json(`/api/ops/jobs?limit=25&${query}`, stranger));
    const seen: string[] = [];
    for (let after = ''; ;) {
      const { jobs, next } = await list(after && `after=${after}`);
      seen.push(...jobs.map(({ jobId }) => jobId));
      if (next === null) break;
      after = next;
    }
    const { rows } = await installation.store.query<{ job_id: string; owner: string }>(
      'select job_id, owner from docket.jobs',
    );
    expect(seen.toSorted()).toEqual(rows.map((row) => row.job_id).toSorted());
    const { owner } = rows[0]!;
    const own = (await list(`owner=${owner}`)).jobs;
    expect(own.map(({ jobId }) => jobId).toSorted()).toEqual(
      rows.flatMap((row) => (row.owner === owner ? [row.job_id] : [])).toSorted(),
    );
    expect(await installation.json<OperatorListAnswer>('/api/jobs', stranger)).toMatchObject({ jobs: [] });
  });
});
