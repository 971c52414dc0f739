import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLog } from '../runtime/log/log.ts';
import { startS3Double, type S3Double } from '../tests/harness/s3-double/s3-double.ts';
import type { PlannedFault } from '../tests/harness/s3-double/s3-double-faults.ts';
import { newSourceKey } from './blob-key.ts';
import type { BlobStore } from './blob-store.ts';
import { itKeepsTheBlobContract } from '../tests/rooms/blob-store/contract.ts';
import { openS3BlobStore, type S3Options } from './s3.ts';
import { sha256Of } from '../schemas/sha256.ts';

const roomy = { maxBytes: 40 * 1024 * 1024 };
const log = createLog('test-s3', 'silent');

function optionsOf(double: S3Double, changes: Partial<S3Options> = {}): S3Options {
  const { bucket, region, endpoint, credentials } = double;
  const fixed = { forcePathStyle: true, serverSideEncryption: 'none' as const, timeoutMs: 5_000, log };
  return { bucket, region, endpoint, credentials, ...fixed, ...changes };
}

itKeepsTheBlobContract('the S3 blob store on the strict double', async () => {
  const double = await startS3Double();
  return { store: openS3BlobStore(optionsOf(double)), discard: () => double.close() };
});

const endpoint = process.env['S3_ENDPOINT'];
const real = endpoint === undefined ? describe.skip : describe;
real('with S3_ENDPOINT, S3_BUCKET and AWS_ACCESS_KEY_ID set', () => {
  itKeepsTheBlobContract('the S3 blob store on a real endpoint', async () => {
    const store = openS3BlobStore({
      bucket: process.env['S3_BUCKET'] ?? 'docket-test',
      region: process.env['S3_REGION'] ?? 'us-east-1',
      ...(endpoint === undefined ? {} : { endpoint }),
      forcePathStyle: process.env['S3_FORCE_PATH_STYLE'] !== 'false',
      serverSideEncryption: 'none',
      timeoutMs: 10_000,
      log,
    });
    // Nothing else in the bucket is touched: only what this suite wrote, now or in a run that was cut off.
    const written = new Set<string>();
    const put: BlobStore['put'] = (key, ...rest) => {
      written.add(key);
      return store.put(key, ...rest);
    };
    const discard = async (): Promise<void> => {
      for await (const { key } of store.list('results/00000000-0000-5000-8000-')) await store.remove(key);
      for (const key of written) await store.remove(key).catch(() => undefined);
    };
    await discard();
    return { store: { ...store, put }, discard };
  });
});

describe('the S3 blob store', () => {
  let double: S3Double;
  let store: BlobStore;
  let impatient: BlobStore;
  beforeAll(async () => {
    double = await startS3Double();
    store = openS3BlobStore(optionsOf(double));
    impatient = openS3BlobStore(optionsOf(double, { timeoutMs: 400 }));
  });
  beforeEach(() => {
    double.clearPlan();
    (double.seen as unknown[]).length = 0;
  });
  afterAll(() => double.close());

  const put = (key: string, bytes: Buffer): ReturnType<BlobStore['put']> =>
    store.put(key, Readable.from(sliced(bytes, 100_000)), roomy);
  const plan = (
    operation: PlannedFault['operation'] & string,
    fault: PlannedFault['fault'],
    times = 1,
  ): void => double.plan({ operation, fault, times });
  const operations = (): string[] => double.seen.map((request) => request.operation);

  it('sends a document longer than a part as parts, with the CRC-32 of each and of the whole', async () => {
    const key = newSourceKey();
    const bytes = randomBytes(20_000_000);
    expect(await put(key, bytes)).toEqual({ bytes: bytes.length, sha256: sha256Of(bytes) });
    expect(operations()).toEqual([
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPart',
      'UploadPart',
      'CompleteMultipartUpload',
    ]);
    expect(double.seen.at(-1)?.headers['if-none-match']).toBe('*');
    expect(double.stored.objects.get(key)?.checksum?.name).toBe('crc32');
    const opened = await store.open(key);
    expect(sha256Of(await buffer(opened.stream))).toBe(sha256Of(bytes));
  });

  it('sends a short document in one request that carries its SHA-256', async () => {
    const key = newSourceKey();
    const bytes = randomBytes(5000);
    await put(key, bytes);
    expect(operations()).toEqual(['PutObject']);
    const { headers } = double.seen[0]!;
    expect(headers['x-amz-checksum-sha256']).toBe(createHash('sha256').update(bytes).digest('base64'));
    expect(headers['if-none-match']).toBe('*');
  });

  it('asks for encryption at rest when it is set, and not otherwise', async () => {
    const encrypted = openS3BlobStore(optionsOf(double, { serverSideEncryption: 'aws:kms' }));
    const one = newSourceKey();
    const many = newSourceKey();
    const plain = newSourceKey();
    await encrypted.put(one, Readable.from([Buffer.from('x')]), roomy);
    await encrypted.put(many, Readable.from([randomBytes(9_000_000)]), roomy);
    await put(plain, Buffer.from('x'));
    const kept = (key: string) => double.stored.objects.get(key)?.kept['x-amz-server-side-encryption'];
    expect([kept(one), kept(many), kept(plain)]).toEqual(['aws:kms', 'aws:kms', undefined]);
  });

  it('verifies before the upload is completed, and takes the parts back when that fails', async () => {
    const key = newSourceKey();
    const refusal = Object.assign(new Error('no'), { code: 'REFUSED_BY_TEST' });
    let open = 0;
    const verify = (): never => {
      open = double.stored.uploads.size;
      throw refusal;
    };
    const source = Readable.from([randomBytes(9_000_000)]);
    await expect(store.put(key, source, { ...roomy, verify })).rejects.toBe(refusal);
    expect(open).toBe(1);
    expect(operations()).toEqual(['CreateMultipartUpload', 'UploadPart', 'AbortMultipartUpload']);
    expect(double.stored.uploads.size).toBe(0);
  });

  it('takes the parts back when it is aborted in the middle of a part', async () => {
    const stop = new AbortController();
    const source = new PassThrough();
    plan('UploadPart', { kind: 'silence' });
    const putting = store.put(newSourceKey(), source, { ...roomy, signal: stop.signal });
    const stopped = expect(putting).rejects.toThrow('stopped');
    source.write(randomBytes(9_000_000));
    while (!operations().includes('UploadPart')) await sleep(5);
    stop.abort(new Error('stopped'));
    await stopped;
    expect(double.stored.uploads.size).toBe(0);
    source.destroy();
  });

  it('takes the upload back when it is aborted while the answer to its beginning is on the way', async () => {
    const stop = new AbortController();
    const source = new PassThrough();
    plan('CreateMultipartUpload', { kind: 'late-reply', ms: 200 });
    const putting = store.put(newSourceKey(), source, { ...roomy, signal: stop.signal });
    const stopped = expect(putting).rejects.toThrow('stopped');
    source.write(randomBytes(9_000_000));
    while (double.stored.uploads.size === 0) await sleep(5);
    stop.abort(new Error('stopped'));
    await stopped;
    expect(operations()).toEqual(['CreateMultipartUpload', 'AbortMultipartUpload']);
    expect(double.stored.uploads.size).toBe(0);
    source.destroy();
  });

  it.each(['InternalError', 'SlowDown', 'ServiceUnavailable'] as const)(
    'gets over one %s without its caller noticing, for every request of an upload [D33]',
    async (code) => {
      const operations = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'] as const;
      for (const operation of operations) plan(operation, { kind: 'refuse', code });
      const key = newSourceKey();
      const bytes = randomBytes(9_000_000);
      await put(key, bytes);
      expect(double.stored.objects.get(key)?.bytes.equals(bytes)).toBe(true);
    },
  );

  it('gives up after three tries with an error that says try later, and leaves nothing [D33]', async () => {
    plan('UploadPart', { kind: 'refuse', code: 'SlowDown' }, 100);
    const key = newSourceKey();
    await expect(put(key, randomBytes(9_000_000))).rejects.toMatchObject({
      code: 'BLOB_STORE_UNAVAILABLE',
      retryable: true,
    });
    expect(operations().filter((operation) => operation === 'UploadPart')).toHaveLength(3);
    expect([double.stored.objects.has(key), double.stored.uploads.size]).toEqual([false, 0]);
  });

  it('waits for a silent store no longer than its limit for each of three tries [D33]', async () => {
    plan('HeadObject', { kind: 'silence' }, 3);
    const startedAt = performance.now();
    await expect(impatient.stat(newSourceKey())).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it.each([
    ['PutObject', 5_000],
    ['CompleteMultipartUpload', 9_000_000],
  ] as const)('recognises its own blob when the answer to %s was lost [D33]', async (operation, bytes) => {
    plan(operation, { kind: 'lost-reply' });
    const key = newSourceKey();
    const content = randomBytes(bytes);
    expect((await put(key, content)).bytes).toBe(bytes);
    expect(double.stored.objects.get(key)?.bytes.equals(content)).toBe(true);
    expect(double.stored.uploads.size).toBe(0);
    await expect(put(key, content)).rejects.toMatchObject({ code: 'BLOB_EXISTS' });
  });

  it('catches wrong bytes of a short and of a long blob while they are read [D33]', async () => {
    for (const length of [5_000, 9_000_000]) {
      const key = newSourceKey();
      await put(key, randomBytes(length));
      plan('GetObject', { kind: 'wrong-bytes' });
      const opened = await store.open(key);
      await expect(buffer(opened.stream)).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    }
  });

  it.each(['partial-read', 'stalled-read'] as const)('breaks the stream of a %s [D33]', async (kind) => {
    const key = newSourceKey();
    await put(key, randomBytes(500_000));
    plan('GetObject', { kind, bytes: 70_000 });
    const opened = await impatient.open(key);
    expect(opened.bytes).toBe(500_000);
    await expect(buffer(opened.stream)).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  });

  it('never takes a slow reader for a silent store', async () => {
    const key = newSourceKey();
    const bytes = randomBytes(3_000_000);
    await put(key, bytes);
    const { stream } = await impatient.open(key);
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (chunks.length === 1) await sleep(900);
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it('lets go of a blob that is not read to its end', async () => {
    const key = newSourceKey();
    await put(key, randomBytes(9_000_000));
    const { stream } = await store.open(key);
    await new Promise((resolve) => stream.once('readable', resolve));
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.errored).toBe(null);
    expect((await store.stat(key)).bytes).toBe(9_000_000);
  });

  it('says that there is no room when the store says so [D26]', async () => {
    plan('PutObject', { kind: 'refuse', code: 'QuotaExceeded' }, 3);
    await expect(put(newSourceKey(), Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  });

  it('says unavailable, not missing, when the bucket is gone or its credentials are wrong', async () => {
    const gone = { code: 'BLOB_STORE_UNAVAILABLE', retryable: true };
    const credentials = { accessKeyId: double.credentials.accessKeyId, secretAccessKey: 'wrong' };
    for (const changes of [{ bucket: 'elsewhere' }, { credentials }]) {
      const broken = openS3BlobStore(optionsOf(double, changes));
      await expect(broken.stat('sources/a')).rejects.toMatchObject(gone);
      await expect(broken.open('sources/a')).rejects.toMatchObject(gone);
      await expect(broken.put('sources/a', Readable.from(['x']), roomy)).rejects.toMatchObject(gone);
    }
  });

  it('lists more objects than fit one page, and sweeps only old uploads that are its own', async () => {
    for (let index = 0; index < 1_005; index += 1) {
      const checksum = null;
      double.stored.put(
        `results/many/${index}`,
        { bytes: Buffer.from('x'), checksum },
        { kept: {}, createOnly: false },
      );
    }
    let listed = 0;
    for await (const { bytes } of store.list('results/many/')) listed += bytes;
    expect(listed).toBe(1_005);
    double.stored.begin('sources/crashed.pdf', {}, 'crc32');
    double.stored.begin('backup/other.tar', {}, null);
    expect(await store.sweepPartials(3_600_000)).toBe(0);
    expect(await store.sweepPartials(-1_000)).toBe(1);
    expect([...double.stored.uploads.values()].map(({ key }) => key)).toEqual(['backup/other.tar']);
  });
});

function* sliced(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
