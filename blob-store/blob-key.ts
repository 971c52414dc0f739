import { randomUUID } from 'node:crypto';
import { BlobKeyRefused } from './blob-errors.ts';

const KEY_CHARS_MAX = 200;

/** Segments of `[a-z0-9_.-]` that begin with a letter or digit, so neither `..` nor a dot folder can be named. */
const KEY = /^[a-z0-9][a-z0-9_.-]*(?:\/[a-z0-9][a-z0-9_.-]*)*$/;

/** Where every uploaded PDF is. */
export const SOURCES_PREFIX = 'sources/';
/** Where every result is. */
export const RESULTS_PREFIX = 'results/';

/** A fresh key for an uploaded PDF. Nothing of the request is in it. */
export function newSourceKey(): string {
  return `${SOURCES_PREFIX}${randomUUID()}.pdf`;
}

const ATTEMPT_HASH_CHARS = 16;

/**
 * The key of one attempt's result. Two attempts never write the same blob. After an older copy of the log was restored,
 * an attempt can get a fencing token that another one had. The hash of its start tells the two apart (ADR 0114).
 *
 * @param startHash of the attempt's `ConversionStarted`, in hexadecimal; null for a stream that is not chained
 */
export function resultKeyOf(jobId: string, fencingToken: string, startHash: string | null): string {
  const key = `${RESULTS_PREFIX}${jobId}/${fencingToken}`;
  return startHash === null ? key : `${key}-${startHash.slice(0, ATTEMPT_HASH_CHARS)}`;
}

/** Whether a key belongs to an attempt with this fencing token, whatever the history of the log. */
export function isResultKeyOf(jobId: string, fencingToken: string, key: string): boolean {
  const named = resultKeyOf(jobId, fencingToken, null);
  return key === named || key.startsWith(`${named}-`);
}

/**
 * Keys are chosen by the server; anything else must never reach a path or a bucket (R01.06).
 * @throws BlobKeyRefused
 */
export function assertBlobKey(key: string): void {
  if (key.length > KEY_CHARS_MAX || !KEY.test(key) || key.includes('..')) throw new BlobKeyRefused(key);
}
