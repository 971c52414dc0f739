import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { itKeepsTheBlobContract } from '../tests/rooms/blob-store/contract.ts';
import { openFilesystemBlobStore } from './filesystem.ts';

const roomy = { maxBytes: 1_000_000 };

itKeepsTheBlobContract('the filesystem blob store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'docket-blobs-'));
  const store = await openFilesystemBlobStore({ directory });
  return { store, discard: () => rm(directory, { recursive: true }) };
});

describe('a folder of blobs', () => {
  let base: string;
  let directory: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'docket-blobs-'));
    directory = join(base, 'blobs');
  });
  afterEach(() => rm(base, { recursive: true }));

  it('keeps its blobs when it is opened again', async () => {
    const before = await openFilesystemBlobStore({ directory });
    await before.put('sources/a.pdf', Readable.from([Buffer.from('abc')]), roomy);
    const after = await openFilesystemBlobStore({ directory });
    expect((await after.stat('sources/a.pdf')).bytes).toBe(3);
  });

  it('frees the memory of chunks that are given up, and of no others', async () => {
    const store = await openFilesystemBlobStore({ directory });
    const whole = new Uint8Array(200_000);
    const chunks = [
      Buffer.from(new ArrayBuffer(100_000)),
      Buffer.from(whole.buffer, 0, 100_000),
      Buffer.from(whole.buffer, 100_000),
    ];
    const lengths = (): number[] => chunks.map(({ length }) => length);
    await store.put('sources/kept.pdf', Readable.from(chunks), roomy);
    expect(lengths()).toEqual([100_000, 100_000, 100_000]);
    const options = { ...roomy, chunksAreGivenUp: true };
    expect(await store.put('sources/given.pdf', Readable.from(chunks), options)).toMatchObject({
      bytes: 300_000,
    });
    expect(lengths()).toEqual([0, 100_000, 100_000]);
  });

  it('refuses a folder that holds something else', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'letter.txt'), 'mine');
    await expect(openFilesystemBlobStore({ directory })).rejects.toMatchObject({
      code: 'BLOB_STORE_UNAVAILABLE',
    });
  });

  it('says unavailable, not missing, when its volume is gone, and works again when it is back', async () => {
    const store = await openFilesystemBlobStore({ directory });
    await store.put('sources/a.pdf', Readable.from([Buffer.from('abc')]), roomy);
    await rename(directory, join(base, 'elsewhere'));
    await mkdir(directory);
    const gone = { code: 'BLOB_STORE_UNAVAILABLE', retryable: true };
    await expect(store.open('sources/a.pdf')).rejects.toMatchObject(gone);
    await expect(store.stat('sources/a.pdf')).rejects.toMatchObject(gone);
    await expect(store.remove('sources/a.pdf')).rejects.toMatchObject(gone);
    const put = store.put('sources/b.pdf', Readable.from([Buffer.from('abc')]), roomy);
    await expect(put).rejects.toMatchObject(gone);
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
    await rename(join(base, 'elsewhere'), directory);
    expect((await store.stat('sources/a.pdf')).bytes).toBe(3);
  });

  it('makes no folder where its volume was when it goes in the middle of a put [D27]', async () => {
    const store = await openFilesystemBlobStore({ directory });
    const source = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('abc');
      await rename(directory, join(base, 'elsewhere'));
      await mkdir(directory);
    };
    const put = store.put('results/a/1', Readable.from(source()), roomy);
    await expect(put).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('lists what stays while other blobs, and the folders they were alone in, are removed', async () => {
    const store = await openFilesystemBlobStore({ directory });
    for (const job of ['a', 'b', 'c'])
      await store.put(`results/${job}/1`, Readable.from([Buffer.from('abc')]), roomy);
    const listed: string[] = [];
    for await (const { key } of store.list('results/')) {
      listed.push(key);
      for (const job of ['a', 'b', 'c'])
        if (key !== `results/${job}/1`) await store.remove(`results/${job}/1`);
    }
    expect(listed).toHaveLength(1);
  });

  it('notices another volume in its place', async () => {
    const store = await openFilesystemBlobStore({ directory });
    await rename(directory, join(base, 'elsewhere'));
    await openFilesystemBlobStore({ directory });
    const put = store.put('sources/b.pdf', Readable.from([Buffer.from('abc')]), roomy);
    await expect(put).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  });

  it('follows no symbolic link, neither as the blob nor as its folder [R01.06]', async () => {
    const store = await openFilesystemBlobStore({ directory });
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(join(directory, 'sources'));
    await symlink(join(outside, 'secret'), join(directory, 'sources', 'a.pdf'));
    await symlink(outside, join(directory, 'results'));
    await expect(store.open('sources/a.pdf')).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    await expect(store.stat('sources/a.pdf')).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    const overLink = store.put('sources/a.pdf', Readable.from([Buffer.from('x')]), roomy);
    await expect(overLink).rejects.toMatchObject({ code: 'BLOB_EXISTS' });
    await expect(store.open('results/secret')).rejects.toMatchObject({ code: 'BLOB_KEY_REFUSED' });
    const through = store.put('results/new', Readable.from([Buffer.from('x')]), roomy);
    await expect(through).rejects.toMatchObject({ code: 'BLOB_KEY_REFUSED' });
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('does not wait for the writer of a FIFO in place of a blob, however many ask', async () => {
    const store = await openFilesystemBlobStore({ directory });
    await store.put('sources/good.pdf', Readable.from([Buffer.from('abc')]), roomy);
    execFileSync('mkfifo', [join(directory, 'sources', 'a.pdf')]);
    // More than libuv has threads: with each of them waiting, nothing of the disk would answer any more.
    const asked = Array.from({ length: 8 }, () => store.open('sources/a.pdf'));
    const answers = await Promise.allSettled(asked);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'BLOB_MISSING' } });
    await expect(store.stat('sources/a.pdf')).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    expect((await store.stat('sources/good.pdf')).bytes).toBe(3);
  });

  it('says unavailable, and does not wait, when a FIFO stands in place of its own mark', async () => {
    const store = await openFilesystemBlobStore({ directory });
    await rm(join(directory, '.docket-root'));
    execFileSync('mkfifo', [join(directory, '.docket-root')]);
    await expect(store.open('sources/none.pdf')).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  });

  it('sweeps the partial files of a crash once they are old enough, and no younger ones', async () => {
    const store = await openFilesystemBlobStore({ directory });
    const [old, young] = ['old', 'young'].map((name) => join(directory, '.partial', name));
    await writeFile(old!, 'half');
    await writeFile(young!, 'half');
    await utimes(old!, new Date(0), new Date(0));
    expect(await store.sweepPartials(60_000)).toBe(1);
    expect(await readdir(join(directory, '.partial'))).toEqual(['young']);
  });

  it('survives blobs of one job being written and removed at the same time', async () => {
    const store = await openFilesystemBlobStore({ directory });
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const key = `results/job/${index}`;
        await store.put(key, Readable.from([Buffer.from('x')]), roomy);
        await store.remove(key);
      }),
    );
    expect(await readdir(join(directory, 'results'))).toEqual([]);
  });
});
