import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { FILE_WAIT_MS_MAX, refuseLongWaiting } from './waiting-files.ts';

it('a file that waited so long that retention may take it for an orphan never becomes a job [I7]', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'docket-waiting-files-'));
  try {
    const blobs = await openFilesystemBlobStore({ directory });
    const store = async (key: string, storedAtMs: number) => {
      const written = await blobs.put(key, Readable.from([Buffer.from('x')]), { maxBytes: 1 });
      return { filename: key, stored: { key, ...written, storedAtMs } };
    };
    const files = [await store('sources/old.pdf', 0), await store('sources/new.pdf', 2)];
    const [old, young] = await refuseLongWaiting(blobs, files, FILE_WAIT_MS_MAX + 1);
    expect(old).toMatchObject({ refused: { code: 'BAD_REQUEST', bytes: 1 } });
    expect(young).toEqual(files[1]);
    await expect(blobs.stat('sources/old.pdf')).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    expect((await blobs.stat('sources/new.pdf')).bytes).toBe(1);
  } finally {
    await rm(directory, { recursive: true });
  }
});
