import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Written } from './blob-store.ts';
import { BlobExists, BlobStoreUnavailable } from './blob-errors.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isS3Answer, s3Fault, saysTaken } from './s3-faults.ts';

/**
 * Bytes of every part except the last. S3 requires at least 5 MiB and at most 10,000 parts. Some stores require parts
 * of equal length. A put holds one part in memory.
 */
export const PART_BYTES = 8 * 1024 * 1024;

/**
 * The metadata field that names the put which wrote an object. After a lost answer, a put recognises its own object
 * by it.
 */
const PUT_ID = 'docket-put';

/**
 * Uploads a document. Nothing is visible before `publish`, and nothing is left after `discard`. A document shorter than
 * one part is sent in one request with its SHA-256. A longer document is a multipart upload, with a CRC-32 for each
 * part and for the whole. The store refuses bytes that do not match, and `If-None-Match` refuses an existing key. Parts
 * are buffers instead of streams, because only a buffer can be sent again.
 */
export function s3Upload(bucket: S3Bucket, key: string, signal?: AbortSignal) {
  const at = { Bucket: bucket.name, Key: key };
  const putId = randomUUID();
  const parts: { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string }[] = [];
  let held: Buffer[] = [];
  let heldBytes = 0;
  let crc = 0;
  let uploadId: string | undefined;
  let running: Promise<void> = Promise.resolve();

  const sendPart = async (body: Buffer): Promise<void> => {
    uploadId ??= await beginMultipart(bucket, at, putId);
    signal?.throwIfAborted();
    crc = crc32(body, crc);
    const part = { PartNumber: parts.length + 1, ChecksumCRC32: crcText(crc32(body)) };
    const sent = await bucket.s3.uploadPart(
      { ...at, ...part, UploadId: uploadId, Body: body },
      { ...(signal && { abortSignal: signal }) },
    );
    parts.push({ ...part, ETag: sent.ETag });
  };
  const sendFullParts = async (): Promise<void> => {
    while (heldBytes >= PART_BYTES) {
      const whole = Buffer.concat(held, heldBytes);
      held = [whole.subarray(PART_BYTES)];
      heldBytes -= PART_BYTES;
      await sendPart(whole.subarray(0, PART_BYTES));
    }
  };
  const send = async ({ sha256 }: Written): Promise<void> => {
    const rest = Buffer.concat(held, heldBytes);
    if (uploadId === undefined) {
      const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
      const about = { ...bucket.encryption, Metadata: { [PUT_ID]: putId }, ChecksumSHA256 };
      await bucket.s3.putObject({
        ...at,
        ...about,
        Body: rest,
        ContentLength: rest.length,
        IfNoneMatch: '*',
      });
      return;
    }
    if (rest.length > 0) await sendPart(rest);
    const whole = {
      ChecksumCRC32: crcText(crc),
      ChecksumType: 'FULL_OBJECT' as const,
      MultipartUpload: { Parts: parts },
    };
    await bucket.s3.completeMultipartUpload({ ...at, ...whole, UploadId: uploadId, IfNoneMatch: '*' });
  };

  return {
    write: (batch: readonly Buffer[]) => {
      held.push(...batch);
      for (const chunk of batch) heldBytes += chunk.length;
      return (running = bucket.ask(sendFullParts, signal));
    },
    /**
     * Makes the object visible, unless its key exists.
     * @throws BlobExists, BlobStoreUnavailable, StorageFull
     */
    publish: async (written: Written) => {
      try {
        await send(written);
      } catch (error) {
        // An earlier try whose answer was lost may have written the object. A later try then gets the answer that the
        // key exists.
        const found = await bucket.head(key);
        if (found?.metadata[PUT_ID] === putId) return;
        throw found !== null && saysTaken(error) ? new BlobExists(key, { cause: error }) : s3Fault(error);
      }
    },
    /** Removes the uploaded parts. */
    discard: async () => {
      await Promise.allSettled([running]);
      if (uploadId !== undefined) await abortMultipart(bucket, at, uploadId);
    },
  };
}

/**
 * Begins a multipart upload and returns its id.
 * @throws BlobStoreUnavailable
 */
async function beginMultipart(
  bucket: S3Bucket,
  at: { readonly Bucket: string; readonly Key: string },
  putId: string,
): Promise<string> {
  // The abort of the put does not abort this request. The answer has the id that is needed to remove the upload.
  const begun = await bucket.s3.createMultipartUpload({
    ...at,
    ...bucket.encryption,
    Metadata: { [PUT_ID]: putId },
    ChecksumAlgorithm: 'CRC32',
    ChecksumType: 'FULL_OBJECT',
  });
  if (begun.UploadId === undefined) throw new BlobStoreUnavailable('S3 gave no id to an upload');
  return begun.UploadId;
}

/** Removes the parts of an upload. Logs a failure, because the put fails with its own reason. */
async function abortMultipart(
  bucket: S3Bucket,
  at: { readonly Bucket: string; readonly Key: string },
  uploadId: string,
): Promise<void> {
  try {
    await bucket.s3.abortMultipartUpload({ ...at, UploadId: uploadId });
  } catch (error) {
    if (isS3Answer(error) && error.name === 'NoSuchUpload') return;
    // The parts are invisible, and `sweepPartials` removes them later.
    bucket.log.warn({ err: error, key: at.Key }, 'the parts of a failed upload could not be removed yet');
  }
}

function crcText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
