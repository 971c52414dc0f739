import { z } from 'zod';
import { JobFailureCode } from '../errors/error-codes.ts';
import { JobListAnswer, JobListQuery, JobView } from './http-api.ts';
import { JobId, OwnerId, PositionText } from '../ids.ts';

/** A job as an operator sees it, in `GET /api/ops/jobs` and on the live topic `ops:jobs`. */
export const OperatorJobView = JobView.extend({ owner: OwnerId });
export type OperatorJobView = z.infer<typeof OperatorJobView>;

/** Query of `GET /api/ops/jobs`: as for `GET /api/jobs`, but for all owners or a named owner. */
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
      /** Number of these jobs whose PDF Docket still keeps. Only these can be retried. */
      retryable: z.number().int(),
      oldestAt: z.iso.datetime(),
      newestAt: z.iso.datetime(),
      /** The message of the newest failure. */
      example: z.string(),
    }),
  ),
});
export type FailuresAnswer = z.infer<typeof FailuresAnswer>;

/** Most job ids in one page of a selection, and in one batch command. */
export const SELECTION_JOBS_MAX = 500;

/** Query of `GET /api/ops/failures/selection`. */
export const SelectionQuery = z.strictObject({
  code: JobFailureCode.optional(),
  /** The gateway's own reason; `NONE` for failures without a reason. */
  reason: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
    .optional(),
  /**
   * Freezes the selection: it leaves out jobs that failed or changed after this position. The default is the present
   * position.
   */
  position: PositionText.optional(),
  /** The `next` of the previous page. */
  after: JobId.optional(),
});
export type SelectionQuery = z.infer<typeof SelectionQuery>;

/**
 * Answer of `GET /api/ops/failures/selection`: the ids of the failed jobs that can be retried, for `POST
 * /api/ops/jobs/retry`. A client requests further pages with the `position` of the first page. So the selection only
 * loses jobs that have changed.
 */
export const SelectionAnswer = z.object({
  position: PositionText,
  /** Number of jobs in the whole selection. */
  total: z.number().int(),
  jobIds: z.array(JobId),
  next: JobId.nullable(),
});
export type SelectionAnswer = z.infer<typeof SelectionAnswer>;

/** Answer of `GET /api/ops/quarantine`: streams on hold since an event that Docket could not fold. */
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

/** Most streams in one answer about the quarantine; `total` counts all. */
export const QUARANTINE_SHOWN_MAX = 500;

/** Answer of `GET /api/me`: the rights of this session. */
export const MeAnswer = z.object({ operator: z.boolean() });
export type MeAnswer = z.infer<typeof MeAnswer>;
