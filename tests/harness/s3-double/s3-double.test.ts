import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3, type S3ClientConfig } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3Double, type S3Double } from './s3-double.ts';

describe('the S3 double', () => {
  let double: S3Double;
  let s3: S3;
  beforeAll(async () => {
    double = await startS3Double();
    s3 = client({});
  });
  afterAll(() => double.close());

  const client = (changes: S3ClientConfig): S3 =>
    new S3({
      region: double.region,
      endpoint: double.endpoint,
      credentials: double.credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...changes,
    });
  const at = (Key: string) => ({ Bucket: double.bucket, Key });
  const refused = async (asking: Promise<unknown>): Promise<string> =>
    asking.then(
      () => 'accepted',
      (error: unknown) => (error as Error).name,
    );

  it('takes a streamed body out of aws-chunked and verifies its trailing checksum', async () => {
    const bytes = randomBytes(300_000);
    const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]);
    await s3.putObject({ ...at('streamed'), Body, ContentLength: bytes.length, ChecksumAlgorithm: 'CRC32' });
    expect(double.seen.at(-1)?.headers['x-amz-trailer']).toBe('x-amz-checksum-crc32');
    expect(double.stored.objects.get('streamed')?.bytes.equals(bytes)).toBe(true);
  });

  it('refuses a signature of another key, of another region and of another time', async () => {
    const credentials = { accessKeyId: double.credentials.accessKeyId, secretAccessKey: 'other' };
    const unknown = { accessKeyId: 'AKIOTHER', secretAccessKey: 'other' };
    const list = (changes: S3ClientConfig): Promise<string> =>
      refused(client(changes).listObjectsV2({ Bucket: double.bucket }));
    expect(await list({ credentials })).toBe('SignatureDoesNotMatch');
    expect(await list({ credentials: unknown })).toBe('InvalidAccessKeyId');
    expect(await list({ region: 'us-east-1' })).toBe('SignatureDoesNotMatch');
    expect(await list({ systemClockOffset: 20 * 60 * 1000 })).toBe('RequestTimeTooSkewed');
    const bare = await fetch(`${double.endpoint}/${double.bucket}/streamed`);
    expect([bare.status, await bare.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  it('refuses bytes that are not those of their checksum', async () => {
    const Body = Buffer.from('these bytes');
    const wrong = { ...at('wrong'), Body };
    expect(
      await refused(s3.putObject({ ...wrong, ChecksumSHA256: randomBytes(32).toString('base64') })),
    ).toBe('BadDigest');
    expect(await refused(s3.putObject({ ...wrong, ChecksumCRC32: randomBytes(4).toString('base64') }))).toBe(
      'BadDigest',
    );
    expect(await refused(s3.putObject({ ...wrong, ChecksumCRC32: 'AA==' }))).toBe('InvalidRequest');
    expect(double.stored.objects.has('wrong')).toBe(false);
  });

  it('creates only, when asked, and takes no other condition', async () => {
    await s3.putObject({ ...at('once'), Body: 'a', IfNoneMatch: '*' });
    expect(await refused(s3.putObject({ ...at('once'), Body: 'b', IfNoneMatch: '*' }))).toBe(
      'PreconditionFailed',
    );
    expect(await refused(s3.putObject({ ...at('other'), Body: 'b', IfNoneMatch: '"etag"' }))).toBe(
      'NotImplemented',
    );
    expect(double.stored.objects.get('once')?.bytes.toString()).toBe('a');
  });

  it('completes an upload of the parts that it has, in order, none but the last too small', async () => {
    const { UploadId } = await s3.createMultipartUpload(at('parts'));
    const send = async (PartNumber: number, length: number) => {
      const { ETag } = await s3.uploadPart({
        ...at('parts'),
        UploadId,
        PartNumber,
        Body: Buffer.alloc(length, PartNumber),
      });
      return { PartNumber, ETag };
    };
    const large = await send(1, 5 * 1024 * 1024);
    const small = await send(2, 1000);
    const last = await send(3, 10);
    const complete = (
      Parts: { PartNumber: number; ETag: string | undefined }[],
      more = {},
    ): Promise<string> =>
      refused(s3.completeMultipartUpload({ ...at('parts'), UploadId, MultipartUpload: { Parts }, ...more }));
    expect(await complete([])).toBe('MalformedXML');
    expect(await complete([small, large])).toBe('InvalidPartOrder');
    expect(await complete([large, { ...last, ETag: '"0"' }])).toBe('InvalidPart');
    expect(await complete([large, small, last])).toBe('EntityTooSmall');
    expect(await complete([large, last], { ChecksumCRC32: 'AAAAAA==' })).toBe('BadDigest');
    expect(double.stored.objects.has('parts')).toBe(false);
    expect(await complete([large, last])).toBe('accepted');
    expect(double.stored.objects.get('parts')?.bytes.length).toBe(5 * 1024 * 1024 + 10);
    expect(await complete([large, last])).toBe('NoSuchUpload');
  });

  it('refuses what it does not have, by name', async () => {
    expect(await refused(s3.getObject(at('missing')))).toBe('NoSuchKey');
    expect(await refused(s3.listObjectsV2({ Bucket: 'elsewhere' }))).toBe('NoSuchBucket');
    expect(await refused(s3.getObjectAcl(at('once')))).toBe('NotImplemented');
    expect(await refused(s3.getObject({ ...at('once'), Range: 'bytes=5-9' }))).toBe('InvalidRange');
    expect(await refused(s3.putObject({ ...at('x'.repeat(1025)), Body: 'a' }))).toBe('KeyTooLongError');
  });
});
