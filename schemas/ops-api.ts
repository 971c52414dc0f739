import { z } from 'zod';
import { JobFailureCode } from './error-codes.ts';
import { JobListAnswer, JobListQuery, JobView } from './http-api.ts';
import { JobId, OwnerId, PositionText } from './ids.ts';

/** A job as an operator sees it, in `GET /api/ops/jobs` and on the live topic `ops:jobs`. */
export const OperatorJobView = JobView.extend({ owner: OwnerId });
export type OperatorJobView = z.infer<typeof OperatorJobView>;

/** Query of `GET /api/ops/jobs`: that of `GET /api/jobs`, over all owners or one. */
export const OperatorListQuery = z.strictObject({ ...JobListQuery.shape, owner: OwnerId.optional() });
export type OperatorListQuery = z.infer<typeof OperatorListQuery>;

/** Answer of `GET /api/ops/jobs`. `token` is for the topic `ops:jobs`. */
export const OperatorListAnswer = JobListAnswer.extend({ jobs: z.array(OperatorJobView) });
export type OperatorListAnswer = z.infer<typeof OperatorListAnswer>;

/** Query of `GET /api/ops/failures`. */
export const FailuresQuery = z.strictObject({ atLeast: PositionText.optional() });

/** Answer of `GET /api/ops/failures`: the failed jobs, grouped. */
export const FailuresAnswer = z.object({
  position: PositionText,
  groups: z.array(
    z.object({
      code: JobFailureCode,
      /** The gateway's own reason, such as `PDF_ENCRYPTED`. */
      reason: z.string().nullable(),
      jobs: z.number().int(),
      /** Those whose PDF is still kept: only they can be retried. */
      retryable: z.number().int(),
      oldestAt: z.iso.datetime(),
      newestAt: z.iso.datetime(),
      /** The sentence of the newest one. */
      example: z.string(),
    }),
  ),
});
export type FailuresAnswer = z.infer<typeof FailuresAnswer>;

/** Most job ids in one page of a selection; as many as one batch command takes. */
export const SELECTION_JOBS_MAX = 500;

/** Query of `GET /api/ops/failures/selection`. */
export const SelectionQuery = z.strictObject({
  code: JobFailureCode.optional(),
  /** The gateway's own reason; `NONE` for the failures without one. */
  reason: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
    .optional(),
  /** Freezes the selection: jobs that failed or moved after this position are not in it. Unset: the present one. */
  position: PositionText.optional(),
  /** The `next` of the page before. */
  after: JobId.optional(),
});
export type SelectionQuery = z.infer<typeof SelectionQuery>;

/**
 * Answer of `GET /api/ops/failures/selection`: the ids of the failed jobs that can be retried, for
 * `POST /api/ops/jobs/retry`. Ask further pages with the `position` of the first one: the selection then only
 * shrinks, by jobs that have moved on.
 */
export const SelectionAnswer = z.object({
  position: PositionText,
  /** Jobs of the whole selection. */
  total: z.number().int(),
  jobIds: z.array(JobId),
  next: JobId.nullable(),
});
export type SelectionAnswer = z.infer<typeof SelectionAnswer>;

/** Answer of `GET /api/ops/quarantine`: streams that wait behind an event which could not be folded. */
export const QuarantineAnswer = z.object({
  total: z.number().int(),
  held: z.array(
    z.object({
      projection: z.string(),
      version: z.number().int(),
      stream: z.string(),
      jobId: JobId.nullable(),
      revision: z.number().int(),
      position: PositionText,
      type: z.string(),
      reason: z.string(),
      heldAt: z.iso.datetime(),
    }),
  ),
});
export type QuarantineAnswer = z.infer<typeof QuarantineAnswer>;

/** Most streams in one answer about the quarantine; `total` counts them all. */
export const QUARANTINE_SHOWN_MAX = 500;

/** Answer of `GET /api/me`: what this session may do. */
export const MeAnswer = z.object({ operator: z.boolean() });
export type MeAnswer = z.infer<typeof MeAnswer>;
