import type { JobFailureCode } from './errors/error-codes.ts';
import type { JobId } from './ids.ts';
import type { ConvertedBy, InvoiceIdentity, MappingRef, ResultRef, Warning } from './events/job-events.ts';

/**
 * The commands to a job. Time (`at`, ISO 8601 in UTC with milliseconds) and randomness (`jitter`) are arguments, so
 * that `decide` is pure.
 */
export type JobCommand =
  | UploadDocument
  | RetryConversion
  | CancelConversion
  | StartAttempt
  | CompleteAttempt
  | ReportFailure
  | AbandonAttempt
  | RecordDownload
  | ExpireResult
  | ExpireSource;

export type JobCommandType = JobCommand['type'];

/**
 * The bytes are stored and verified. The command makes a job of the file, or requests another conversion of its
 * existing job.
 */
export interface UploadDocument {
  readonly type: 'UploadDocument';
  readonly at: string;
  readonly jobId: JobId;
  readonly owner: string;
  readonly filename: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly blobKey: string;
  readonly mapping: MappingRef;
  readonly priority: number;
}

export interface RetryConversion {
  readonly type: 'RetryConversion';
  readonly at: string;
  readonly priority: number;
}

export interface CancelConversion {
  readonly type: 'CancelConversion';
  readonly at: string;
  readonly by: 'owner' | 'operator';
}

/** A worker claims the job until `leaseUntil`. */
export interface StartAttempt {
  readonly type: 'StartAttempt';
  readonly at: string;
  readonly workerId: string;
  readonly leaseUntil: string;
}

/** The result is stored and verified. Only the holder of the fencing token may send this command. */
export interface CompleteAttempt {
  readonly type: 'CompleteAttempt';
  readonly at: string;
  readonly fencingToken: string;
  readonly result: ResultRef;
  readonly pages: number;
  readonly gatewayMs: number;
  readonly warnings: readonly Warning[];
  readonly convertedBy?: ConvertedBy | undefined;
  readonly invoice?: InvoiceIdentity | undefined;
}

export interface ReportFailure {
  readonly type: 'ReportFailure';
  readonly at: string;
  readonly fencingToken: string;
  readonly code: JobFailureCode;
  /** The gateway's own reason, such as `PDF_ENCRYPTED`. */
  readonly reason: string | null;
  readonly message: string;
  /** True when a retry cannot help, with any code. An example is a document that the gateway refuses. */
  readonly final: boolean;
  /** The wait that the gateway asked for by `Retry-After`, or null. */
  readonly retryAfterMs: number | null;
  /** A random number, uniform in [0, 1), for the full jitter of the backoff. */
  readonly jitter: number;
}

export interface AbandonAttempt {
  readonly type: 'AbandonAttempt';
  readonly at: string;
  readonly fencingToken: string;
  readonly cause: 'lease-ended' | 'processor-silent' | 'shutdown';
}

/** A complete download of the result. */
export interface RecordDownload {
  readonly type: 'RecordDownload';
  readonly at: string;
  readonly bytes: number;
}

export interface ExpireResult {
  readonly type: 'ExpireResult';
  readonly at: string;
  readonly cause: 'age' | 'first-download';
}

export interface ExpireSource {
  readonly type: 'ExpireSource';
  readonly at: string;
  readonly cause: 'age' | 'discard';
}
