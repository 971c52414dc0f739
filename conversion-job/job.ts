import type { JobFailureCode } from '../schemas/errors/error-codes.ts';
import type { ConvertedBy, MappingRef, ResultRef, Warning } from '../schemas/events/job-events.ts';

/** The facts that a job has in every state. Instants are ISO 8601 in UTC with milliseconds. */
export interface JobFacts {
  readonly jobId: string;
  readonly owner: string;
  readonly filename: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mapping: MappingRef;
  /** Key of the PDF; null once it has expired. */
  readonly sourceBlobKey: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly priority: number;
  /** Number of requests for the conversion: by upload, retry or re-upload. */
  readonly runs: number;
  /** Attempts since the conversion was last requested. */
  readonly attempts: number;
  /**
   * Attempts of this run that count against the retry budget. An attempt that a shutdown of Docket ended does not
   * count.
   */
  readonly chargedAttempts: number;
  /** Attempts in the job's whole life. */
  readonly attemptsEver: number;
  /** The time at which the first attempt of this run began. The job's timeout starts at this time. */
  readonly firstAttemptAt: string | null;
  /** Revision of the last event that was folded. */
  readonly revision: bigint;
}

/** The reason why an attempt or the job failed. */
export interface Failure {
  readonly code: JobFailureCode;
  /** The gateway's own reason, such as `PDF_ENCRYPTED`. */
  readonly reason: string | null;
  readonly message: string;
}

export interface Conversion {
  readonly result: ResultRef;
  readonly pages: number;
  readonly gatewayMs: number;
  readonly warnings: readonly Warning[];
  /** Absent for results of a gateway that did not state the mapping. */
  readonly convertedBy?: ConvertedBy | undefined;
}

/** One type for each state, so that a queued job cannot have a result. A job whose stream has no events is `absent`. */
export type Job =
  | { readonly state: 'absent' }
  | (JobFacts & { readonly state: 'queued' })
  | (JobFacts & {
      readonly state: 'converting';
      readonly workerId: string;
      readonly leaseUntil: string;
      /** Revision of this attempt's `ConversionStarted`, as decimal text. */
      readonly fencingToken: string;
    })
  | (JobFacts & { readonly state: 'waiting'; readonly notBefore: string; readonly lastFailure: Failure })
  | (JobFacts & { readonly state: 'ready'; readonly conversion: Conversion; readonly fencingToken: string })
  | (JobFacts & { readonly state: 'failed'; readonly failure: Failure })
  | (JobFacts & { readonly state: 'cancelled' })
  | (JobFacts & { readonly state: 'expired'; readonly conversion: Conversion });

export type ExistingJob = Exclude<Job, { state: 'absent' }>;

/** The job before its first event. */
export const ABSENT: Job = { state: 'absent' };
