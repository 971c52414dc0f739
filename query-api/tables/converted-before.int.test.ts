import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { jobDecider } from '../../conversion-job/decider.ts';
import { POLICY } from '../../tests/rooms/conversion-job/scenario.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { rebuildProjections } from '../../projector/rebuild.ts';
import { PROJECTIONS } from '../../projector/registry.ts';
import { startProjector } from '../../projector/start.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { JobListAnswer, JobView } from '../../schemas/protocols/http-api.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import type { InvoiceIdentity, MappingRef } from '../../schemas/events/job-events.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { openLive, rowsOf } from '../../tests/harness/live-tester.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const MAPPING: MappingRef = { id: 'invoice_v1', version: 1 };
const CONVERTED_BY = { id: 'eu_invoice_v1', version: 3, contentHash: 'c'.repeat(64) };
const INVOICE: InvoiceIdentity = {
  sellerTaxId: 'PT508332559',
  number: 'FT 2026/17',
  issueDate: '2026-03-01',
};
const logger = createLog('test', 'silent');

let installation: QueryInstallation;
let projector: Service;
let clockMs = Date.UTC(2026, 2, 2);

beforeAll(async () => {
  installation = await startQueryInstallation();
  const { log, store } = installation;
  const metrics = createMetrics({ defaults: false });
  projector = await startProjector({ log, store, logger, metrics, settings: loadSettings({}) });
}, 60_000);
afterAll(async () => {
  await projector.stop(1_000);
  await installation.stop();
});

/** One successful conversion. */
interface Conversion {
  readonly owner: string;
  readonly filename: string;
  readonly invoice?: InvoiceIdentity | undefined;
  /** Stands for the bytes of the PDF. If left out, the bytes are new. */
  readonly content?: string;
  readonly mapping?: MappingRef;
}

interface Done {
  readonly jobId: string;
  /** Time of the conversion. */
  readonly at: string;
  readonly position: bigint;
}

const now = (): string => new Date((clockMs += 1_000)).toISOString();

async function command(jobId: string, given: JobCommand): Promise<bigint> {
  const context = { commandId: randomUUID(), correlationId: 'test', actor: 'system' };
  const handled = await handleCommand(installation.log, jobDecider(POLICY), jobStream(jobId), given, context);
  if (handled.outcome !== 'accepted') throw new Error(`${given.type} was ${handled.outcome}`);
  return handled.position;
}

/** Uploads, starts and completes a job with the write side's own decider. */
async function convert({ owner, filename, invoice, content, mapping = MAPPING }: Conversion): Promise<Done> {
  const sha256 = sha256Of(content ?? randomBytes(8).toString('hex'));
  const jobId = jobIdOf(owner, mapping, sha256);
  const upload = { jobId, owner, filename, bytes: 10, sha256, blobKey: `sources/${jobId}.pdf`, mapping };
  await command(jobId, { type: 'UploadDocument', at: now(), priority: 0, ...upload });
  return attempt(jobId, invoice);
}

async function attempt(jobId: string, invoice: InvoiceIdentity | undefined): Promise<Done> {
  await command(jobId, { type: 'StartAttempt', at: now(), workerId: 'w1', leaseUntil: now() });
  const last = await installation.log.readLast(jobStream(jobId));
  const at = now();
  const result = {
    blobKey: `results/${jobId}`,
    sha256: sha256Of(`${jobId}${at}`),
    bytes: 9,
    mediaType: 'application/xml',
  };
  const position = await command(jobId, {
    type: 'CompleteAttempt',
    at,
    fencingToken: String(last!.revision),
    result,
    pages: 1,
    gatewayMs: 1,
    warnings: [],
    convertedBy: CONVERTED_BY,
    invoice,
  });
  return { jobId, at, position };
}

async function jobOf(owner: string, { jobId, position }: Done): Promise<JobView> {
  return installation.json<JobView>(`/api/jobs/${jobId}?atLeast=${position}`, owner);
}

describe('an invoice that was converted before, from a file with other bytes', () => {
  it('is said in the list, by the job and on the live socket, with the first job of it and its time', async () => {
    const owner = installation.newOwner();
    const first = await convert({ owner, filename: 'first.pdf', invoice: INVOICE });
    const spelled = { ...INVOICE, sellerTaxId: 'pt 508.332.559', number: 'ft 2026/ 17' };
    await convert({ owner, filename: 'second.pdf', invoice: spelled });
    const third = await convert({ owner, filename: 'third.pdf', invoice: INVOICE });
    const before = { jobId: first.jobId, filename: 'first.pdf', at: first.at };
    expect((await jobOf(owner, third)).convertedBefore).toEqual(before);
    const { jobs } = await installation.json<JobListAnswer>('/api/jobs?sort=created', owner);
    expect(jobs.map(({ convertedBefore }) => convertedBefore)).toEqual([null, before, before]);
    const live = await openLive(installation, owner);
    live.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    const rows = rowsOf(await live.frame('snapshot'));
    expect(rows.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt))).toEqual(jobs);
    const fourth = await convert({ owner, filename: 'fourth.pdf', invoice: INVOICE });
    const told = await live.frame('delta', (frame) =>
      rowsOf(frame).some(({ jobId, state }) => jobId === fourth.jobId && state === 'ready'),
    );
    expect(rowsOf(told).find(({ jobId }) => jobId === fourth.jobId)?.convertedBefore).toEqual(before);
    live.socket.close();
  });

  it('is another invoice under another number, date or seller, and 1/11 is not 11/1', async () => {
    const owner = installation.newOwner();
    for (const invoice of [
      INVOICE,
      { ...INVOICE, number: 'FT 2026/18' },
      { ...INVOICE, issueDate: '2026-03-02' },
      { ...INVOICE, sellerTaxId: 'PT508332560' },
      { ...INVOICE, number: '1/11' },
      { ...INVOICE, number: '11/1' },
      undefined,
      undefined,
    ])
      expect(
        (await jobOf(owner, await convert({ owner, filename: 'a.pdf', invoice }))).convertedBefore,
      ).toBeNull();
  });

  it('is not said of the same bytes under another mapping, nor of what another owner converted', async () => {
    const owner = installation.newOwner();
    await convert({ owner: installation.newOwner(), filename: 'theirs.pdf', invoice: INVOICE });
    const content = 'the same bytes';
    const first = await convert({ owner, filename: 'a.pdf', content, invoice: INVOICE });
    const mapping = { id: 'eu_invoice_v1', version: 1 };
    const again = await convert({ owner, filename: 'a.pdf', content, mapping, invoice: INVOICE });
    for (const job of [first, again]) expect((await jobOf(owner, job)).convertedBefore).toBeNull();
  });

  it('stays said whatever becomes of the first job, which never names the second, and at every moment', async () => {
    const owner = installation.newOwner();
    const first = await convert({ owner, filename: 'first.pdf', content: 'first', invoice: INVOICE });
    const second = await convert({ owner, filename: 'second.pdf', invoice: INVOICE });
    const said = await jobOf(owner, second);
    await command(first.jobId, { type: 'ExpireResult', at: now(), cause: 'age' });
    const again = await convert({ owner, filename: 'renamed.pdf', content: 'first', invoice: INVOICE });
    expect((await jobOf(owner, again)).convertedBefore).toBeNull();
    expect(await jobOf(owner, { ...second, position: again.position })).toEqual(said);
    const then = `/api/jobs/${second.jobId}?asOf=${second.position}`;
    expect(await installation.json<JobView>(then, owner)).toEqual(said);
    const past = await installation.json<JobView>(`/api/jobs/${first.jobId}?asOf=${second.position}`, owner);
    expect([past.filename, past.state, past.convertedBy, past.convertedBefore]).toEqual([
      'first.pdf',
      'ready',
      CONVERTED_BY,
      null,
    ]);
  });

  it('is not that of an older result, when a newer one of the same job is no invoice', async () => {
    const owner = installation.newOwner();
    await convert({ owner, filename: 'first.pdf', invoice: INVOICE });
    const second = await convert({ owner, filename: 'second.pdf', content: 'second', invoice: INVOICE });
    expect((await jobOf(owner, second)).convertedBefore).not.toBeNull();
    await command(second.jobId, { type: 'ExpireResult', at: now(), cause: 'age' });
    const again = await convert({ owner, filename: 'second.pdf', content: 'second' });
    expect((await jobOf(owner, again)).convertedBefore).toBeNull();
  });

  it('is said the same after the tables were built again from the log', async () => {
    const owner = installation.newOwner();
    await convert({ owner, filename: 'first.pdf', invoice: INVOICE });
    const last = await convert({ owner, filename: 'second.pdf', invoice: INVOICE });
    const parameters = { termStart: '2026-09-01' };
    const told = await convert({
      owner,
      filename: 'told.pdf',
      mapping: { ...MAPPING, parameters },
      invoice: INVOICE,
    });
    expect(await jobOf(owner, told)).toMatchObject({ parameters, convertedBy: CONVERTED_BY });
    expect((await jobOf(owner, last)).parameters).toBeNull();
    const list = () => installation.json<JobListAnswer>('/api/jobs?sort=created', owner);
    const before = await list();
    expect(before.jobs.filter(({ convertedBefore }) => convertedBefore !== null)).toHaveLength(2);
    const jobs = PROJECTIONS.find(({ name }) => name === 'jobs')!;
    const { log, postgres } = installation;
    await rebuildProjections({ projections: [jobs], log, url: postgres.url, logger });
    expect((await list()).jobs).toEqual(before.jobs);
  }, 60_000);
});
