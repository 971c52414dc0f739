import { S3 } from '@aws-sdk/client-s3';
import type { Log } from '../runtime/log.ts';
import { BlobStoreUnavailable } from './blob-errors.ts';
import { s3Fault, saysAbsent } from './s3-faults.ts';

/** Tries of one request, the first included; the client waits between them with jitter. */
const TRIES_MAX = 3;

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Address of an S3-compatible store; AWS when it is left out. */
  readonly endpoint?: string;
  /** The bucket is in the path and not in the host name. */
  readonly forcePathStyle: boolean;
  readonly serverSideEncryption: 'none' | 'AES256' | 'aws:kms';
  /** Longest wait for one answer, the sending of one part (8 MiB) included. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** Unset: the client looks for credentials itself (environment, shared files, instance role). */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** A bucket and what every request to it has in common. */
export interface S3Bucket {
  readonly s3: S3;
  readonly name: string;
  readonly timeoutMs: number;
  readonly log: Log;
  /** Goes into every request that makes an object. */
  readonly encryption: { readonly ServerSideEncryption?: 'AES256' | 'aws:kms' };
  /**
   * Asks the store, with its errors named.
   * @throws BlobStoreUnavailable, StorageFull, or the signal's reason
   */
  ask<Answer>(question: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer>;
  /** The store's time, ms since the epoch. @throws BlobStoreUnavailable */
  now(): Promise<number>;
  /** The object's facts, or null when there is none; a bucket that is gone is not a missing object. */
  head(key: string): Promise<ObjectFacts | null>;
}

export interface ObjectFacts {
  readonly bytes: number;
  readonly modifiedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Makes the client; nothing is asked of the store yet. */
export function s3Bucket(options: S3Options): S3Bucket {
  const { bucket: name, region, endpoint, forcePathStyle, serverSideEncryption, timeoutMs, log } = options;
  const s3 = new S3({
    region,
    forcePathStyle,
    maxAttempts: TRIES_MAX,
    requestHandler: {
      // The client's own agents know of no proxy.
      httpAgent: { proxyEnv: process.env },
      httpsAgent: { proxyEnv: process.env },
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      // Without it the client only warns and waits on.
      throwOnRequestTimeout: true,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  const encryption = serverSideEncryption === 'none' ? {} : { ServerSideEncryption: serverSideEncryption };
  const now = async (): Promise<number> => {
    await ask(() => s3.headBucket({ Bucket: name }));
    // The client keeps it from the `Date` of the answer, once the two clocks are minutes apart.
    return Date.now() + s3.config.systemClockOffset;
  };
  return { s3, name, timeoutMs, log, encryption, ask, now, head: (key) => head(s3, name, key) };
}

async function ask<Answer>(question: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Fault(error);
  }
}

async function head(s3: S3, bucket: string, key: string): Promise<ObjectFacts | null> {
  try {
    const found = await s3.headObject({ Bucket: bucket, Key: key });
    return {
      bytes: found.ContentLength ?? 0,
      modifiedAt: found.LastModified ?? new Date(0),
      metadata: found.Metadata ?? {},
    };
  } catch (error) {
    if (!saysAbsent(error)) throw s3Fault(error);
  }
  await s3.headBucket({ Bucket: bucket }).catch((error: unknown) => {
    throw saysAbsent(error)
      ? new BlobStoreUnavailable(`there is no bucket ${bucket}`, { cause: error })
      : s3Fault(error);
  });
  return null;
}
