import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { BATCH_JOBS_MAX, BatchAnswer, CommandAnswer } from '../../schemas/protocols/http-api.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { ask, uploadTo, type Answered } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import { startWriteSide, type RunningWriteSide } from '../../tests/rooms/command-api/write-side.ts';

let store: TestEventStore;
let side: RunningWriteSide;
beforeAll(async () => {
  store = await startTestEventStore();
  side = await startWriteSide({ connectionString: store.connectionString });
});
afterAll(async () => {
  await side.stop();
  await store.stop();
});

async function newJob(cookie?: string): Promise<{ jobId: string; cookie: string; bytes: Buffer }> {
  const bytes = somePdf();
  const answer = await uploadTo(side, formOf([{ name: 'a.pdf', bytes }]), cookie ? { cookie } : {});
  return { jobId: answer.body.results[0]!.jobId!, cookie: answer.cookie, bytes };
}
const post = (path: string, cookie: string, body?: unknown): Promise<Answered> =>
  ask(
    `${side.url}${path}`,
    {
      method: 'POST',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
    { cookie, headers: body === undefined ? {} : { 'Content-Type': 'application/json' } },
  );
const cancel = (jobId: string, cookie: string): Promise<Answered> =>
  ask(`${side.url}/api/jobs/${jobId}`, { method: 'DELETE' }, { cookie });

describe('cancel and retry', () => {
  it('stop a job and start it again; every answer carries the position of its event', async () => {
    const { jobId, cookie } = await newJob();
    const cancelled = await cancel(jobId, cookie);
    expect([cancelled.status, CommandAnswer.parse(cancelled.body).state]).toEqual([200, 'cancelled']);
    expect((await cancel(jobId, cookie)).body).toEqual(cancelled.body);
    const retried = await post(`/api/jobs/${jobId}/retry`, cookie, {});
    expect([retried.status, CommandAnswer.parse(retried.body).state]).toEqual([202, 'queued']);
    const last = await side.log.readLast(jobStream(jobId));
    expect([last?.type, last?.position.toString()]).toEqual(['ConversionRequested', retried.body.position]);
    const again = await post(`/api/jobs/${jobId}/cancel`, cookie);
    expect([again.status, again.body.state]).toEqual([200, 'cancelled']);
  });

  it('that the state does not allow are 409 with a reason', async () => {
    const { jobId, cookie } = await newJob();
    const { status, body } = await post(`/api/jobs/${jobId}/retry`, cookie);
    expect([status, body.error?.code, body.error?.jobId]).toEqual([409, 'CONFLICT', jobId]);
    expect(body.error?.message).toContain('queued');
  });

  it('of an operator reach anyone’s job, are on the record as such, and are closed to other sites', async () => {
    const mine = await newJob();
    const theirs = await newJob();
    const cancelled = await post(`/api/ops/jobs/${theirs.jobId}/cancel`, mine.cookie);
    expect([cancelled.status, cancelled.body.state]).toEqual([200, 'cancelled']);
    const event = await side.log.readLast(jobStream(theirs.jobId));
    expect(event).toMatchObject({ data: { by: 'operator' }, metadata: { actor: 'operator' } });
    const many = await post('/api/ops/jobs/retry', mine.cookie, { jobIds: [mine.jobId, theirs.jobId] });
    expect(BatchAnswer.parse(many.body).results).toMatchObject([
      { jobId: mine.jobId, error: { code: 'CONFLICT' } },
      { jobId: theirs.jobId, state: 'queued' },
    ]);
    const discarded = await post(`/api/ops/jobs/${theirs.jobId}/discard`, mine.cookie);
    expect([discarded.status, discarded.body.error?.code]).toEqual([409, 'CONFLICT']);
    const foreign = await ask(
      `${side.url}/api/ops/jobs/${theirs.jobId}/cancel`,
      { method: 'POST' },
      { cookie: mine.cookie, headers: { 'X-Forwarded-For': '127.0.0.1' } },
    );
    expect([foreign.status, foreign.body.error?.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('to discard a failed job remove its PDF, the event first, and leave the failure', async () => {
    const { jobId, cookie } = await newJob();
    const give = async (command: JobCommand) => {
      const context = { commandId: randomUUID(), correlationId: 'test', actor: 'system' };
      await handleCommand(side.log, jobDecider(POLICY), jobStream(jobId), command, context);
    };
    const at = new Date().toISOString();
    await give({ type: 'StartAttempt', at, workerId: 'w1', leaseUntil: at });
    await give({
      type: 'ReportFailure',
      at,
      fencingToken: '2',
      code: 'GW_4XX',
      reason: 'NO_TEXT',
      message: 'No text.',
      final: true,
      retryAfterMs: null,
      jitter: 0,
    });
    const answer = await post(`/api/ops/jobs/${jobId}/discard`, cookie);
    expect([answer.status, answer.body.state]).toEqual([200, 'failed']);
    const last = await side.log.readLast(jobStream(jobId));
    expect(last).toMatchObject({ type: 'SourceExpired', data: { cause: 'discard' } });
    const { blobKey } = last?.data as { blobKey: string };
    await expect(side.blobs.open(blobKey)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    expect((await post(`/api/ops/jobs/${jobId}/retry`, cookie)).status).toBeGreaterThanOrEqual(400);
  });

  it('of a cancelled job by uploading its file again keep one blob only', async () => {
    const { jobId, cookie, bytes } = await newJob();
    await cancel(jobId, cookie);
    const again = await uploadTo(side, formOf([{ name: 'b.pdf', bytes }]), { cookie });
    expect([again.status, again.body.results[0]]).toEqual([
      202,
      { filename: 'b.pdf', jobId, state: 'queued', deduplicated: false },
    ]);
    const keys = [];
    for await (const recorded of side.log.readStream(jobStream(jobId)))
      if (recorded.type === 'DocumentUploaded') keys.push((recorded.data as { blobKey: string }).blobKey);
    expect(keys).toHaveLength(2);
    await expect(side.blobs.stat(keys[0]!)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    expect((await side.blobs.stat(keys[1]!)).bytes).toBe(bytes.length);
  });

  it('of a foreign job are answered exactly as of an unknown one [A-ID02] [R08.01]', async () => {
    const { jobId } = await newJob();
    const { cookie } = await newJob();
    for (const path of ['retry', 'cancel']) {
      const foreign = await post(`/api/jobs/${jobId}/${path}`, cookie);
      const unknown = await post(`/api/jobs/${randomUUID()}/${path}`, cookie);
      const blank = ({ error }: Answered['body']) => ({ ...error, requestId: '' });
      expect([foreign.status, unknown.status]).toEqual([404, 404]);
      expect(blank(foreign.body)).toEqual(blank(unknown.body));
      expect([...foreign.headers.keys()].sort()).toEqual([...unknown.headers.keys()].sort());
    }
    expect((await side.log.readLast(jobStream(jobId)))?.type).toBe('ConversionRequested');
  });

  it.each(['..%2f..%2fetc%2fpasswd', 'a%00b', 'x'.repeat(5000), '1%20OR%201=1', randomUUID().toUpperCase()])(
    'of the id %.20s are 404 as JSON [A-ID02]',
    async (id) => {
      const { cookie } = await newJob();
      const answer = await cancel(id, cookie);
      expect([answer.status, answer.body.error?.code]).toEqual([404, 'NOT_FOUND']);
    },
  );

  it('of a broken percent-encoding are 400 as JSON [A-ID02]', async () => {
    const answer = await cancel('%E0%A4%A', '');
    expect([answer.status, answer.body.error?.code]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('a batch', () => {
  it('answers for each job on its own, each once, in order', async () => {
    const mine = await newJob();
    const second = await newJob(mine.cookie);
    const foreign = await newJob();
    const jobIds = [mine.jobId, foreign.jobId, second.jobId, mine.jobId];
    const { status, body } = await post('/api/jobs/cancel', mine.cookie, { jobIds });
    expect(status).toBe(200);
    BatchAnswer.parse(body);
    expect(body.results).toEqual([
      { jobId: mine.jobId, state: 'cancelled' },
      { jobId: foreign.jobId, error: { code: 'NOT_FOUND', message: expect.any(String) } },
      { jobId: second.jobId, state: 'cancelled' },
    ]);
    const retried = await post('/api/jobs/retry', mine.cookie, { jobIds });
    expect(retried.body.results.map(({ state }) => state)).toEqual(['queued', undefined, 'queued']);
    expect(BigInt(retried.body.position!)).toBeGreaterThan(BigInt(body.position!));
  });

  it('takes 500 jobs and no more', async () => {
    const { cookie } = await newJob();
    const ids = (count: number) => ({ jobIds: Array.from({ length: count }, () => randomUUID()) });
    expect((await post('/api/jobs/cancel', cookie, ids(BATCH_JOBS_MAX))).status).toBe(200);
    expect((await post('/api/jobs/cancel', cookie, ids(BATCH_JOBS_MAX + 1))).status).toBe(400);
  });

  const id = randomUUID();
  it.each([
    ['unknown keys [A-ID06]', `{"jobIds":["${id}"],"ownerId":"x","status":"ready"}`, 400],
    ['__proto__ [A-PP01]', `{"__proto__":{"isAdmin":true},"jobIds":["${id}"]}`, 400],
    ['constructor.prototype [A-PP01]', '{"constructor":{"prototype":{"isAdmin":true}}}', 400],
    ['8,000 deep arrays [A-PP02]', '['.repeat(8000) + ']'.repeat(8000), 400],
    ['a long body [A-PP02]', `{"jobIds":["${'x'.repeat(40_000)}"]}`, 413],
    ['a key twice [A-PP02]', `{"jobIds":["${randomUUID()}"],"jobIds":["${id}"]}`, 400],
    ['NaN [A-PP02]', '{"jobIds":[NaN]}', 400],
    ['a byte order mark [A-PP02]', `\ufeff{"jobIds":["${id}"]}`, 400],
    ['no JSON', 'jobIds=1', 400],
    ['nothing', '', 400],
  ])('with %s is refused as JSON', async (_what, body, status) => {
    const { cookie } = await newJob();
    const answer = await post('/api/jobs/retry', cookie, body);
    expect([answer.status, answer.body.error?.code]).toEqual([
      status,
      status === 413 ? 'TOO_LARGE' : 'BAD_REQUEST',
    ]);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it('in UTF-16, compressed or as a form is refused [A-PP02] [A-CS01]', async () => {
    const { cookie } = await newJob();
    const text = JSON.stringify({ jobIds: [id] });
    for (const [type, body] of [
      ['application/json; charset=utf-16', Buffer.from(text, 'utf16le').toString('latin1')],
      ['text/plain', text],
      ['application/x-www-form-urlencoded', 'jobIds=1'],
    ] as const) {
      const answer = await ask(
        `${side.url}/api/jobs/retry`,
        { method: 'POST', body },
        { cookie, headers: { 'Content-Type': type } },
      );
      expect([type, answer.status]).toEqual([type, /^application\/json/.test(type) ? 400 : 415]);
    }
  });
});
