import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BlobListing, BlobStore } from '../../../blob-store/blob-store.ts';
import { newSourceKey, resultKeyOf } from '../../../blob-store/blob-key.ts';
import { sha256Of } from '../../../schemas/sha256.ts';

const roomy = { maxBytes: 8 * 1024 * 1024 };

/** A store to test, and how to throw it away afterwards. */
export interface StoreUnderTest {
  readonly store: BlobStore;
  readonly discard: () => Promise<void>;
}

/** What every blob store promises. Each implementation calls this from its own test file. */
export function itKeepsTheBlobContract(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the blob contract`, () => {
    let started: StoreUnderTest;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.discard());
    const store = (): BlobStore => started.store;

    writing(store);
    failing(store);
    removingAndListing(store);
    ages(store);
    keys(store);
  });
}

function writing(store: () => BlobStore): void {
  it('gives back the bytes, their length and their SHA-256', async () => {
    const key = newSourceKey();
    const bytes = randomBytes(1_500_000);
    const written = await store().put(key, Readable.from(sliced(bytes, 64_000)), roomy);
    expect(written).toEqual({ bytes: bytes.length, sha256: sha256Of(bytes) });
    const opened = await store().open(key);
    expect(opened.bytes).toBe(bytes.length);
    expect(sha256Of(await buffer(opened.stream))).toBe(written.sha256);
    expect((await store().stat(key)).bytes).toBe(bytes.length);
  });

  it('gives back the bytes of chunks that are given up, whether they are parts of one memory or stand alone', async () => {
    const key = newSourceKey();
    const bytes = randomBytes(1_500_000);
    const parts = [...sliced(bytes, 64_000)].map((chunk, index) =>
      index % 2 === 0 ? chunk : Buffer.from(chunk),
    );
    const wanted = sha256Of(bytes);
    const written = await store().put(key, Readable.from(parts), { ...roomy, chunksAreGivenUp: true });
    expect(written).toEqual({ bytes: 1_500_000, sha256: wanted });
    expect(sha256Of(await buffer((await store().open(key)).stream))).toBe(wanted);
  });

  it('takes a stream of exactly the limit and an empty one', async () => {
    const exact = await store().put(newSourceKey(), Readable.from([Buffer.alloc(1000)]), { maxBytes: 1000 });
    expect(exact.bytes).toBe(1000);
    const empty = await store().put(newSourceKey(), Readable.from([]), { maxBytes: 1000 });
    expect(empty).toEqual({ bytes: 0, sha256: sha256Of(Buffer.alloc(0)) });
  });

  it('shows nothing before the stream has ended and been verified', async () => {
    const key = newSourceKey();
    const source = new PassThrough();
    let seenWhileVerifying: unknown = 'not asked';
    const put = store().put(key, source, {
      ...roomy,
      verify: async () => {
        seenWhileVerifying = await store().stat(key).catch(codeOf);
      },
    });
    source.write(randomBytes(600_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await store().stat(key).catch(codeOf)).toBe('BLOB_MISSING');
    expect(await keysUnder(store(), 'sources/')).not.toContain(key);
    source.end();
    await put;
    expect(seenWhileVerifying).toBe('BLOB_MISSING');
    expect((await store().stat(key)).bytes).toBe(600_000);
  });

  it('never overwrites: of many writers of one key exactly one succeeds, and its bytes stay', async () => {
    const key = resultKeyOf('00000000-0000-5000-8000-000000000001', '7', null);
    const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(50_000, index));
    const puts = bodies.map((body) => store().put(key, Readable.from([body]), roomy));
    const outcomes = await Promise.allSettled(puts);
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const losers = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [codeOf(outcome.reason)] : [],
    );
    expect(winners).toHaveLength(1);
    expect(losers).toEqual(Array.from({ length: 7 }, () => 'BLOB_EXISTS'));
    const kept = await buffer((await store().open(key)).stream);
    expect(sha256Of(kept)).toBe(winners[0]?.sha256);
  });
}

function failing(store: () => BlobStore): void {
  const leavesNothing = async (put: (key: string) => Promise<unknown>, code: string): Promise<void> => {
    const key = newSourceKey();
    expect(await put(key).catch(codeOf)).toBe(code);
    expect(await store().stat(key).catch(codeOf)).toBe('BLOB_MISSING');
    expect(await store().open(key).catch(codeOf)).toBe('BLOB_MISSING');
    expect(await store().sweepPartials(-1_000)).toBe(0);
  };

  it('leaves nothing of a stream that is one byte too long, and leaves the source to its owner', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(1001));
    await leavesNothing((key) => store().put(key, source, { maxBytes: 1000 }), 'BLOB_TOO_LARGE');
    expect(source.destroyed).toBe(false);
    source.destroy();
  });

  it('leaves nothing when inspection refuses a chunk', async () => {
    const inspect = (): void => {
      throw coded('REFUSED_BY_TEST');
    };
    await leavesNothing(
      (key) => store().put(key, Readable.from([randomBytes(10)]), { ...roomy, inspect }),
      'REFUSED_BY_TEST',
    );
  });

  it('leaves nothing when verification refuses the whole', async () => {
    const verify = (): never => {
      throw coded('REFUSED_BY_TEST');
    };
    await leavesNothing(
      (key) => store().put(key, Readable.from(sliced(randomBytes(400_000), 1000)), { ...roomy, verify }),
      'REFUSED_BY_TEST',
    );
  });

  it('leaves nothing when the source breaks, and says what the source said', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield randomBytes(300_000);
      await Promise.resolve();
      throw coded('ECONNRESET');
    };
    await leavesNothing((key) => store().put(key, Readable.from(broken()), roomy), 'ECONNRESET');
  });

  it('leaves nothing when the source is destroyed before its end', async () => {
    const source = new PassThrough();
    source.write(randomBytes(1000));
    setTimeout(() => source.destroy(), 10);
    const key = newSourceKey();
    await expect(store().put(key, source, roomy)).rejects.toThrow('ended before its last byte');
    expect(await store().stat(key).catch(codeOf)).toBe('BLOB_MISSING');
  });

  it('ends a put at once when it is aborted, even while the source says nothing', async () => {
    const stop = new AbortController();
    const source = new PassThrough();
    setTimeout(() => stop.abort(coded('STOPPED')), 10);
    await leavesNothing((key) => store().put(key, source, { ...roomy, signal: stop.signal }), 'STOPPED');
    source.destroy();
  });
}

function removingAndListing(store: () => BlobStore): void {
  it('removes once and again, and a removed blob is missing', async () => {
    const key = resultKeyOf('00000000-0000-5000-8000-000000000002', '3', null);
    await store().put(key, Readable.from([Buffer.from('x')]), roomy);
    await store().remove(key);
    await store().remove(key);
    expect(await store().open(key).catch(codeOf)).toBe('BLOB_MISSING');
    expect(await store().stat(key).catch(codeOf)).toBe('BLOB_MISSING');
  });

  it('lists by prefix, with lengths and times', async () => {
    const job = '00000000-0000-5000-8000-000000000003';
    const wanted = [resultKeyOf(job, '1', null), resultKeyOf(job, '2', null)];
    for (const key of wanted) await store().put(key, Readable.from([Buffer.from(key)]), roomy);
    await store().put(newSourceKey(), Readable.from([Buffer.from('other')]), roomy);
    const found: BlobListing[] = [];
    for await (const listing of store().list(`results/${job}/`)) found.push(listing);
    expect(found.map(({ key }) => key).sort()).toEqual(wanted);
    for (const { key, bytes, modifiedAt } of found) {
      expect(bytes).toBe(key.length);
      expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(60_000);
    }
    expect(await keysUnder(store(), 'results/none/')).toEqual([]);
  });

  it('says how full it is in percent, or that it has no such limit', async () => {
    const used = await store().usedPercent();
    if (used === null) return;
    expect(used).toBeGreaterThanOrEqual(0);
    expect(used).toBeLessThanOrEqual(100);
    expect(await store().freeBytes()).toBeGreaterThanOrEqual(0);
  });
}

function ages(store: () => BlobStore): void {
  it('tells the age of a blob by one clock, its own', async () => {
    const key = newSourceKey();
    const before = await store().now();
    await store().put(key, Readable.from([randomBytes(10)]), roomy);
    const storedAt = (await store().stat(key)).modifiedAt.getTime();
    // S3 tells whole seconds.
    expect(storedAt).toBeGreaterThan(before - 1_500);
    expect(await store().now()).toBeGreaterThan(storedAt - 1_500);
    expect(storedAt).toBeLessThan((await store().now()) + 1_500);
  });
}

function keys(store: () => BlobStore): void {
  const refused = ['', '/abs', '../up', 'a/../b', 'a/..b', '.hidden/x', 'a//b', 'A', 'a b', 'a\0', 'ä', 'a/'];
  it.each(refused)('refuses %j as a key, whatever is done with it [R01.06]', async (key) => {
    const put = store().put(key, Readable.from([Buffer.from('x')]), roomy);
    expect(await put.catch(codeOf)).toBe('BLOB_KEY_REFUSED');
    expect(await store().open(key).catch(codeOf)).toBe('BLOB_KEY_REFUSED');
    expect(await store().stat(key).catch(codeOf)).toBe('BLOB_KEY_REFUSED');
    expect(await store().remove(key).catch(codeOf)).toBe('BLOB_KEY_REFUSED');
  });
}

async function keysUnder(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

function* sliced(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
