import { codeOf } from '../schemas/coded-error.ts';
import { BlobStoreUnavailable, StorageFull } from './blob-errors.ts';

/** Codes and status by which S3 and its likes say that there is no room (RFC 4918, section 11.5, for 507; D26). */
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);
const FULL_STATUS = 507;

/** Codes for "no such object"; a HEAD has no body, so its 404 is named after the status. */
const ABSENT = new Set(['NoSuchKey', 'NotFound']);

interface S3Error {
  readonly name: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** True for an error that the store answered. It is recognised by its shape, since `instanceof` fails across realms. */
export function isS3Answer(error: unknown): error is S3Error {
  const { name, $metadata } = (error ?? {}) as Partial<S3Error>;
  return typeof name === 'string' && typeof $metadata?.httpStatusCode === 'number';
}

/** The store says that there is nothing under the key. */
export function saysAbsent(error: unknown): boolean {
  return isS3Answer(error) && ABSENT.has(error.name);
}

/** The store refused to publish because of what is, or is just being put, under the key. */
export function saysTaken(error: unknown): boolean {
  const status = isS3Answer(error) ? error.$metadata.httpStatusCode : undefined;
  return status === 412 || (isS3Answer(error) && error.name === 'ConditionalRequestConflict');
}

/**
 * The condition behind an error of the S3 client (D33). Every error but "full" may pass: the client has already retried
 * what it can. A wrong setting shows as a store that cannot be used.
 */
export function s3Fault(error: unknown): Error {
  if (isS3Answer(error) && (FULL.has(error.name) || error.$metadata.httpStatusCode === FULL_STATUS))
    return new StorageFull({ cause: error });

  const name = error instanceof Error || isS3Answer(error) ? error.name : 'nothing that can be understood';
  return new BlobStoreUnavailable(`S3 answered ${codeOf(error) ?? name}`, { cause: error });
}
