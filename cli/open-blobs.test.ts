import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLog } from '../runtime/log/log.ts';
import { loadSettings } from '../runtime/settings/settings.ts';
import { startS3Double, type S3Double } from '../tests/harness/s3-double/s3-double.ts';
import { openBlobs } from './open-stores.ts';

const log = createLog('test', 'silent');
const roomy = { maxBytes: 1_000 };
const some = (): Readable => Readable.from([Buffer.from('some bytes')]);

describe('the blob store that the settings name', () => {
  let double: S3Double;
  beforeEach(async () => {
    double = await startS3Double();
  });
  afterEach(() => double.close());
  const key = () => ({
    AWS_ACCESS_KEY_ID: double.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: double.credentials.secretAccessKey,
  });
  const s3 = (more: Record<string, string> = {}) =>
    openBlobs(
      loadSettings({
        BLOB_STORE: 's3',
        S3_BUCKET: double.bucket,
        S3_ENDPOINT: double.endpoint,
        S3_REGION: double.region,
        S3_FORCE_PATH_STYLE: 'true',
        ...key(),
        ...more,
      }),
      log,
    );

  it('is S3 with the bucket, endpoint, key, region, path style and encryption of the settings', async () => {
    const blobs = await s3({ S3_SERVER_SIDE_ENCRYPTION: 'AES256' });
    await blobs.put('sources/a.pdf', some(), roomy);
    // The double verifies the signature, which covers the region, and takes no bucket but its own.
    const put = double.seen.find(({ operation }) => operation === 'PutObject');
    expect(put).toMatchObject({ key: 'sources/a.pdf', status: 200 });
    expect(put?.headers['x-amz-server-side-encryption']).toBe('AES256');
  });

  it.each([
    { S3_BUCKET: 'another' },
    { S3_REGION: 'us-west-2' },
    { AWS_SECRET_ACCESS_KEY: 'not-the-secret-of-this-key' },
    { S3_FORCE_PATH_STYLE: 'false', S3_ENDPOINT: 'http://127.0.0.1:9' },
  ])('is not another one: %j', async (wrong) => {
    const blobs = await s3(wrong);
    await expect(blobs.put('sources/a.pdf', some(), roomy)).rejects.toMatchObject({
      code: 'BLOB_STORE_UNAVAILABLE',
    });
  });

  it('is a folder by default, `blobs` in DATA_DIR or BLOB_DIR', async () => {
    const base = await mkdtemp(join(tmpdir(), 'docket-open-blobs-'));
    try {
      for (const [settings, folder] of [
        [{ DATA_DIR: base }, join(base, 'blobs')],
        [{ DATA_DIR: base, BLOB_DIR: join(base, 'other') }, join(base, 'other')],
      ] as const) {
        const blobs = await openBlobs(loadSettings(settings), log);
        await blobs.put('sources/a.pdf', some(), roomy);
        expect(await readdir(join(folder, 'sources'))).toEqual(['a.pdf']);
      }
      expect(double.seen).toEqual([]);
    } finally {
      await rm(base, { recursive: true });
    }
  });
});
