import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createIdempotency } from './idempotency.ts';
import { fingerprintOf } from './idempotency-record.ts';
import { ask, uploadTo, type Asking } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import { startWriteSide, type RunningWriteSide } from '../../tests/rooms/command-api/write-side.ts';

let store: TestEventStore;
let side: RunningWriteSide;
let holdPuts: Promise<void> = Promise.resolve();

beforeAll(async () => {
  store = await startTestEventStore();
  const wrapBlobs = (blobs: BlobStore): BlobStore => ({
    ...blobs,
    put: async (...args) => {
      await holdPuts;
      return blobs.put(...args);
    },
  });
  side = await startWriteSide({ connectionString: store.connectionString, wrapBlobs });
});
afterAll(async () => {
  await side.stop();
  await store.stop();
});

const withKey = (key: string, asking: Asking = {}): Asking => ({
  ...asking,
  headers: { ...asking.headers, 'Idempotency-Key': key },
});
const session = async (): Promise<string> =>
  (await uploadTo(side, formOf([{ name: 'first.pdf', bytes: somePdf() }]))).cookie;
const blobCount = async (): Promise<number> => {
  let count = 0;
  for await (const _ of side.blobs.list('')) count += 1;
  return count;
};

describe('an Idempotency-Key [I6]', () => {
  it('with the same upload again replays the answer word for word and stores nothing', async () => {
    const cookie = await session();
    const files = [
      { name: 'a.pdf', bytes: somePdf() },
      { name: 'text.pdf', bytes: Buffer.from('text') },
    ];
    const first = await uploadTo(side, formOf(files), withKey('key-1', { cookie }));
    const before = await blobCount();
    const again = await uploadTo(side, formOf(files), withKey('key-1', { cookie }));
    expect(first.status).toBe(202);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await blobCount()).toBe(before);
  });

  it('with another file, name, mapping or route is 422 and does nothing', async () => {
    const cookie = await session();
    const bytes = somePdf();
    const first = await uploadTo(side, formOf([{ name: 'a.pdf', bytes }]), withKey('key-2', { cookie }));
    const before = await blobCount();
    const others = [
      formOf([{ name: 'a.pdf', bytes: somePdf() }]),
      formOf([{ name: 'b.pdf', bytes }]),
      formOf([{ name: 'a.pdf', bytes }], { mapping: 'other_v1' }),
      formOf([
        { name: 'a.pdf', bytes },
        { name: 'a.pdf', bytes },
      ]),
    ];
    for (const form of others) {
      const { status, body } = await uploadTo(side, form, withKey('key-2', { cookie }));
      expect([status, body.error?.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    }
    const jobUrl = `${side.url}/api/jobs/${first.body.results[0]!.jobId}/cancel`;
    const cancelled = await ask(jobUrl, { method: 'POST' }, withKey('key-2', { cookie }));
    expect([cancelled.status, cancelled.body.error?.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    expect(await blobCount()).toBe(before);
  });

  it('of another owner is another key', async () => {
    const bytes = somePdf();
    const one = await uploadTo(side, formOf([{ name: 'a.pdf', bytes }]), withKey('shared-key'));
    const two = await uploadTo(side, formOf([{ name: 'b.pdf', bytes: somePdf() }]), withKey('shared-key'));
    expect([one.status, two.status]).toEqual([202, 202]);
  });

  it('that is being used right now is 409', async () => {
    const cookie = await session();
    const form = () => formOf([{ name: 'a.pdf', bytes: somePdf() }]);
    const gate = Promise.withResolvers<void>();
    holdPuts = gate.promise;
    const first = uploadTo(side, form(), withKey('key-3', { cookie }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await uploadTo(side, form(), withKey('key-3', { cookie }));
    gate.resolve();
    expect([second.status, second.body.error?.code]).toEqual([409, 'CONFLICT']);
    expect((await first).status).toBe(202);
  });

  it('of an upload that was refused whole is free for the corrected one', async () => {
    const cookie = await session();
    const text = formOf([{ name: 'a.pdf', bytes: Buffer.from('text') }]);
    const wrong = formOf([{ name: 'a.pdf', bytes: somePdf() }], { mapping: 'nobody_v1' });
    const good = formOf([{ name: 'a.pdf', bytes: somePdf() }]);
    const statuses = [];
    for (const form of [text, wrong, good])
      statuses.push((await uploadTo(side, form, withKey('key-4', { cookie }))).status);
    expect(statuses).toEqual([400, 400, 202]);
  });

  it.each(['', 'a b', 'x'.repeat(256)])('that is none (%.10j) is 400', async (key) => {
    const { status } = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf() }]), withKey(key));
    expect(status).toBe(400);
  });

  it('on a retry of a job does it once; one that was refused is free for the next try', async () => {
    const first = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf() }]));
    const { cookie } = first;
    const jobUrl = `${side.url}/api/jobs/${first.body.results[0]!.jobId}`;
    const refused = await ask(`${jobUrl}/retry`, { method: 'POST' }, withKey('r-1', { cookie }));
    expect(refused.status).toBe(409);
    await ask(jobUrl, { method: 'DELETE' }, { cookie });
    const retried = await ask(`${jobUrl}/retry`, { method: 'POST' }, withKey('r-1', { cookie }));
    await ask(jobUrl, { method: 'DELETE' }, { cookie });
    const again = await ask(`${jobUrl}/retry`, { method: 'POST' }, withKey('r-1', { cookie }));
    expect([retried.status, again.status, again.body]).toEqual([202, 202, retried.body]);
  });
});

describe('a request that changes nothing [A-DS02]', () => {
  /** Number of events in the whole log, including the metadata of streams. */
  const eventCount = async (): Promise<number> => {
    let count = 0;
    for await (const _ of side.log.readAll('start', { streamPrefixes: ['idempotency-', '$$idempotency-'] }))
      count += 1;
    return count;
  };

  it('leaves no key behind: unknown job, refused command, refused form, the same file again', async () => {
    const bytes = somePdf();
    const first = await uploadTo(side, formOf([{ name: 'a.pdf', bytes }]));
    const { cookie } = first;
    const { jobId } = first.body.results[0]!;
    const before = await eventCount();
    const post = (path: string, key: string, body?: string) =>
      ask(
        `${side.url}${path}`,
        { method: 'POST', ...(body !== undefined && { body }) },
        withKey(key, { cookie, headers: body === undefined ? {} : { 'Content-Type': 'application/json' } }),
      );
    const unknown = '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';
    const statuses = [
      (await post(`/api/jobs/${unknown}/retry`, 'n-1')).status,
      (await post(`/api/jobs/${jobId}/retry`, 'n-2')).status,
      (await post('/api/jobs/cancel', 'n-3', JSON.stringify({ jobIds: [unknown] }))).status,
      (await uploadTo(side, formOf([{ name: 'a.pdf', bytes: Buffer.from('x') }]), withKey('n-4', { cookie })))
        .status,
      (await uploadTo(side, formOf([{ name: 'a.pdf', bytes }]), withKey('n-5', { cookie }))).status,
    ];
    expect(statuses).toEqual([404, 409, 200, 400, 200]);
    expect(await eventCount()).toBe(before);
  });

  it('leaves the key of what did change something: the same batch again is replayed', async () => {
    const first = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf() }]));
    const { cookie } = first;
    const body = JSON.stringify({ jobIds: [first.body.results[0]!.jobId] });
    const cancel = () =>
      ask(
        `${side.url}/api/jobs/cancel`,
        { method: 'POST', body },
        withKey('c-1', { cookie, headers: { 'Content-Type': 'application/json' } }),
      );
    const done = await cancel();
    const again = await cancel();
    expect([again.body, again.headers.get('idempotent-replayed')]).toEqual([done.body, 'true']);
  });
});

describe('a process that died with a key in its hands [D10]', () => {
  const request = (key: string) => ({
    owner: 'owner',
    key,
    correlationId: 'c',
    fingerprint: fingerprintOf(key),
  });

  it('is outwaited, and the other one carries out the same commands', async () => {
    const dead = createIdempotency(side.log, systemClock);
    const alive = createIdempotency(side.log, systemClock);
    const seeds: string[] = [];
    const died = dead.once(request('d-1'), async (seed) => {
      seeds.push(seed);
      throw new Error('killed');
    });
    await expect(died).rejects.toThrow('killed');
    const startedAt = performance.now();
    const { answer, replayed } = await alive.once(request('d-1'), async (seed) => {
      seeds.push(seed);
      return { answer: { status: 202, body: { done: true } }, keep: true };
    });
    expect(performance.now() - startedAt).toBeGreaterThan(3_000);
    expect([answer.status, replayed, new Set(seeds).size, seeds.length]).toEqual([202, false, 1, 2]);
  });

  it('and comes back to life gives the answer of the one that took over', async () => {
    const slow = createIdempotency(side.log, systemClock);
    const quick = createIdempotency(side.log, systemClock);
    const gate = Promise.withResolvers<void>();
    const late = slow.once(request('d-2'), async () => {
      await gate.promise;
      return { answer: { status: 202, body: { by: 'slow' } }, keep: true };
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await quick.once(request('d-2'), async () => ({
      answer: { status: 202, body: { by: 'quick' } },
      keep: true,
    }));
    gate.resolve();
    expect(await late).toEqual({ answer: { status: 202, body: { by: 'quick' } }, replayed: true });
  });

  it('of a key whose events have aged away starts afresh', async () => {
    const forgetful = { ...side.log, setMaxAge: (stream: string) => side.log.setMaxAge(stream, 1) };
    const idempotency = createIdempotency(forgetful, systemClock);
    const run = async () => ({ answer: { status: 202, body: {} }, keep: true });
    await idempotency.once(request('d-3'), run);
    expect((await idempotency.once(request('d-3'), run)).replayed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await idempotency.once(request('d-3'), run)).replayed).toBe(false);
  });
});
