import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { RecordedEvent } from '../../event-store/event-log.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import type { ErrorBody } from '../../schemas/errors/error-codes.ts';
import { WhyAnswer } from '../../schemas/protocols/http-api.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { projectInto } from '../../tests/harness/projected-jobs.ts';
import { explainJob } from '../one-job/why.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { sha256Of } from '../../schemas/sha256.ts';

let installation: QueryInstallation;
const mapping = { id: 'pt_simon_invoice_v1', version: 1 };

beforeAll(async () => {
  installation = await startQueryInstallation();
}, 60_000);
afterAll(() => installation.stop());

async function give(jobId: string, ...commands: readonly JobCommand[]): Promise<void> {
  for (const command of commands) {
    const context = { commandId: randomUUID(), correlationId: 'test', actor: 'system' };
    const handled = await handleCommand(
      installation.log,
      jobDecider(POLICY),
      jobStream(jobId),
      command,
      context,
    );
    if (handled.outcome === 'refused') throw new Error(handled.refusal.rule);
  }
}

/** Makes a job in the requested state, by the real write side. */
async function job(
  owner: string,
  upTo: 'queued' | 'converting' | 'ready' | 'expired',
  result = Buffer.from('<a/>'),
  filename = 'fatura.pdf',
) {
  const content = sha256Of(randomBytes(8));
  const jobId = jobIdOf(owner, mapping, content);
  const at = new Date().toISOString();
  const blobKey = `results/${jobId}/2`;
  await give(jobId, {
    type: 'UploadDocument',
    at,
    jobId,
    owner,
    filename,
    bytes: 10,
    sha256: content,
    blobKey: `sources/${jobId}.pdf`,
    mapping,
    priority: 0,
  });
  if (upTo === 'queued') return jobId;
  await give(jobId, { type: 'StartAttempt', at, workerId: 'w1', leaseUntil: at });
  if (upTo === 'converting') return jobId;
  await installation.blobs.put(blobKey, Readable.from([result]), { maxBytes: 1e9 });
  const named = { blobKey, sha256: sha256Of(result), bytes: result.length, mediaType: 'application/xml' };
  await give(jobId, {
    type: 'CompleteAttempt',
    at,
    fencingToken: '2',
    result: named,
    pages: 1,
    gatewayMs: 1,
    warnings: [],
  });
  if (upTo === 'expired') await give(jobId, { type: 'ExpireResult', at, cause: 'age' });
  return jobId;
}

async function typesOf(jobId: string): Promise<string[]> {
  const types: string[] = [];
  for await (const event of installation.log.readStream(jobStream(jobId))) types.push(event.type);
  return types;
}

async function downloaded(jobId: string, times: number): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const count = (await typesOf(jobId)).filter((type) => type === 'ResultDownloaded').length;
    if (count === times) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not ${times} ResultDownloaded`);
}

async function blobPath(jobId: string): Promise<string> {
  const folder = join(installation.directory, 'blobs', 'results', jobId);
  return join(folder, (await readdir(folder))[0] ?? '');
}

describe('a download', () => {
  it('gives the exact bytes, to be saved and never run, and is on the record once complete [R08.01]', async () => {
    const owner = installation.newOwner();
    const result = Buffer.from('<Invoice>é</Invoice>');
    const jobId = await job(owner, 'ready', result, 'fatura "nº 1"; é.pdf');
    const answer = await installation.get(`/api/jobs/${jobId}/download`, owner);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(result);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/xml',
      'content-length': String(result.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-store',
    });
    const disposition = answer.headers.get('content-disposition');
    expect(disposition).toMatch(/^attachment; filename="/);
    expect(disposition).toContain("filename*=UTF-8''fatura%20_n%C2%BA%201_%3B%20%C3%A9.xml");
    await downloaded(jobId, 1);
  });

  it('answers HEAD and ignores Range, and HEAD is no download [A-ID03]', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready');
    const head = await installation.get(`/api/jobs/${jobId}/download`, owner, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '4']);
    const range = await installation.get(`/api/jobs/${jobId}/download`, owner, {
      headers: { range: 'bytes=0-0,1-1', 'if-none-match': '*' },
    });
    expect([range.status, await range.text()]).toEqual([200, '<a/>']);
    await downloaded(jobId, 1);
    for (const headers of [{ range: 'bytes=0-0' }, { 'if-none-match': '*' }]) {
      const foreign = await installation.get(`/api/jobs/${jobId}/download`, installation.newOwner(), {
        headers,
      });
      expect(foreign.status).toBe(404);
    }
  });

  it.each(['queued', 'converting'] as const)('of a %s job is 409 NOT_READY [R08.02]', async (state) => {
    const owner = installation.newOwner();
    const answer = await installation.get(`/api/jobs/${await job(owner, state)}/download`, owner);
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as ErrorBody).error.code).toBe('NOT_READY');
  });

  it('of an expired result is 404 EXPIRED with a sentence that helps [R08.03]', async () => {
    const owner = installation.newOwner();
    const answer = await installation.get(`/api/jobs/${await job(owner, 'expired')}/download`, owner);
    expect(answer.status).toBe(404);
    const { error } = (await answer.json()) as ErrorBody;
    expect(error.code).toBe('EXPIRED');
    expect(error.message).toContain('upload the PDF again');
  });

  it('of another’s job looks exactly like that of an unknown one', async () => {
    const jobId = await job(installation.newOwner(), 'ready');
    const bodies = await Promise.all(
      [jobId, randomUUID()].map(async (id) => {
        const answer = await installation.get(`/api/jobs/${id}/download`, installation.newOwner());
        const body = (await answer.json()) as ErrorBody;
        return { status: answer.status, error: { ...body.error, requestId: '' } };
      }),
    );
    expect(bodies[0]).toEqual(bodies[1]);
    expect(bodies[0]?.status).toBe(404);
  });

  it('of a file with one flipped bit is 500, never the wrong bytes [A-FS03]', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready', Buffer.from('<Invoice>12.00</Invoice>'));
    const path = await blobPath(jobId);
    const bytes = await readFile(path);
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    await writeFile(path, bytes);
    for (let tries = 0; tries < 2; tries += 1) {
      const answer = await installation.get(`/api/jobs/${jobId}/download`, owner);
      expect(answer.status).toBe(500);
      expect(((await answer.json()) as ErrorBody).error.code).toBe('INTERNAL');
      expect(answer.headers.get('content-disposition')).toBeNull();
    }
    expect(await typesOf(jobId)).not.toContain('ResultDownloaded');
  });

  it('of a large file with one flipped bit is cut before its end, and 500 from then on [A-FS03][I13]', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready', randomBytes(5_000_000));
    const path = await blobPath(jobId);
    const bytes = await readFile(path);
    bytes[4_999_999] = (bytes[4_999_999] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const first = await installation.get(`/api/jobs/${jobId}/download`, owner);
    await expect(first.arrayBuffer()).rejects.toThrow();
    expect((await installation.get(`/api/jobs/${jobId}/download`, owner)).status).toBe(500);
    expect(await typesOf(jobId)).not.toContain('ResultDownloaded');
  });

  it('that the client breaks off is not on the record', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready', randomBytes(30_000_000));
    await new Promise<void>((resolve) => {
      const socket = connect(installation.port, '127.0.0.1', () => {
        socket.write(
          `GET /api/jobs/${jobId}/download HTTP/1.1\r\nHost: x\r\nCookie: ${installation.cookieOf(owner)}\r\n\r\n`,
        );
      });
      socket.once('data', () => socket.destroy());
      socket.once('close', () => resolve());
    });
    const whole = await installation.get(`/api/jobs/${jobId}/download`, owner);
    expect((await whole.arrayBuffer()).byteLength).toBe(30_000_000);
    await downloaded(jobId, 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await typesOf(jobId)).filter((type) => type === 'ResultDownloaded')).toHaveLength(1);
  });
});

describe('an archive of results', () => {
  it('holds every Ready job of the owner under names that are unique and lead nowhere [A-FN10]', async () => {
    const owner = installation.newOwner();
    const names = ['a.pdf', 'a.pdf', '../a.pdf', 'a/../../b.pdf'];
    const jobs = await Promise.all(
      names.map((name, at) => job(owner, 'ready', Buffer.from(`<n>${at}</n>`), name)),
    );
    const foreign = await job(installation.newOwner(), 'ready', Buffer.from('<secret/>'));
    await projectInto(installation.store).write(
      jobs.map((jobId) => ({ jobId, owner, state: 'ready' as const })),
    );
    const all = await installation.get('/api/jobs/download?state=ready', owner);
    expect(all.headers.get('content-type')).toBe('application/zip');
    const text = Buffer.from(await all.arrayBuffer()).toString('latin1');
    const entries = [...text.matchAll(/PK\x01\x02[^]{24}([^])([^])[^]{16}/g)].map((match) => {
      const length = (match[1] ?? '').charCodeAt(0) + (match[2] ?? '').charCodeAt(0) * 256;
      return text.slice(match.index + match[0].length, match.index + match[0].length + length);
    });
    expect(new Set(entries)).toEqual(new Set(['a.xml', 'a (2).xml', '_a.xml', 'a_.._.._b.xml']));
    expect(entries).toHaveLength(4);
    for (const jobId of jobs) await downloaded(jobId, 1);
    const some = await installation.get(
      `/api/jobs/download?ids=${jobs[0]},${foreign},${randomUUID()}`,
      owner,
    );
    const chosen = Buffer.from(await some.arrayBuffer()).toString('latin1');
    expect(chosen).toContain('NOT-INCLUDED.txt');
    expect(chosen).not.toContain('secret');
    const none = await installation.get(`/api/jobs/download?ids=${foreign}`, owner);
    expect(none.status).toBe(404);
  });

  it('without a Ready job is 409, with more than a thousand ids 400', async () => {
    const owner = installation.newOwner();
    expect((await installation.get('/api/jobs/download?state=ready', owner)).status).toBe(409);
    expect((await installation.get('/api/jobs/download', owner)).status).toBe(400);
    expect((await installation.get('/api/jobs/download?ids=x', owner)).status).toBe(400);
  });
});

describe('the why of a job', () => {
  it("reads of another owner's job no more than whose it is, and all of one's own", async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready');
    let read = 0;
    const counted = {
      readLast: (stream: string) => installation.log.readLast(stream),
      readStream: async function* (stream: string) {
        for await (const event of installation.log.readStream(stream)) {
          read += 1;
          yield event;
        }
      },
    };
    const ask = (asker: string | null) =>
      explainJob({ log: counted, policy: POLICY }, { jobId, owner: asker }, null, new Date().toISOString());
    expect(await ask(installation.newOwner())).toBeNull();
    expect(read).toBe(1);
    expect((await ask(owner))?.answer.state).toBe('ready');
    expect((await ask(null))?.answer.state).toBe('ready');
    expect(read).toBeGreaterThan(1 + 2 * 3);
  });

  it('is told from the log alone', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'queued');
    const why = WhyAnswer.parse(await installation.json(`/api/jobs/${jobId}/why`, owner));
    expect(why.state).toBe('queued');
    expect(why.commands.find((each) => each.command === 'CancelConversion')?.answer).toBe('allowed');
    expect((await installation.get(`/api/jobs/${jobId}/why`, installation.newOwner())).status).toBe(404);
  });

  it('of a job whose stream was deleted in the event store says so to its owner, and to others nothing', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready');
    const unlisted = await job(owner, 'ready');
    await projectInto(installation.store).write([{ jobId, owner }]);
    const client = EventStoreDBClient.connectionString(installation.eventStore!.connectionString);
    for (const each of [jobId, unlisted]) await client.deleteStream(jobStream(each));
    await client.dispose();
    const ask = async (place: string, asker: string) => {
      const answer = await installation.get(place, asker);
      const { error } = (await answer.json()) as ErrorBody;
      return { status: answer.status, code: error.code, message: error.message, jobId: error.jobId };
    };
    const told = await ask(`/api/jobs/${jobId}/why`, owner);
    expect(told).toMatchObject({ status: 404, code: 'NOT_FOUND', jobId });
    expect(told.message).toContain('was deleted or limited in the event store');
    expect(await ask(`/api/ops/jobs/${jobId}/why`, installation.newOwner())).toEqual(told);
    const unknown = await ask(`/api/jobs/${randomUUID()}/why`, owner);
    expect(unknown.message).not.toContain('deleted');
    expect(await ask(`/api/jobs/${jobId}/why`, installation.newOwner())).toEqual(unknown);
    expect(await ask(`/api/jobs/${unlisted}/why`, owner)).toEqual(unknown);
  });

  it('at a past position or time is the fold of then, with the decider’s answers of then', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'expired');
    const events: RecordedEvent[] = [];
    for await (const event of installation.log.readStream(jobStream(jobId))) events.push(event);
    const at = (moment: string) => installation.get(`/api/jobs/${jobId}/why?at=${moment}`, owner);
    const states: string[] = [];
    for (const { position } of events)
      states.push(WhyAnswer.parse(await (await at(position.toString())).json()).state);
    expect(states).toEqual(['queued', 'queued', 'converting', 'ready', 'expired']);
    const then = WhyAnswer.parse(await (await at(events[2]!.position.toString())).json());
    expect(then.moment).toMatchObject({ position: events[2]!.position.toString(), isPast: true });
    expect(then.attempts).toMatchObject([{ attempt: 1, outcome: 'running', durationMs: null }]);
    expect(then.fold).toMatchObject({ state: 'converting', workerId: 'w1', revision: 2 });
    const verdict = then.commands.find(({ command }) => command === 'RecordDownload');
    expect(verdict).toMatchObject({ answer: 'refused', code: 'NOT_READY' });
    expect(WhyAnswer.parse(await (await at('2999-01-01')).json()).state).toBe('expired');
    for (const before of [(events[0]!.position - 1n).toString(), '2000-01-01'])
      expect((await at(before)).status).toBe(404);
    for (const wrong of ['x', '-1', '99999999999999999999']) expect((await at(wrong)).status).toBe(400);
  });
});

describe('while Postgres is away', () => {
  it('lists answer 503 with Retry-After, downloads go on [D22]', async () => {
    const owner = installation.newOwner();
    const jobId = await job(owner, 'ready');
    await installation.postgres.stop();
    const list = await installation.get('/api/jobs', owner);
    expect([list.status, list.headers.get('retry-after')]).toEqual([503, '2']);
    expect(((await list.json()) as ErrorBody).error.code).toBe('UNAVAILABLE');
    const answer = await installation.get(`/api/jobs/${jobId}/download`, owner);
    expect(await answer.text()).toBe('<a/>');
    expect((await installation.get(`/api/jobs/${jobId}/why`, owner)).status).toBe(200);
    await downloaded(jobId, 1);
    // The process checks its connection to Postgres once a second.
    const deadline = Date.now() + 10_000;
    while (installation.service.readiness().ready && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(installation.service.readiness().ready).toBe(false);
  });
});
