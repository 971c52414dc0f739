import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { makeInvoicePdf } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { startGateway, type RunningGateway } from '../../gateway/server.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { gatewayExplanationSchema } from '../../schemas/protocols/gateway-explanation.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const mapping = { id: 'pt_simon_invoice_v1', version: 1 };
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let gateway: RunningGateway;
let installation: QueryInstallation;
let pdf: Buffer;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
  const settings = { ...loadSettings({ NODE_ENV: 'test', GATEWAY_URL: gateway.url }), PORT: 0 };
  installation = await startQueryInstallation({ settings });
  pdf = await makeInvoicePdf(5);
}, 60_000);
afterAll(async () => {
  await installation.stop();
  await gateway.close();
});

async function give(jobId: string, command: JobCommand): Promise<void> {
  const context = { commandId: randomUUID(), correlationId: 'test', actor: 'system' };
  await handleCommand(installation.log, jobDecider(POLICY), jobStream(jobId), command, context);
}

async function upload(owner: string, bytes: Buffer): Promise<string> {
  const sha256 = sha256Of(bytes);
  const jobId = jobIdOf(owner, mapping, sha256);
  const blobKey = `sources/${jobId}.pdf`;
  await installation.blobs.put(blobKey, Readable.from([bytes]), { maxBytes: 1e8 });
  await give(jobId, {
    type: 'UploadDocument',
    at: new Date().toISOString(),
    jobId,
    owner,
    filename: 'fatura.pdf',
    bytes: bytes.length,
    sha256,
    blobKey,
    mapping,
    priority: 0,
  });
  return jobId;
}

describe('the document of a job', () => {
  it('is its PDF, its pages as pictures, and every value with its place', async () => {
    const owner = installation.newOwner();
    const jobId = await upload(owner, pdf);
    const source = await installation.get(`/api/jobs/${jobId}/source`, owner);
    expect(Buffer.from(await source.arrayBuffer())).toEqual(pdf);
    expect(Object.fromEntries(source.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    const explanation = gatewayExplanationSchema.parse(
      await installation.json(`/api/jobs/${jobId}/provenance`, owner),
    );
    expect(explanation.values.length).toBeGreaterThan(5);
    expect(explanation.values.some(({ box }) => box !== null)).toBe(true);
    const page = await installation.get(`/api/jobs/${jobId}/pages/1?scale=1`, owner);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(
      Buffer.from(await page.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    const operator = await installation.get(`/api/ops/jobs/${jobId}/provenance`, installation.newOwner());
    expect(operator.status).toBe(200);
  }, 30_000);

  it('comes to an owner whose turn it is, while another one asks for thirty pages at once', async () => {
    const greedy = installation.newOwner();
    const modest = installation.newOwner();
    const wanted = await upload(greedy, pdf);
    const other = await upload(modest, pdf);
    const flood = Array.from({ length: 30 }, () =>
      installation.get(`/api/jobs/${wanted}/pages/1?scale=1`, greedy),
    );
    const answers: number[] = [];
    for (let n = 0; n < 3; n += 1)
      answers.push((await installation.get(`/api/jobs/${other}/pages/1?scale=1`, modest)).status);
    expect(answers).toEqual([200, 200, 200]);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  }, 90_000);

  it('of another owner looks exactly like none, and so do pages that are not there [R08.01]', async () => {
    const jobId = await upload(installation.newOwner(), pdf);
    const stranger = installation.newOwner();
    for (const part of ['source', 'provenance', 'pages/1', 'result']) {
      const foreign = await installation.get(`/api/jobs/${jobId}/${part}`, stranger);
      const unknown = await installation.get(`/api/jobs/${randomUUID()}/${part}`, stranger);
      const shown = async (answer: Response) => [
        answer.status,
        (await answer.text()).replace(/"requestId":"[^"]+"/, ''),
      ];
      expect(await shown(foreign)).toEqual(await shown(unknown));
      expect(foreign.status).toBe(404);
    }
    for (const page of ['0', '-1', '1.5', '999', 'one', '..%2f1'])
      expect((await installation.get(`/api/ops/jobs/${jobId}/pages/${page}`, stranger)).status).toBe(404);
    expect((await installation.get(`/api/ops/jobs/${jobId}/pages/1?scale=40`, stranger)).status).toBe(400);
  }, 30_000);

  it('that was removed is EXPIRED, that is damaged is refused in words', async () => {
    const owner = installation.newOwner();
    const broken = await upload(owner, Buffer.from(`%PDF-1.7\nno document ${randomUUID()}\n%%EOF`));
    const refused = await installation.get(`/api/jobs/${broken}/provenance`, owner);
    expect(refused.status).toBe(409);
    await give(broken, { type: 'CancelConversion', at: new Date().toISOString(), by: 'owner' });
    await give(broken, { type: 'ExpireSource', at: new Date().toISOString(), cause: 'age' });
    const gone = await installation.get(`/api/jobs/${broken}/source`, owner);
    expect([gone.status, ((await gone.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'EXPIRED',
    ]);
  }, 30_000);

  it('cannot be read while the gateway is away: 503, and everything else goes on', async () => {
    const settings = { ...loadSettings({ NODE_ENV: 'test', GATEWAY_URL: 'http://127.0.0.1:9' }), PORT: 0 };
    const alone = await installation.open({ settings });
    const owner = installation.newOwner();
    const jobId = await upload(owner, pdf);
    const cookie = installation.cookieOf(owner);
    const answer = await fetch(`${alone.url}/api/jobs/${jobId}/provenance`, { headers: { cookie } });
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
    expect((await fetch(`${alone.url}/api/jobs/${jobId}/source`, { headers: { cookie } })).status).toBe(200);
    await alone.service.stop(500);
    await alone.listening.close(100);
  }, 30_000);
});
