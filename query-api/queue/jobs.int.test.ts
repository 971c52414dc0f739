import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { JobListAnswer, JobMetrics, JobView } from '../../schemas/protocols/http-api.ts';
import { JOB_STATES } from '../../schemas/job-states.ts';
import { projectInto, type Projection } from '../../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

let installation: QueryInstallation;
let projection: Projection;
let anna = '';
let bert = '';
const names = ['b.pdf', 'A.pdf', 'ç.pdf', '100%.pdf', 'x_y.pdf', 'é'.repeat(150), '😀'.repeat(200)];

beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
  projection = projectInto(installation.store);
  anna = installation.newOwner();
  bert = installation.newOwner();
  const jobs = Array.from({ length: 63 }, (_, at) => ({
    jobId: randomUUID(),
    owner: anna,
    filename: names[at % names.length] ?? '',
    state: JOB_STATES[at % JOB_STATES.length] ?? 'queued',
    createdAt: new Date(Date.UTC(2026, 9, 1) + Math.floor(at / 2) * 1000).toISOString(),
    ...(JOB_STATES[at % JOB_STATES.length] === 'failed' ? { errorCode: 'GW_4XX' } : {}),
  }));
  await projection.write(jobs);
  await projection.write([{ jobId: randomUUID(), owner: bert, filename: 'secret.pdf' }]);
});
afterAll(() => installation.stop());

async function walk(query: string, owner: string): Promise<JobListAnswer['jobs']> {
  const all: JobListAnswer['jobs'] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: JobListAnswer = JobListAnswer.parse(
      await installation.json(
        `/api/jobs?limit=5&${query}${after ? `&after=${encodeURIComponent(after)}` : ''}`,
        owner,
      ),
    );
    all.push(...page.jobs);
    after = page.next;
  }
  return all;
}

describe('the list of jobs', () => {
  it.each(['created', '-created', 'updated', '-updated', 'filename', '-filename'])(
    'sorted by %s gives every job once over its pages',
    async (sort) => {
      const jobs = await walk(`sort=${sort}`, anna);
      expect(new Set(jobs.map((job) => job.jobId)).size).toBe(63);
      expect(jobs).toHaveLength(63);
      if (sort !== '-created') return;
      const created = jobs.map((job) => job.createdAt);
      expect(created).toEqual(created.toSorted().reverse());
    },
  );

  it('filters by states, by code, by mapping and by a part of the name, each as it is', async () => {
    expect((await walk('state=ready,failed', anna)).every((job) => /ready|failed/.test(job.state))).toBe(
      true,
    );
    expect(await walk('state=ready', anna)).toHaveLength(9);
    expect(await walk('errorCode=GW_4XX', anna)).toHaveLength(9);
    expect(await walk('errorCode=GW_5XX', anna)).toHaveLength(0);
    expect(await walk('mapping=nobody_knows', anna)).toHaveLength(0);
    expect(await walk('search=100%25', anna)).toHaveLength(9);
    expect(await walk('search=x_y', anna)).toHaveLength(9);
    expect(await walk('search=a.PDF', anna)).toHaveLength(9);
  });

  it('shows each owner their own jobs and nothing of anyone else’s', async () => {
    expect((await walk('', bert)).map((job) => job.filename)).toEqual(['secret.pdf']);
    expect((await walk('', installation.newOwner())).length).toBe(0);
    const text = await (await installation.get('/api/jobs?limit=200', anna)).text();
    expect(text).not.toContain('secret.pdf');
  });

  it('refuses a cursor of another list, another owner, or one that was changed [A-SQ01]', async () => {
    const { next } = await installation.json<JobListAnswer>('/api/jobs?limit=5', anna);
    const after = encodeURIComponent(next ?? '');
    expect((await installation.get(`/api/jobs?limit=5&after=${after}`, bert)).status).toBe(400);
    expect((await installation.get(`/api/jobs?limit=5&sort=created&after=${after}`, anna)).status).toBe(400);
    expect((await installation.get(`/api/jobs?limit=5&after=${after}A`, anna)).status).toBe(400);
    expect((await installation.get(`/api/jobs?limit=9&after=${after}`, anna)).status).toBe(200);
  });

  it.each([
    'asOf=yesterday',
    'asOf=-1',
    'nope=1',
    'state=ready&state=failed',
    'search=%00',
    'limit=1e9',
    'sort=x;drop',
    '__proto__=1',
  ])('refuses ?%s as JSON [A-SQ01][A-PP01]', async (query) => {
    const answer = await installation.get(`/api/jobs?${query}`, anna);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe('BAD_REQUEST');
  });

  it('waits for a position that comes, and says so when it does not come in time', async () => {
    const jobId = randomUUID();
    const owner = installation.newOwner();
    const wanted = projection.position() + 7n;
    const waiting = installation.json<JobListAnswer>(`/api/jobs?atLeast=${wanted.toString()}`, owner);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await projection.write([{ jobId, owner }]);
    expect((await waiting).jobs.map((job) => job.jobId)).toEqual([jobId]);
    const started = Date.now();
    const late = await installation.get('/api/jobs?atLeast=9999999999999999999', owner);
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('1');
    expect(Date.now() - started).toBeLessThan(7_000);
  });

  it('answers with headers that keep it private', async () => {
    const { headers } = await installation.get('/api/jobs', anna);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('one job', () => {
  it('is shown as in the list; a foreign one exactly like an unknown one', async () => {
    const [job] = await walk('state=ready', anna);
    const view = JobView.parse(await installation.json(`/api/jobs/${job?.jobId}`, anna));
    expect(view).toEqual(job);
    expect(view.result?.bytes).toBe(99);
    expect(view.mapping.label).toBe('Invoice (PT)');
    const answers = await Promise.all(
      [`/api/jobs/${job?.jobId}`, `/api/jobs/${randomUUID()}`, `/api/jobs/${job?.jobId}/timeline`].map(
        async (path) => {
          const answer = await installation.get(path, bert);
          const body = (await answer.json()) as { error: { requestId: string } };
          body.error.requestId = '';
          return { status: answer.status, body };
        },
      ),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[2]).toEqual(answers[1]);
    expect(answers[0]?.status).toBe(404);
  });

  it.each([
    '..%2f..%2fetc%2fpasswd',
    'a%00b',
    '%E0%A4%A',
    'x'.repeat(5_000),
    '1%20OR%201=1',
    randomUUID().toUpperCase(),
    'constructor',
    '__proto__',
    `${randomUUID()}/download/x.css`,
  ])('is not found at the address %#, and says so as JSON [A-ID02][A-HT05]', async (id) => {
    const answer = await installation.get(`/api/jobs/${id}`, anna);
    expect([400, 404]).toContain(answer.status);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(['NOT_FOUND', 'BAD_REQUEST']).toContain(error.code);
  });
});

describe('the figures', () => {
  it('count an owner’s jobs by state and code', async () => {
    const metrics = JobMetrics.parse(await installation.json('/api/jobs/metrics', anna));
    expect(metrics.byState).toEqual(Object.fromEntries(JOB_STATES.map((state) => [state, 9])));
    expect(metrics).toMatchObject({ active: 27, failedByCode: { GW_4XX: 9 }, resultBytes: 891 });
    const none = JobMetrics.parse(await installation.json('/api/jobs/metrics', installation.newOwner()));
    expect(none).toMatchObject({ active: 0, oldestActiveAt: null, failedByCode: {} });
  });
});

describe('the form’s lists', () => {
  it('name the mappings and the limits', async () => {
    expect(await installation.json('/api/mappings', anna)).toMatchObject([{ id: 'pt_simon_invoice_v1' }]);
    expect(await installation.json('/api/limits', anna)).toEqual({
      maxUploadMb: 50,
      maxFilesPerRequest: 40,
      defaultMapping: 'pt_simon_invoice_v1',
      origins: expect.arrayContaining([installation.url]),
    });
  });
});
