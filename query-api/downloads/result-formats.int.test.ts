import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { ublSample } from '../../tests/rooms/gateway/ubl-sample.ts';
import { readSemantic } from '../../gateway/formats/read-semantic.ts';
import { toCii } from '../../gateway/formats/to-cii.ts';
import { toUbl } from '../../gateway/formats/to-ubl.ts';
import { brokenRules } from '../../gateway/rules/broken-rules.ts';
import { startGateway, type RunningGateway } from '../../gateway/server.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const mapping = { id: 'invoice_v1', version: 1 };
let gateway: RunningGateway;
let installation: QueryInstallation;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
  const settings = { ...loadSettings({ NODE_ENV: 'test', GATEWAY_URL: gateway.url }), PORT: 0 };
  installation = await startQueryInstallation({ settings });
}, 90_000);
afterAll(async () => {
  await installation.stop();
  await gateway.close();
});

/** Makes a Ready job with this result, by the real write side. */
async function ready(owner: string, text: string, mediaType = 'application/xml'): Promise<string> {
  const result = Buffer.from(text);
  const content = sha256Of(randomBytes(8));
  const jobId = jobIdOf(owner, mapping, content);
  const at = new Date().toISOString();
  const blobKey = `results/${jobId}/2`;
  await installation.blobs.put(blobKey, Readable.from([result]), { maxBytes: 1e9 });
  const source = { filename: 'fatura.pdf', bytes: 10, sha256: content, blobKey: `sources/${jobId}.pdf` };
  const named = { blobKey, sha256: sha256Of(result), bytes: result.length, mediaType };
  const commands: JobCommand[] = [
    { type: 'UploadDocument', at, jobId, owner, ...source, mapping, priority: 0 },
    { type: 'StartAttempt', at, workerId: 'w1', leaseUntil: at },
    { type: 'CompleteAttempt', at, fencingToken: '2', result: named, pages: 1, gatewayMs: 1, warnings: [] },
  ];
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
  return jobId;
}

async function download(owner: string, jobId: string, format: string) {
  const answer = await installation.get(`/api/jobs/${jobId}/download?format=${format}`, owner);
  const text = await answer.text();
  const type = answer.headers.get('content-type')?.split(';')[0];
  return { status: answer.status, text, type, name: answer.headers.get('content-disposition') };
}

const said = (xml: string) => {
  const read = readSemantic(xml);
  if (!read) throw new Error('not an invoice');
  return read.invoice;
};
const withName = (name: string): string => ublSample().replaceAll('>Artigo 1<', `>${name}<`);

describe('a result in another format', () => {
  it('is UBL made of CII that keeps the rules, and says the same', async () => {
    const owner = installation.newOwner();
    const cii = toCii(said(ublSample()));
    const { status, text, type, name } = await download(owner, await ready(owner, cii), 'ubl');
    expect([status, type, name]).toEqual([200, 'application/xml', 'attachment; filename=fatura.xml']);
    expect(brokenRules(text)).toEqual([]);
    expect(text).toBe(toUbl(said(cii)));
    expect(said(text).totals).toEqual(said(cii).totals);
  });

  it('is CII made of UBL, and says the same', async () => {
    const owner = installation.newOwner();
    const { text } = await download(owner, await ready(owner, ublSample()), 'cii');
    expect(readSemantic(text)?.syntax).toBe('cii');
    expect({ ...said(text).totals, number: said(text).number }).toEqual({
      ...said(ublSample()).totals,
      number: said(ublSample()).number,
    });
    expect(toUbl(said(text))).toBe(toUbl(said(ublSample())));
  });

  it('is the stored bytes where they have that format already', async () => {
    const owner = installation.newOwner();
    expect((await download(owner, await ready(owner, ublSample()), 'ubl')).text).toBe(ublSample());
  });

  it('is JSON of the values, and CSV with a row for each line', async () => {
    const owner = installation.newOwner();
    const jobId = await ready(owner, ublSample());
    const json = await download(owner, jobId, 'json');
    expect([json.type, json.name]).toEqual(['application/json', 'attachment; filename=fatura.json']);
    expect(JSON.parse(json.text)).toMatchObject({ number: said(ublSample()).number, lines: [{}, {}] });
    const csv = await download(owner, jobId, 'csv');
    expect([csv.type, csv.text.split('\r\n')]).toEqual([
      'text/csv',
      [
        expect.stringContaining('number,type'),
        expect.stringContaining(',Artigo 1,'),
        expect.stringContaining(',Artigo 2,'),
        '',
      ],
    ]);
  });

  it('runs no formula in a program for tables, and quotes what would break a row', async () => {
    const owner = installation.newOwner();
    for (const [name, cell] of [
      ['=1+1', `'=1+1`],
      ['@SUM(A1)', `'@SUM(A1)`],
      ['-2+3', `'-2+3`],
      ['a, &quot;b&quot;', '"a, ""b"""'],
    ] as const) {
      const { text } = await download(owner, await ready(owner, withName(name)), 'csv');
      expect(text).toContain(`,${cell},`);
    }
  });

  it('is refused with one code and its reason when it cannot be made', async () => {
    const owner = installation.newOwner();
    const calendar = await ready(owner, 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n', 'text/calendar');
    const none = await download(owner, calendar, 'csv');
    expect([none.status, JSON.parse(none.text)]).toMatchObject([
      422,
      { error: { code: 'FORMAT_NOT_POSSIBLE', message: expect.stringContaining('no CSV can be made') } },
    ]);
    const broken = toCii({ ...said(ublSample()), currency: 'ZZZ' });
    const refused = await download(owner, await ready(owner, broken), 'ubl');
    expect([refused.status, refused.text]).toEqual([
      422,
      expect.stringMatching(/FORMAT_NOT_POSSIBLE.*BR-CL-04/),
    ]);
    expect((await download(owner, calendar, 'xlsx')).status).toBe(400);
  });

  it('is nobody else’s', async () => {
    const jobId = await ready(installation.newOwner(), ublSample());
    expect((await download(installation.newOwner(), jobId, 'json')).status).toBe(404);
  });
});
