import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import { UploadAnswer } from '../../schemas/protocols/http-api.ts';
import { jobStream, REJECTED_UPLOADS_STREAM } from '../../schemas/events/streams.ts';
import { uploadTo } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import { startWriteSide, type RunningWriteSide } from '../../tests/rooms/command-api/write-side.ts';
import { sha256Of } from '../../schemas/sha256.ts';

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

const upload = (
  form: FormData,
  options: Partial<Parameters<typeof uploadTo>[2]> & { to?: RunningWriteSide } = {},
) => uploadTo(options.to ?? side, form, options);

async function eventsOf(jobId: string): Promise<ReturnType<typeof understandEvent>[]> {
  const events = [];
  for await (const recorded of side.log.readStream(jobStream(jobId))) events.push(understandEvent(recorded));
  return events;
}

async function blobKeys(): Promise<string[]> {
  const keys = [];
  for await (const { key } of side.blobs.list('')) keys.push(key);
  return keys.sort();
}

describe('an upload', () => {
  it('becomes a job with its bytes stored and two events on the record [R01.02]', async () => {
    const pdf = somePdf();
    const { status, body } = await upload(formOf([{ name: 'fatura.pdf', bytes: pdf }]));
    expect(status).toBe(202);
    UploadAnswer.parse(body);
    expect(body.results).toEqual([
      { filename: 'fatura.pdf', jobId: expect.any(String), state: 'queued', deduplicated: false },
    ]);
    const [uploaded, requested, ...others] = await eventsOf(body.results[0]!.jobId!);
    expect(others).toEqual([]);
    const sha256 = sha256Of(pdf);
    expect(uploaded).toMatchObject({
      type: 'DocumentUploaded',
      data: {
        filename: 'fatura.pdf',
        bytes: pdf.length,
        sha256,
        mapping: { id: 'pt_simon_invoice_v1', version: 1 },
      },
    });
    expect(requested).toMatchObject({ type: 'ConversionRequested', data: { by: 'upload' } });
    const key = (uploaded!.data as { blobKey: string }).blobKey;
    expect(key).toMatch(/^sources\/[0-9a-f-]{36}\.pdf$/);
    expect((await side.blobs.stat(key)).bytes).toBe(pdf.length);
    const last = await side.log.readLast(jobStream(body.results[0]!.jobId!));
    expect(body.position).toBe(last!.position.toString());
  });

  it('of the same file by the same owner finds the job, stores nothing and answers 200 [R02.01]', async () => {
    const pdf = somePdf();
    const first = await upload(formOf([{ name: 'a.pdf', bytes: pdf }]));
    const before = await blobKeys();
    const again = await upload(formOf([{ name: 'b.pdf', bytes: pdf }]), { cookie: first.cookie });
    expect(again.status).toBe(200);
    expect(again.body.results[0]).toEqual({
      filename: 'b.pdf',
      jobId: first.body.results[0]!.jobId,
      state: 'queued',
      deduplicated: true,
    });
    expect(again.body.position).toBe(first.body.position);
    expect(await blobKeys()).toEqual(before);
  });

  it('of the same file by another owner or under another mapping is another job [A-UP15]', async () => {
    const pdf = somePdf();
    const mine = await upload(formOf([{ name: 'a.pdf', bytes: pdf }]));
    const theirs = await upload(formOf([{ name: 'a.pdf', bytes: pdf }]));
    const mapped = await upload(formOf([{ name: 'a.pdf', bytes: pdf }], { mapping: 'other_v1' }), {
      cookie: mine.cookie,
    });
    const ids = [mine, theirs, mapped].map(({ status, body }) => [status, body.results[0]!.deduplicated]);
    expect(ids).toEqual(Array.from({ length: 3 }, () => [202, false]));
    expect(new Set([mine, theirs, mapped].map(({ body }) => body.results[0]!.jobId!)).size).toBe(3);
  });

  it('fifty times at once is one job, one blob and one accepted answer [D37] [R02.01]', async () => {
    const pdf = somePdf();
    const { cookie } = await upload(formOf([{ name: 'first.pdf', bytes: somePdf() }]));
    const before = (await blobKeys()).length;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => upload(formOf([{ name: 'same.pdf', bytes: pdf }]), { cookie })),
    );
    expect(new Set(answers.map(({ body }) => body.results[0]!.jobId!)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(await eventsOf(answers[0]!.body.results[0]!.jobId!)).toHaveLength(2);
    expect((await blobKeys()).length).toBe(before + 1);
  });

  it('of several files answers each, and a bad one sinks no other [R01.03]', async () => {
    const twice = somePdf();
    const { status, body } = await upload(
      formOf([
        { name: 'one.pdf', bytes: somePdf() },
        { name: 'text.pdf', bytes: Buffer.from('hello\n') },
        { name: 'two.pdf', bytes: twice },
        { name: 'empty.pdf', bytes: Buffer.alloc(0) },
        { name: 'two again.pdf', bytes: twice },
      ]),
    );
    expect(status).toBe(202);
    UploadAnswer.parse(body);
    expect(body.results.map((one) => one.error?.code ?? [one.state, one.deduplicated])).toEqual([
      ['queued', false],
      'NOT_PDF',
      ['queued', false],
      'NOT_PDF',
      ['queued', true],
    ]);
    expect(body.results.map((one) => one.filename)).toEqual([
      'one.pdf',
      'text.pdf',
      'two.pdf',
      'empty.pdf',
      'two again.pdf',
    ]);
  });

  it('that is no PDF is 400 NOT_PDF: no job, no blob, and a line on the record [A-UP01] [R01.01]', async () => {
    // Starts a separate write side, because another one would gather these refusals with its own.
    const to = await startWriteSide({ connectionString: store.connectionString });
    const before = await blobKeys();
    const { status, body } = await upload(formOf([{ name: 'a.pdf', bytes: Buffer.from('hello\n') }]), { to });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'NOT_PDF', requestId: expect.any(String) });
    expect(body.results).toEqual([
      { filename: 'a.pdf', error: { code: 'NOT_PDF', message: body.error?.message } },
    ]);
    expect(await blobKeys()).toEqual(before);
    await to.stop();
    const last = await side.log.readLast(REJECTED_UPLOADS_STREAM);
    expect(last?.metadata).toMatchObject({ correlationId: body.error!.requestId });
    expect(understandEvent(last!)).toMatchObject({
      type: 'UploadsRejected',
      data: {
        counts: [{ code: 'NOT_PDF', count: 1 }],
        examples: [{ code: 'NOT_PDF', filename: 'a.pdf', bytes: 6 }],
      },
    });
  });

  it('under a mapping that is not known is 400 before any event, wherever the field stands [A-MP01]', async () => {
    const before = await blobKeys();
    for (const mapping of ['../x', '__proto__', 'pt_simon_invoice_v1\n', 'nobody_v1', '']) {
      const early = await upload(formOf([{ name: 'a.pdf', bytes: somePdf() }], { mapping }));
      const late = formOf([{ name: 'a.pdf', bytes: somePdf() }]);
      late.append('mapping', mapping);
      for (const { status, body } of [early, await upload(late)])
        expect([status, body.error?.code]).toEqual([400, 'UNKNOWN_MAPPING']);
    }
    expect(await blobKeys()).toEqual(before);
  });

  it('takes the mapping after the files, and the field name `file`', async () => {
    const form = formOf([{ name: 'a.pdf', bytes: somePdf() }], { fileField: 'file' });
    form.append('mapping', 'other_v1');
    const { status, body } = await upload(form);
    expect(status).toBe(202);
    const [uploaded] = await eventsOf(body.results[0]!.jobId!);
    expect(uploaded!.data).toMatchObject({ mapping: { id: 'other_v1', version: 2 } });
  });

  it('keeps the parameters of its mapping in the log, and with others it is another job', async () => {
    const pdf = somePdf();
    const form = (termStart: string): FormData => {
      const made = formOf([{ name: 'horario.pdf', bytes: pdf }]);
      made.set('mapping', 'schedule_ics_v1');
      made.set('param.termStart', termStart);
      return made;
    };
    const first = await upload(form('2026-02-16'));
    expect(first.status).toBe(202);
    const [uploaded] = await eventsOf(first.body.results[0]!.jobId!);
    expect(uploaded!.data).toMatchObject({
      mapping: { id: 'schedule_ics_v1', version: 2, parameters: { termStart: '2026-02-16' } },
    });
    const same = await upload(form('2026-02-16'), { cookie: first.cookie });
    const other = await upload(form('2026-09-14'), { cookie: first.cookie });
    const without = await upload(form(''), { cookie: first.cookie });
    expect(same.body.results[0]!.jobId).toBe(first.body.results[0]!.jobId);
    expect([other.status, without.status]).toEqual([202, 202]);
    const [alone] = await eventsOf(without.body.results[0]!.jobId!);
    expect(alone!.data).toMatchObject({ mapping: { id: 'schedule_ics_v1', version: 2 } });
    expect((alone!.data as { mapping: object }).mapping).not.toHaveProperty('parameters');
  });

  it('with a parameter that its mapping does not take is 400, and leaves nothing', async () => {
    const before = await blobKeys();
    const form = formOf([{ name: 'fatura.pdf', bytes: somePdf() }]);
    form.set('param.termStart', '2026-02-16');
    const { status, body } = await upload(form);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { code: 'BAD_REQUEST', message: expect.stringContaining('termStart') },
    });
    expect(await blobKeys()).toEqual(before);
  });

  it('shows the name it was given in a harmless form, and stores under none of it [A-FN01] [A-FN04]', async () => {
    const names = ['../../etc/passwd', 'evil\u202Efdp.exe', 'Fatura nº 12 – é.pdf', '😀'.repeat(255)];
    const { body } = await upload(formOf(names.map((name) => ({ name, bytes: somePdf() }))));
    expect(body.results.map((one) => one.filename)).toEqual([
      'passwd',
      'evilfdp.exe',
      'Fatura nº 12 – é.pdf',
      '😀'.repeat(200),
    ]);
    for (const key of await blobKeys()) expect(key).toMatch(/^sources\/[0-9a-f-]{36}\.pdf$/);
  });

  it('is refused from another site before anything is read [A-CS01]', async () => {
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const { status, body } = await upload(formOf([{ name: 'a.pdf', bytes: somePdf() }]), { headers });
    expect([status, body.error?.code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('uploads past a limit', () => {
  const limited = async (
    env: Record<string, string>,
    use: (to: RunningWriteSide) => Promise<void>,
  ): Promise<void> => {
    const to = await startWriteSide({ connectionString: store.connectionString, env });
    try {
      await use(to);
    } finally {
      await to.stop();
    }
  };

  it('of files in a minute are 429 with Retry-After, and leave no blob [A-UP16]', async () => {
    await limited({ UPLOAD_RATE_PER_MINUTE: '3' }, async (to) => {
      const { cookie } = await upload(formOf([{ name: 'a.pdf', bytes: somePdf() }]), { to });
      const files = Array.from({ length: 4 }, () => ({ name: 'a.pdf', bytes: somePdf() }));
      const { status, body } = await upload(formOf(files), { to, cookie });
      expect(status).toBe(202);
      expect(body.results.map((one) => one.error?.code ?? 'ok')).toEqual([
        'ok',
        'ok',
        'RATE_LIMITED',
        'RATE_LIMITED',
      ]);
      const refused = await upload(formOf(files.slice(0, 1)), { to, cookie });
      expect([refused.status, refused.body.error?.code]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const stored = [];
      for await (const { key } of to.blobs.list('')) stored.push(key);
      expect(stored).toHaveLength(3);
    });
  });

  it('of requests from one address are 429', async () => {
    await limited({ REQUEST_RATE_PER_MINUTE: '2' }, async (to) => {
      const statuses = [];
      for (let index = 0; index < 3; index += 1)
        statuses.push((await upload(formOf([{ name: 'a.pdf', bytes: somePdf() }]), { to })).status);
      expect(statuses).toEqual([202, 202, 429]);
    });
  });

  it('of the disk are 507 before anything is written [R24.03]', async () => {
    await limited({ DISK_REFUSE_PERCENT: '1', DISK_WARN_PERCENT: '1' }, async (to) => {
      const { status, body } = await upload(formOf([{ name: 'a.pdf', bytes: somePdf() }]), { to });
      expect([status, body.error?.code]).toEqual([507, 'STORAGE_FULL']);
    });
  });
});
