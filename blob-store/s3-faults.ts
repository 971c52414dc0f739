import { codeOf } from '../schemas/errors/coded-error.ts';
import { BlobStoreUnavailable, StorageFull } from './blob-errors.ts';

/** Codes and status of S3 and compatible stores for a full store (RFC 4918, section 11.5, for 507; D26). */
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);
const FULL_STATUS = 507;

/**
 * Codes for "no such object". The answer to a HEAD has no body, so the client names this error after the status 404.
 */
const ABSENT = new Set(['NoSuchKey', 'NotFound']);

interface S3Error {
  readonly name: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

/**
 * True for an error from the store's answer. The check uses its shape, because `instanceof` fails for errors of
 * another realm.
 */
export function isS3Answer(error: unknown): error is S3Error {
  const { name, $metadata } = (error ?? {}) as Partial<S3Error>;
  return typeof name === 'string' && typeof $metadata?.httpStatusCode === 'number';
}

/** True when the store says that no object has the key. */
export function saysAbsent(error: unknown): boolean {
  return isS3Answer(error) && ABSENT.has(error.name);
}

/** True when the store refused to publish because an object with the key exists or is just being written. */
export function saysTaken(error: unknown): boolean {
  const status = isS3Answer(error) ? error.$metadata.httpStatusCode : undefined;
  return status === 412 || (isS3Answer(error) && error.name === 'ConditionalRequestConflict');
}

/**
 * Converts an error of the S3 client to an error of the blob store (D33). Every error but "full" is retryable,
 * although the client has already retried it. A wrong setting also counts as an unusable store.
 */
export function s3Fault(error: unknown): Error {
  if (isS3Answer(error) && (FULL.has(error.name) || error.$metadata.httpStatusCode === FULL_STATUS))
    return new StorageFull({ cause: error });

  const name = error instanceof Error || isS3Answer(error) ? error.name : 'an unknown error';
  return new BlobStoreUnavailable(`S3 answered ${codeOf(error) ?? name}`, { cause: error });
}
