import { Readable } from 'node:stream';
import type { OpenedBlob } from './blob-store.ts';
import { BlobMissing, BlobStoreUnavailable } from './errors.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { s3Fault, saysAbsent } from './s3-faults.ts';

/**
 * Opens an object. The client compares the bytes with the object's checksum; bytes that differ, are missing or stop
 * coming break the stream with `BlobStoreUnavailable`.
 * @throws BlobMissing, BlobStoreUnavailable
 */
export async function openObject(bucket: S3Bucket, key: string): Promise<OpenedBlob> {
  try {
    const found = await bucket.s3.getObject({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' });
    const bytes = found.ContentLength;
    if (!(found.Body instanceof Readable) || bytes === undefined)
      throw new BlobStoreUnavailable('S3 answered without a body');
    const body = found.Body;
    const stream = Readable.from(wholeBody(body, bytes, bucket.timeoutMs), { objectMode: false });
    // The generator may be waiting for a chunk; the connection must not outlive the reader.
    stream.once('close', () => body.destroy());
    return { stream, bytes };
  } catch (error) {
    if (error instanceof BlobStoreUnavailable) throw error;
    throw saysAbsent(error) ? new BlobMissing(key, { cause: error }) : s3Fault(error);
  }
}

/** Passes the body on. The wait for a chunk is bounded here, since only here a slow reader is no fault of the store. */
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
