import type { S3Code } from './s3-double-refusals.ts';

/** The possible faults of S3 (D33). */
export type S3Fault =
  /** Answers with an error and does nothing. */
  | { readonly kind: 'refuse'; readonly code: S3Code }
  /** Does nothing and never answers. */
  | { readonly kind: 'silence' }
  /** Executes the request, and loses the answer. */
  | { readonly kind: 'lost-reply' }
  /** Executes the request, and answers after the given number of milliseconds. */
  | { readonly kind: 'late-reply'; readonly ms: number }
  /** Cuts the connection before the request is executed. */
  | { readonly kind: 'reset' }
  /** Sends only the first bytes of an object, then cuts the connection. */
  | { readonly kind: 'partial-read'; readonly bytes: number }
  /** Sends the first bytes of an object and then nothing. */
  | { readonly kind: 'stalled-read'; readonly bytes: number }
  /** Sends an object with one flipped bit. */
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

/** A fault for the next `times` requests of one operation, or of any operation. */
export interface PlannedFault {
  readonly operation?: S3Operation;
  readonly times: number;
  readonly fault: S3Fault;
}

export interface FaultPlan {
  add(planned: PlannedFault): void;
  clear(): void;
  /** Returns the fault of this request, and counts it as used. */
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
