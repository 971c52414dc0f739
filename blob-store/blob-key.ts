import { randomUUID } from 'node:crypto';
import { BlobKeyRefused } from './blob-errors.ts';

const KEY_CHARS_MAX = 200;

/**
 * Segments of `[a-z0-9_.-]` that begin with a letter or digit. So a key can name neither `..` nor a folder with a dot.
 */
const KEY = /^[a-z0-9][a-z0-9_.-]*(?:\/[a-z0-9][a-z0-9_.-]*)*$/;

/** Prefix of the keys of all uploaded PDFs. */
export const SOURCES_PREFIX = 'sources/';
/** Prefix of the keys of all results. */
export const RESULTS_PREFIX = 'results/';

/** Makes a new key for an uploaded PDF. The key contains nothing of the request. */
export function newSourceKey(): string {
  return `${SOURCES_PREFIX}${randomUUID()}.pdf`;
}

const ATTEMPT_HASH_CHARS = 16;

/**
 * The key for the result of one attempt. Two attempts never write the same blob. After a restore of an older copy of
 * the log, an attempt can get the fencing token of another attempt. The hash of its start distinguishes the two (ADR
 * 0114).
 *
 * @param startHash hash of the attempt's `ConversionStarted`, in hexadecimal; null for a stream that is not chained
 */
export function resultKeyOf(jobId: string, fencingToken: string, startHash: string | null): string {
  const key = `${RESULTS_PREFIX}${jobId}/${fencingToken}`;
  return startHash === null ? key : `${key}-${startHash.slice(0, ATTEMPT_HASH_CHARS)}`;
}

/** True when the key belongs to an attempt with this fencing token, in any history of the log. */
export function isResultKeyOf(jobId: string, fencingToken: string, key: string): boolean {
  const named = resultKeyOf(jobId, fencingToken, null);
  return key === named || key.startsWith(`${named}-`);
}

/**
 * Refuses every key that the server did not choose, because other text must never reach a path or a bucket (R01.06).
 * @throws BlobKeyRefused
 */
export function assertBlobKey(key: string): void {
  if (key.length > KEY_CHARS_MAX || !KEY.test(key) || key.includes('..')) throw new BlobKeyRefused(key);
}
