import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';
import type { ScriptedAnswer } from '../tests/harness/scripted-gateway.ts';

const refusal = (code: string, message: string): string => JSON.stringify({ code, message });
const XML = '<?xml version="1.0"?>\n<Invoice><ID>1</ID></Invoice>\n';
const truncated = XML.slice(0, -12);
const digestOf = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;

interface Row {
  readonly title: string;
  readonly answer: ScriptedAnswer;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string | null;
}

const ROWS: readonly Row[] = [
  {
    title: "400 with a refusal is final and carries the gateway's own reason [R05.01]",
    answer: { status: 400, body: refusal('UNKNOWN_MAPPING', 'There is no such mapping.') },
    attempts: 1,
    code: 'GW_4XX',
    reason: 'UNKNOWN_MAPPING',
  },
  {
    title: '406 without a readable body is final [R05.01]',
    answer: { status: 406, body: '<html>no</html>' },
    attempts: 1,
    code: 'GW_4XX',
    reason: 'HTTP_406',
  },
  {
    title: '422 carries PDF_ENCRYPTED and its sentence',
    answer: { status: 422, body: refusal('PDF_ENCRYPTED', 'The PDF needs a password.') },
    attempts: 1,
    code: 'GW_4XX',
    reason: 'PDF_ENCRYPTED',
  },
  ...[408, 425, 429].map((status) => ({
    title: `${status} is tried three times in all [R06.01]`,
    answer: { status, body: '{}' },
    attempts: 3,
    code: 'GW_5XX',
    reason: `HTTP_${status}`,
  })),
  ...[500, 503].map((status) => ({
    title: `${status} is tried three times in all [R06.01][D15]`,
    answer: { status, body: refusal('OVERLOADED', 'Busy.') },
    attempts: 3,
    code: 'GW_5XX',
    reason: 'OVERLOADED',
  })),
  {
    title: 'a gateway that says nothing times out three times [R05.03][D14]',
    answer: { instead: 'hang' },
    attempts: 3,
    code: 'GW_TIMEOUT',
    reason: null,
  },
  {
    title: 'a body that trickles is cut off by the total deadline [D16]',
    answer: { trickleMs: 300 },
    attempts: 3,
    code: 'GW_TIMEOUT',
    reason: null,
  },
  {
    title: 'a connection that breaks before an answer is GW_UNREACHABLE',
    answer: { instead: 'reset' },
    attempts: 3,
    code: 'GW_UNREACHABLE',
    reason: null,
  },
  {
    title: 'a body that breaks off is GW_BAD_OUTPUT [D16][D17]',
    answer: { cutAfterBytes: 20 },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'an HTML page with 200 is GW_BAD_OUTPUT [D17][A-SS02]',
    answer: { body: '<html><body>Welcome</body></html>' },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'truncated XML with a matching digest is GW_BAD_OUTPUT [D17]',
    answer: { body: truncated, headers: { 'Repr-Digest': digestOf(truncated) } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'bytes other than the digest says are GW_BAD_OUTPUT [D17]',
    answer: { body: XML, headers: { 'Repr-Digest': digestOf('other bytes') } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'no digest at all is GW_BAD_OUTPUT',
    answer: { headers: { 'Repr-Digest': null } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'the result of another document is GW_BAD_OUTPUT [D17]',
    answer: { headers: { 'X-Source-Sha256': '0'.repeat(64) } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'an empty body is GW_BAD_OUTPUT [D17]',
    answer: { body: '' },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'a media type that no mapping makes is GW_BAD_OUTPUT',
    answer: { headers: { 'Content-Type': 'text/html' } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'a redirect is not followed [A-SS02]',
    answer: { status: 302, headers: { Location: 'http://169.254.169.254/latest/meta-data' } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'a compressed body is refused unread [A-SS02]',
    answer: { headers: { 'Content-Encoding': 'gzip' } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
  {
    title: 'an announced length beyond 100 MB is refused unread [A-SS02]',
    answer: { headers: { 'Content-Length': '10000000000' } },
    attempts: 3,
    code: 'GW_BAD_OUTPUT',
    reason: null,
  },
];

describe('the retry table', () => {
  let world: ProcessorWorld;
  beforeAll(async () => {
    world = await startProcessorWorld();
    await world.start({ WORKER_CONCURRENCY: '16' });
  });
  afterAll(() => world.stop());

  /** Runs a job against one answer and says how it ended and how often the gateway was asked. */
  async function run(answer: ScriptedAnswer) {
    await world.gateway.script({ otherwise: answer });
    const jobId = await world.upload();
    const job = await world.until(jobId, ['ready', 'failed']);
    const calls = (await world.gateway.calls()).filter((call) => call.jobId === jobId);
    return { jobId, job, calls, history: await world.history(jobId) };
  }

  it.each(ROWS)('$title', async ({ answer, attempts, code, reason }) => {
    const { jobId, job, calls, history } = await run(answer);
    if (job.state !== 'failed') throw new Error(`the job is ${job.state}`);
    expect(job.failure).toMatchObject({ code, reason });
    expect(job.attempts).toBe(attempts);
    expect(calls).toHaveLength(attempts);
    expect(history.filter((type) => type === `ConversionDeferred ${code}`)).toHaveLength(attempts - 1);
    expect((await world.resultKeys()).filter((key) => key.includes(jobId))).toEqual([]);
  });

  it('an error that passes ends in a result, with one blob [R06.01]', async () => {
    await world.gateway.script({ queue: [{ status: 503, body: '{}' }, { instead: 'reset' }] });
    const jobId = await world.upload();
    const job = await world.until(jobId, ['ready', 'failed']);
    expect(job).toMatchObject({ state: 'ready', attempts: 3 });
    expect((await world.resultKeys()).filter((key) => key.includes(jobId))).toHaveLength(1);
  });

  it('Retry-After is a floor under the backoff [D15][I12]', async () => {
    await world.gateway.script({ queue: [{ status: 429, headers: { 'Retry-After': '1' }, body: '{}' }] });
    const jobId = await world.upload();
    await world.until(jobId, ['ready', 'failed']);
    const [first, second] = (await world.gateway.calls()).filter((call) => call.jobId === jobId);
    // The ceiling of the backoff in this test is 400 ms, and it is a ceiling for what the gateway asks as well.
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(400);
  });

  it('a source that is gone is IO_ERROR, with one retry [R06.04]', async () => {
    await world.gateway.script({});
    const jobId = await world.upload();
    const job = await world.until(jobId, ['ready']);
    if (job.state === 'absent' || job.sourceBlobKey === null) throw new Error('no source');
    await rm(join(world.blobDir, job.sourceBlobKey));
    const at = new Date().toISOString();
    await world.command(jobId, { type: 'ExpireResult', at, cause: 'age' });
    await world.command(jobId, { type: 'RetryConversion', at, priority: 0 });
    const ended = await world.until(jobId, ['ready', 'failed']);
    expect(ended).toMatchObject({ state: 'failed', attempts: 2, failure: { code: 'IO_ERROR' } });
  });
});

describe('a result past its limit', () => {
  let world: ProcessorWorld;
  beforeAll(async () => {
    world = await startProcessorWorld();
  });
  afterAll(() => world.stop());

  it('is cut off at 100 MB and leaves nothing [A-SS02][D17]', async () => {
    const ladder = { GATEWAY_TIMEOUT_MS: '20000', WORKER_TIMEOUT_MS: '20000', WORKER_LEASE_TTL_SEC: '30' };
    await world.start({ ...ladder, RETRY_MAX_ATTEMPTS: '1' });
    await world.gateway.script({
      otherwise: { bytes: 101 * 1024 * 1024, headers: { 'Content-Length': null } },
    });
    const job = await world.until(await world.upload(), ['ready', 'failed'], 25_000);
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'GW_BAD_OUTPUT' } });
    expect(await world.resultKeys()).toEqual([]);
  });
});
