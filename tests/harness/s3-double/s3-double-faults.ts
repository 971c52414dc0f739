import type { S3Code } from './s3-double-refusals.ts';

/** What S3 can do wrong (D33). */
export type S3Fault =
  /** Answers an error and does nothing. */
  | { readonly kind: 'refuse'; readonly code: S3Code }
  /** Does nothing and never answers. */
  | { readonly kind: 'silence' }
  /** Does it, and the answer is lost. */
  | { readonly kind: 'lost-reply' }
  /** Does it, and answers so many milliseconds later. */
  | { readonly kind: 'late-reply'; readonly ms: number }
  /** Cuts the connection before anything is done. */
  | { readonly kind: 'reset' }
  /** Sends only the first bytes of an object, then cuts the connection. */
  | { readonly kind: 'partial-read'; readonly bytes: number }
  /** Sends the first bytes of an object and then nothing. */
  | { readonly kind: 'stalled-read'; readonly bytes: number }
  /** Sends an object with one bit turned over. */
  | { readonly kind: 'wrong-bytes' };

export type S3Operation =
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload';

/** A fault for the next `times` requests of one operation, or of any. */
export interface PlannedFault {
  readonly operation?: S3Operation;
  readonly times: number;
  readonly fault: S3Fault;
}

export interface FaultPlan {
  add(planned: PlannedFault): void;
  clear(): void;
  /** The fault of this request, used up. */
  next(operation: S3Operation): S3Fault | null;
}

export function faultPlan(): FaultPlan {
  let plan: { readonly planned: PlannedFault; left: number }[] = [];
  return {
    add: (planned) => void plan.push({ planned, left: planned.times }),
    clear: () => void (plan = []),
    next: (operation) => {
      const due = plan.find(
        ({ planned }) => planned.operation === undefined || planned.operation === operation,
      );
      if (!due) return null;
      due.left -= 1;
      if (due.left <= 0) plan = plan.filter((each) => each !== due);
      return due.planned.fault;
    },
  };
}
