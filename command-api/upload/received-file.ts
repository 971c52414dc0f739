import type { Written } from '../../blob-store/blob-store.ts';
import type { ApiErrorCode } from '../../schemas/errors/error-codes.ts';

/** A file of the form: stored and checked, or refused with one sentence. */
export type ReceivedFile =
  | { readonly filename: string; readonly stored: StoredFile }
  | { readonly filename: string; readonly refused: RefusedFile };

export interface StoredFile extends Written {
  readonly key: string;
  /** The time when the blob was complete, by `performance.now()`. */
  readonly storedAtMs: number;
}

export interface RefusedFile {
  readonly code: ApiErrorCode;
  readonly message: string;
  /** Number of bytes received until the refusal. */
  readonly bytes: number;
  /** Seconds until a retry may succeed. */
  readonly retryAfterSec?: number;
  readonly cause?: unknown;
}
