import { S3 } from '@aws-sdk/client-s3';
import type { Log } from '../runtime/log/log.ts';
import { BlobStoreUnavailable } from './blob-errors.ts';
import { s3Fault, saysAbsent } from './s3-faults.ts';

/** Tries of one request, the first included. The client waits between them with jitter. */
const TRIES_MAX = 3;

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Address of an S3-compatible store; AWS when absent. */
  readonly endpoint?: string;
  /** True when addresses have the bucket in the path and not in the host name. */
  readonly forcePathStyle: boolean;
  readonly serverSideEncryption: 'none' | 'AES256' | 'aws:kms';
  /** Longest wait for one answer, including the time to send one part (8 MiB). */
  readonly timeoutMs: number;
  readonly log: Log;
  /**
   * Without these credentials, the client looks for credentials itself: in the environment, in shared files, in the
   * instance's role.
   */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export interface ObjectFacts {
  readonly bytes: number;
  readonly modifiedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Creates the client without sending a request. */
export function s3Bucket(options: S3Options) {
  const { bucket: name, region, endpoint, forcePathStyle, serverSideEncryption, timeoutMs, log } = options;
  const s3 = new S3({
    region,
    forcePathStyle,
    maxAttempts: TRIES_MAX,
    requestHandler: {
      // The client's default agents do not use a proxy.
      httpAgent: { proxyEnv: process.env },
      httpsAgent: { proxyEnv: process.env },
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      // Without this option, the client only warns and continues to wait.
      throwOnRequestTimeout: true,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  /** Every request that creates an object contains this parameter. It is empty when the store need not encrypt. */
  const encryption = serverSideEncryption === 'none' ? {} : { ServerSideEncryption: serverSideEncryption };
  /**
   * Returns the store's time, in ms since the epoch.
   * @throws BlobStoreUnavailable
   */
  const now = async (): Promise<number> => {
    await ask(() => s3.headBucket({ Bucket: name }));
    // When the clocks differ by minutes, the client computes this offset from the `Date` of an answer.
    return Date.now() + s3.config.systemClockOffset;
  };
  return {
    s3,
    name,
    timeoutMs,
    log,
    encryption,
    /**
     * Runs a request and converts its errors.
     * @throws BlobStoreUnavailable, StorageFull, or the signal's reason
     */
    ask,
    now,
    /** The facts of an object, or null for a missing object. A missing bucket is not a missing object. */
    head: (key: string) => head(s3, name, key),
  };
}

/** A bucket, and the parts that all requests to it share. */
export type S3Bucket = ReturnType<typeof s3Bucket>;

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
