import { Readable } from 'node:stream';
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { assertBlobKey, RESULTS_PREFIX, SOURCES_PREFIX } from './blob-key.ts';
import type { BlobListing, BlobStore, PutOptions, Written, OpenedBlob } from './blob-store.ts';
import { BlobMissing, BlobStoreUnavailable } from './blob-errors.ts';
import { readHashed } from './hashed-stream.ts';
import { s3Bucket, type S3Bucket, type S3Options } from './s3-bucket.ts';
import { isS3Answer, s3Fault, saysAbsent } from './s3-faults.ts';
import { s3Upload } from './s3-upload.ts';

export type { S3Options } from './s3-bucket.ts';

/**
 * Stores blobs as objects of one bucket of S3, or of a compatible store with conditional writes and full-object
 * checksums. No request is sent before the first use.
 */
export function openS3BlobStore(options: S3Options): BlobStore {
  const bucket = s3Bucket(options);
  return {
    put: (key, source, putOptions) => put(bucket, key, source, putOptions),
    open: async (key) => {
      assertBlobKey(key);
      return openObject(bucket, key);
    },
    stat: (key) => stat(bucket, key),
    remove: async (key) => {
      assertBlobKey(key);
      await bucket.ask(() => bucket.s3.deleteObject({ Bucket: bucket.name, Key: key }));
    },
    list: (prefix) => list(bucket, prefix),
    sweepPartials: (olderThanMs) => sweepPartials(bucket, olderThanMs),
    now: () => bucket.now(),
    usedPercent: () => Promise.resolve(null),
    freeBytes: () => Promise.resolve(null),
  };
}

async function put(bucket: S3Bucket, key: string, source: Readable, options: PutOptions): Promise<Written> {
  assertBlobKey(key);
  options.signal?.throwIfAborted();
  const upload = s3Upload(bucket, key, options.signal);
  try {
    const written = await readHashed(source, (batch) => upload.write(batch), options);
    await options.verify?.(written);
    options.signal?.throwIfAborted();
    await upload.publish(written);
    return written;
  } catch (error) {
    await upload.discard();
    throw error;
  }
}

async function stat(bucket: S3Bucket, key: string): Promise<BlobListing> {
  assertBlobKey(key);
  const found = await bucket.head(key);
  if (found === null) throw new BlobMissing(key);
  return { key, bytes: found.bytes, modifiedAt: found.modifiedAt };
}

async function* list(bucket: S3Bucket, prefix: string): AsyncGenerator<BlobListing> {
  let from: string | undefined;
  do {
    const about = {
      Bucket: bucket.name,
      Prefix: prefix,
      ...(from !== undefined && { ContinuationToken: from }),
    };
    const page = await bucket.ask(() => bucket.s3.listObjectsV2(about));
    for (const { Key: key, Size: bytes, LastModified: modifiedAt } of page.Contents ?? [])
      if (key !== undefined) yield { key, bytes: bytes ?? 0, modifiedAt: modifiedAt ?? new Date(0) };

    from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (from !== undefined);
}

/** Ends Docket's multipart uploads that no put uses any more. The bucket may hold uploads of other programs. */
async function sweepPartials(bucket: S3Bucket, olderThanMs: number): Promise<number> {
  const before = (await bucket.now()) - olderThanMs;
  let swept = 0;
  for (const prefix of [SOURCES_PREFIX, RESULTS_PREFIX])
    for await (const { key, uploadId, begunAt } of uploadsUnder(bucket, prefix)) {
      if (begunAt.getTime() > before) continue;
      if (await ended(bucket, key, uploadId)) swept += 1;
    }

  return swept;
}

/**
 * Ends one upload.
 * @returns false when it had ended already
 */
async function ended(bucket: S3Bucket, key: string, uploadId: string): Promise<boolean> {
  const about = { Bucket: bucket.name, Key: key, UploadId: uploadId };
  return bucket.ask(async () => {
    try {
      await bucket.s3.abortMultipartUpload(about);
      return true;
    } catch (error) {
      if (isS3Answer(error) && error.name === 'NoSuchUpload') return false;
      throw error;
    }
  });
}

async function* uploadsUnder(
  bucket: S3Bucket,
  prefix: string,
): AsyncGenerator<{ key: string; uploadId: string; begunAt: Date }> {
  let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (from !== null) {
    const about = { Bucket: bucket.name, Prefix: prefix, ...from };
    const page: ListMultipartUploadsCommandOutput = await bucket.ask(() =>
      bucket.s3.listMultipartUploads(about),
    );
    for (const { Key: key, UploadId: uploadId, Initiated: begunAt } of page.Uploads ?? [])
      if (key !== undefined && uploadId !== undefined && begunAt) yield { key, uploadId, begunAt };

    const { NextKeyMarker: key, NextUploadIdMarker: uploadId } = page;
    const more = page.IsTruncated === true && key !== undefined;
    from = more ? { KeyMarker: key, ...(uploadId !== undefined && { UploadIdMarker: uploadId }) } : null;
  }
}

/**
 * Opens an object. The client compares the bytes with the object's checksum. Wrong or missing bytes, or a stop, end the
 * stream with `BlobStoreUnavailable`.
 * @throws BlobMissing, BlobStoreUnavailable
 */
async function openObject(bucket: S3Bucket, key: string): Promise<OpenedBlob> {
  try {
    const found = await bucket.s3.getObject({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' });
    const bytes = found.ContentLength;
    if (!(found.Body instanceof Readable) || bytes === undefined)
      throw new BlobStoreUnavailable('S3 answered without a body');
    const body = found.Body;
    const stream = Readable.from(wholeBody(body, bytes, bucket.timeoutMs), { objectMode: false });
    // The generator may be waiting for a chunk, and the connection must end with the reader.
    stream.once('close', () => body.destroy());
    return { stream, bytes };
  } catch (error) {
    if (error instanceof BlobStoreUnavailable) throw error;
    throw saysAbsent(error) ? new BlobMissing(key, { cause: error }) : s3Fault(error);
  }
}

/**
 * Passes the body on. This function limits the wait for a chunk, because only this function can distinguish a slow
 * store from a slow reader.
 */
async function* wholeBody(body: Readable, bytes: number, timeoutMs: number): AsyncGenerator<Buffer> {
  let seen = 0;
  const silent = (): void => {
    body.destroy(new Error(`S3 sent nothing for ${timeoutMs} ms`));
  };
  let timer = setTimeout(silent, timeoutMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      seen += chunk.length;
      yield chunk;
      timer = setTimeout(silent, timeoutMs);
    }
    if (seen !== bytes) throw new Error(`S3 sent ${seen} of ${bytes} bytes`);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : 'the body broke off';
    throw new BlobStoreUnavailable(why, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
