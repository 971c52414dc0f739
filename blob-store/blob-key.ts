import { randomUUID } from 'node:crypto';
import { BlobKeyRefused } from './errors.ts';

const keyCharsMax = 200;

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

/** The key of one attempt's result: two attempts can never write the same blob. */
export function resultKeyOf(jobId: string, fencingToken: string): string {
  return `${RESULTS_PREFIX}${jobId}/${fencingToken}`;
}

/**
 * Keys are chosen by the server; anything else must never reach a path or a bucket (R01.06).
 * @throws BlobKeyRefused
 */
export function assertBlobKey(key: string): void {
  if (key.length > keyCharsMax || !KEY.test(key) || key.includes('..')) throw new BlobKeyRefused(key);
}
