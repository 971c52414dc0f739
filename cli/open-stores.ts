import { join, resolve } from 'node:path';
import { connectEventLog, type ConnectedEventLog } from '../event-store/connect.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { findConnection } from './connections.ts';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import type { S3Options } from '../blob-store/s3.ts';
import { SettingsRefused } from '../runtime/settings/settings.ts';

/**
 * Longest wait for one answer of S3, including the time to send one part (8 MiB): an upload speed of 2.2 Mbit/s is
 * enough.
 */
const S3_ANSWER_MS_MAX = 30_000;

/**
 * Opens the blob store of the settings. Without S3 credentials in the settings, the AWS client finds them itself:
 * shared files, instance role.
 *
 * @throws BlobStoreUnavailable when the folder is unusable, SettingsRefused
 */
export async function openBlobs(settings: Settings, log: Log): Promise<BlobStore> {
  if (settings.BLOB_STORE === 'filesystem') {
    const directory = settings.BLOB_DIR ?? join(resolve(settings.DATA_DIR), 'blobs');
    return openFilesystemBlobStore({ directory });
  }
  const bucket = settings.S3_BUCKET;
  if (bucket === undefined) throw new SettingsRefused(['S3_BUCKET is required when BLOB_STORE is s3']);
  return openBucket(bucket, settings, log);
}

/** Opens a bucket at the S3 endpoint of the settings. */
export async function openBucket(bucket: string, settings: Settings, log: Log): Promise<BlobStore> {
  // The S3 client is large, so an installation with blobs in a folder does not load it.
  const { openS3BlobStore } = await import('../blob-store/s3.ts');
  return openS3BlobStore({
    bucket,
    region: settings.S3_REGION,
    ...(settings.S3_ENDPOINT === undefined ? {} : { endpoint: settings.S3_ENDPOINT }),
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
    serverSideEncryption: settings.S3_SERVER_SIDE_ENCRYPTION,
    timeoutMs: S3_ANSWER_MS_MAX,
    log,
    ...credentialsOf(settings),
  });
}

function credentialsOf(settings: Settings): Pick<S3Options, 'credentials'> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  const { AWS_SESSION_TOKEN: sessionToken } = settings;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
  };
}

/**
 * Connects to the log that the settings name. If they name none, connects to the log of the Docket that runs on the
 * data folder.
 * @throws PlainFailure when neither names a log, SettingsRefused
 */
export function openLog(settings: Settings, logger: Log): ConnectedEventLog {
  return connectEventLog({
    connectionString: findConnection(settings, 'EVENTSTORE_URL'),
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    transport: settings.EVENTSTORE_TRANSPORT,
    log: logger,
  });
}

/**
 * Opens the read tables that the settings name. If they name none, opens the read tables of the Docket that runs on
 * the data folder.
 * @throws PlainFailure when neither names a Postgres
 */
export function openTables(settings: Settings, logger: Log): ReadStore {
  return openReadStore({
    url: findConnection(settings, 'DATABASE_URL'),
    poolMax: settings.DATABASE_POOL_MAX,
    timeoutMs: settings.DATABASE_TIMEOUT_MS,
    log: logger,
  });
}
