import { z } from 'zod';
import { ApiErrorCode, JobFailureCode, StorageQuota } from '../errors/error-codes.ts';
import { invoiceFormatSchema } from './gateway-protocol.ts';
import { JobId, MappingId, PositionText, Sha256 } from '../ids.ts';
import { ConvertedBy, MappingParameters } from '../events/job-events.ts';
import { JobStateName } from '../job-states.ts';
import { MomentText } from '../moment.ts';

/** A job as REST and the live socket show it. */
export const JobView = z.object({
  jobId: JobId,
  filename: z.string(),
  mapping: z.object({ id: MappingId, version: z.number().int(), label: z.string() }),
  state: JobStateName,
  error: z.object({ code: JobFailureCode, reason: z.string().nullable(), message: z.string() }).nullable(),
  /** Number of attempts since the conversion was last requested. */
  attempts: z.number().int(),
  bytes: z.number().int(),
  pages: z.number().int().nullable(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  /** The parameters that the upload gave to its mapping; null without parameters. */
  parameters: MappingParameters.nullable(),
  result: z.object({ bytes: z.number().int(), mediaType: z.string(), sha256: Sha256 }).nullable(),
  /**
   * The mapping that made the result. The requested one may have passed the document to it. Null without a result,
   * and for results of older gateways.
   */
  convertedBy: ConvertedBy.nullable(),
  /** The owner's earlier job for the same invoice (seller, number and date) from a file with other bytes. */
  convertedBefore: z.object({ jobId: JobId, filename: z.string(), at: z.iso.datetime() }).nullable(),
  nextAttemptAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  revision: z.number().int(),
  position: PositionText,
});
export type JobView = z.infer<typeof JobView>;

/** The result for one file of an upload. */
export const UploadResult = z.union([
  z.object({ filename: z.string(), jobId: JobId, state: JobStateName, deduplicated: z.boolean() }),
  z.object({
    filename: z.string(),
    error: z.object({ code: ApiErrorCode, message: z.string(), quota: StorageQuota.optional() }),
  }),
]);
export type UploadResult = z.infer<typeof UploadResult>;

/**
 * Status 202 when Docket accepted any file, 200 when all files were duplicates, otherwise the status of the first
 * error.
 */
export const UploadAnswer = z.object({ position: PositionText, results: z.array(UploadResult) });
export type UploadAnswer = z.infer<typeof UploadAnswer>;

/** The answer to a retry or cancel of one job. */
export const CommandAnswer = z.object({ position: PositionText, jobId: JobId, state: JobStateName });
export type CommandAnswer = z.infer<typeof CommandAnswer>;

/** Most jobs in one batch command. */
export const BATCH_JOBS_MAX = 500;

/** Body of `POST /api/jobs/retry` and `POST /api/jobs/cancel`. */
export const BatchCommand = z.strictObject({ jobIds: z.array(JobId).min(1).max(BATCH_JOBS_MAX) });
export const BatchAnswer = z.object({
  position: PositionText,
  results: z.array(
    z.union([
      z.object({ jobId: JobId, state: JobStateName }),
      z.object({ jobId: JobId, error: z.object({ code: ApiErrorCode, message: z.string() }) }),
    ]),
  ),
});
export type BatchAnswer = z.infer<typeof BatchAnswer>;

export const PAGE_JOBS_MAX = 200;
export const PAGE_JOBS_DEFAULT = 50;
export const JOB_SORTS = ['created', '-created', 'updated', '-updated', 'filename', '-filename'] as const;

/** Query of `GET /api/jobs`. Docket refuses unknown keys (A-PP01). */
export const JobListQuery = z.strictObject({
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(JobStateName).min(1).max(7))
    .optional(),
  mapping: MappingId.optional(),
  /** Part of a file name, case-insensitive. */
  search: z.string().trim().min(1).max(100).optional(),
  errorCode: JobFailureCode.optional(),
  sort: z.enum(JOB_SORTS).default('-created'),
  limit: z.coerce.number().int().min(1).max(PAGE_JOBS_MAX).default(PAGE_JOBS_DEFAULT),
  /**
   * The `next` of the previous page: opaque and signed. When sorted by file name, it contains a file name of up to
   * 400 characters.
   */
  after: z.string().max(2_500).optional(),
  /** Makes the read side wait for this position, so that a client reads its own writes. */
  atLeast: PositionText.optional(),
  /** The list as it was at a position or a time. A cursor in `after` must be of the same moment. */
  asOf: MomentText.optional(),
});
export type JobListQuery = z.infer<typeof JobListQuery>;

/**
 * Answer of `GET /api/jobs`: one page, the start of the next page, and a token with which a live subscription
 * continues from this moment.
 */
export const JobListAnswer = z.object({
  jobs: z.array(JobView),
  next: z.string().nullable(),
  token: z.string(),
  position: PositionText,
});
export type JobListAnswer = z.infer<typeof JobListAnswer>;

/** One event of a job, as its owner sees it. */
export const TimelineEntry = z.object({
  revision: z.number().int(),
  position: PositionText,
  at: z.iso.datetime(),
  type: z.string(),
  actor: z.string(),
  correlationId: z.string(),
  causationId: z.string(),
  sentence: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;
export const TimelineAnswer = z.object({
  jobId: JobId,
  entries: z.array(TimelineEntry),
  /** `fromRevision` of the next page; null when no more events follow. */
  next: z.number().int().nullable(),
  position: PositionText,
});
export type TimelineAnswer = z.infer<typeof TimelineAnswer>;

/** `GET /api/mappings`: the mappings for the upload form. */
export const MappingListing = z.object({
  id: MappingId,
  version: z.number().int(),
  label: z.string(),
  default: z.boolean(),
  mediaType: z.string(),
  /** The mapping's parameters, sent as fields `param.NAME` of the upload form. Absent when there are none. */
  parameters: z
    .array(z.object({ name: z.string(), description: z.string(), default: z.string().optional() }))
    .optional(),
  /** The formats of `/download?format=` for the mapping's results. Absent when the results are no invoices. */
  formats: z.array(invoiceFormatSchema).optional(),
});
export type MappingListing = z.infer<typeof MappingListing>;

/** Most events in one page of a timeline. */
export const TIMELINE_ENTRIES_MAX = 500;

/** Query of `GET /api/jobs/:id` and of `GET /api/jobs/metrics`. */
export const JobQuery = z.strictObject({ atLeast: PositionText.optional(), asOf: MomentText.optional() });
export const TimelineQuery = z.strictObject({
  fromRevision: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  atLeast: PositionText.optional(),
  asOf: MomentText.optional(),
});

/** Query of `GET /api/jobs/:id/why`. */
export const WhyQuery = z.strictObject({ at: MomentText.optional() });

/**
 * One cause and its consequences. A cause is a request, a command, an event, an attempt, or an open circuit breaker
 * between them.
 */
export interface CauseNode {
  readonly kind: 'request' | 'command' | 'event' | 'attempt' | 'breaker';
  readonly id: string;
  readonly at: string;
  readonly what: string;
  readonly actor: string | null;
  readonly led: CauseNode[];
}
export const CauseNode: z.ZodType<CauseNode> = z.object({
  kind: z.enum(['request', 'command', 'event', 'attempt', 'breaker']),
  id: z.string(),
  at: z.iso.datetime(),
  what: z.string(),
  actor: z.string().nullable(),
  get led() {
    return z.array(CauseNode);
  },
});

/** One attempt, from its claim to its end. */
export const AttemptView = z.object({
  attempt: z.number().int(),
  workerId: z.string(),
  startedAt: z.iso.datetime(),
  startRevision: z.number().int(),
  endedAt: z.iso.datetime().nullable(),
  endRevision: z.number().int().nullable(),
  durationMs: z.number().int().nullable(),
  outcome: z.enum(['running', 'succeeded', 'deferred', 'failed', 'abandoned', 'cancelled', 'superseded']),
  /** Failure code, or the cause of an abandonment. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  gatewayMs: z.number().int().nullable(),
  /** Wait before the next attempt, in ms. */
  backoffMs: z.number().int().nullable(),
});

/**
 * `GET /api/jobs/:id/why`: the state in words, the next step, the effect of every command, every attempt, and the
 * causes. With `?at=`, the answer is about that moment.
 */
export const WhyAnswer = z.object({
  jobId: JobId,
  filename: z.string(),
  state: JobStateName,
  because: z.string(),
  next: z.object({ what: z.string(), at: z.iso.datetime().nullable() }).nullable(),
  commands: z.array(
    z.union([
      z.object({ command: z.string(), answer: z.enum(['allowed', 'no-effect']) }),
      z.object({ command: z.string(), answer: z.literal('refused'), code: z.string(), rule: z.string() }),
    ]),
  ),
  revision: z.number().int(),
  /** The instant for which the decider judged the commands, and the position of the last folded event. */
  moment: z.object({ at: z.iso.datetime(), position: PositionText, isPast: z.boolean() }),
  /** The folded job itself. */
  fold: z.record(z.string(), z.unknown()),
  attempts: z.array(AttemptView),
  causes: z.array(CauseNode),
});
export type WhyAnswer = z.infer<typeof WhyAnswer>;

/** Query of an address without parameters. */
export const NoQuery = z.strictObject({});

/** Query of `GET /api/jobs/:id/pages/:page`. `scale` is the number of pixels for each point (1/72 inch). */
export const PageQuery = z.strictObject({ scale: z.coerce.number().min(0.25).max(3).default(1.6) });
/** A page number in an address, counted from 1. */
export const PAGE_NUMBER = z
  .string()
  .regex(/^[1-9]\d{0,4}$/)
  .transform(Number);

/** Query of `GET /api/jobs/:id/download`. Without a format the client gets the stored result. */
export const DownloadQuery = z.strictObject({ format: invoiceFormatSchema.optional() });

/** Most jobs in one `GET /api/jobs/download`. */
export const ZIP_JOBS_MAX = 1_000;

/** Query of `GET /api/jobs/download`: all Ready jobs of the owner, or some of them by id. */
export const ZipQuery = z.union([
  z.strictObject({ state: z.literal('ready') }),
  z.strictObject({
    ids: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(JobId).min(1).max(ZIP_JOBS_MAX)),
  }),
]);

/** `GET /api/jobs/metrics`, and the one row of the live topic `ops:metrics`. */
export const JobMetrics = z.object({
  byState: z.record(JobStateName, z.number().int()),
  /** Failed jobs by their code. Codes without a job are absent. */
  failedByCode: z.partialRecord(JobFailureCode, z.number().int()),
  active: z.number().int(),
  /** The time of the last change of the active job that has not changed for the longest time. */
  oldestActiveAt: z.iso.datetime().nullable(),
  sourceBytes: z.number().int(),
  resultBytes: z.number().int(),
  position: PositionText,
});
export type JobMetrics = z.infer<typeof JobMetrics>;

/** `GET /api/limits`: the limits of an upload, so that the page can show them before the user chooses a file. */
export const LimitsAnswer = z.object({
  maxUploadMb: z.number().int(),
  maxFilesPerRequest: z.number().int(),
  defaultMapping: MappingId,
  /** The origins whose pages may write and open sockets. A page at another address warns its user. */
  origins: z.array(z.string()),
});
export type LimitsAnswer = z.infer<typeof LimitsAnswer>;
