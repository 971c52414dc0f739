import { z } from 'zod';
import { JobFailureCode } from '../errors/error-codes.ts';
import { PositionText } from '../ids.ts';
import { JobStateName } from '../job-states.ts';
import { MomentText } from '../moment.ts';

/** Windows of `GET /api/dashboard`, in minutes. A window ends at `asOf`, or now. */
export const DASHBOARD_RANGES_MIN = {
  '15m': 15,
  '1h': 60,
  '6h': 6 * 60,
  '24h': 24 * 60,
  '7d': 7 * 24 * 60,
  '30d': 30 * 24 * 60,
  '90d': 90 * 24 * 60,
} as const;
export const DASHBOARD_RANGES = Object.keys(DASHBOARD_RANGES_MIN) as [DashboardRange, ...DashboardRange[]];
export type DashboardRange = keyof typeof DASHBOARD_RANGES_MIN;

/**
 * Lengths of a bucket, in minutes. A day is a day of `zone`. Where clocks change, two days a year are an hour shorter
 * or longer.
 */
export const DASHBOARD_BUCKETS_MIN = { minute: 1, hour: 60, day: 24 * 60 } as const;
export const DASHBOARD_BUCKETS = ['minute', 'hour', 'day'] as const;
export type DashboardBucketName = (typeof DASHBOARD_BUCKETS)[number];

/** Most buckets in one answer. A day in minutes fits, a week in minutes does not. */
export const DASHBOARD_BUCKETS_MAX = 1_500;

/** The bucket for a query that names none. */
export function defaultBucket(range: DashboardRange): DashboardBucketName {
  const minutes = DASHBOARD_RANGES_MIN[range];
  if (minutes <= DASHBOARD_RANGES_MIN['6h']) return 'minute';
  return minutes <= DASHBOARD_RANGES_MIN['7d'] ? 'hour' : 'day';
}

/** Query of `GET /api/dashboard`. Unknown keys are refused. */
export const DashboardQuery = z.strictObject({
  range: z.enum(DASHBOARD_RANGES).default('1h'),
  bucket: z.enum(DASHBOARD_BUCKETS).optional(),
  /** IANA time zone in which hours and days begin. */
  zone: z
    .string()
    .max(64)
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/)
    .default('UTC'),
  /** Requests the figures of a past moment. The answer lacks the figures that exist only now. */
  asOf: MomentText.optional(),
  atLeast: PositionText.optional(),
});
export type DashboardQuery = z.infer<typeof DashboardQuery>;

const Count = z.number().int();
const Instant = z.iso.datetime();

/**
 * Milliseconds that the gateway took for successful attempts. The values are bounds of histogram buckets, so they are
 * too high by at most an eighth.
 */
export const LatencyFigures = z.object({ count: Count, p50: Count, p95: Count, p99: Count, max: Count });
export type LatencyFigures = z.infer<typeof LatencyFigures>;

const FlowFigures = z.object({
  /** Requested conversions: by upload, re-upload or retry. */
  submitted: Count,
  succeeded: Count,
  /** Jobs that failed finally: Docket does not retry them. */
  failed: Count,
  failedByCode: z.partialRecord(JobFailureCode, Count),
  /** Failed attempts that Docket repeats. */
  deferred: Count,
  /** Attempts whose worker was lost or stopped. */
  abandoned: Count,
  cancelled: Count,
  downloads: Count,
  /** Uploads that Docket refused before a job existed. */
  rejected: Count,
  /** Files that cleanup removed, and their bytes. */
  removedSources: Count,
  removedResults: Count,
  removedBytes: Count,
  /** Null when no attempt succeeded. */
  latency: LatencyFigures.nullable(),
});

export const DashboardBucket = FlowFigures.extend({ start: Instant, end: Instant });
export type DashboardBucket = z.infer<typeof DashboardBucket>;

const StoredFiles = z.object({ files: Count, bytes: Count });

/** The figures at one moment, independent of the window. */
export const StandingFigures = z.object({
  jobs: z.object({
    byState: z.record(JobStateName, Count),
    total: Count,
    /** Jobs that no worker holds: queued and waiting. */
    queueDepth: Count,
    /** Jobs that are queued, converting or waiting. */
    active: Count,
    /** The time of the oldest request whose job has no outcome yet. Null in an answer about the past. */
    oldestActiveSince: Instant.nullable(),
    /** Jobs that are failed now, by code. Codes without a job are absent. */
    failedByCode: z.partialRecord(JobFailureCode, Count),
  }),
  storage: z.object({ source: StoredFiles, result: StoredFiles }),
  breaker: z.object({
    /** The state is `open` while any processor's circuit breaker is open. */
    state: z.enum(['closed', 'open']),
    since: Instant.nullable(),
    reason: z.string().nullable(),
    processors: z.array(
      z.object({ processorId: z.string(), since: Instant, failures: Count, lastCode: z.string() }),
    ),
  }),
  /** The time when cleanup last removed a file, to the minute. */
  lastRemovalAt: Instant.nullable(),
});

/** The figures that exist only now. Null in an answer about the past. */
export const PresentFigures = z.object({
  /** Processors that sent a heartbeat within a day. */
  workers: z.array(
    z.object({
      id: z.string(),
      startedAt: Instant,
      seenAt: Instant,
      alive: z.boolean(),
      /** Jobs that the processor converts now. */
      converting: Count,
    }),
  ),
  projections: z.array(
    z.object({
      name: z.string(),
      version: z.number().int(),
      position: PositionText,
      /**
       * Age of the oldest event that the tables do not show yet. 0 when they show everything, null when the log does
       * not answer.
       */
      lagMs: Count.nullable(),
      /** The time when the checkpoint last moved. */
      updatedAt: Instant,
      /** Streams in quarantine. */
      held: Count,
    }),
  ),
  /** The tables that Docket now builds again because the log was replaced. The list is usually empty. */
  rebuilding: z.array(
    z.object({
      /** A projection, or `work-list`. */
      name: z.string(),
      since: Instant,
      why: z.string(),
      position: PositionText,
      /** The end of the log when the rebuild began; the rebuild is complete at this position. */
      until: PositionText,
    }),
  ),
  /** Position of the log's last event; null when the log does not answer. */
  logHead: PositionText.nullable(),
});

/** `GET /api/dashboard`. */
export const DashboardAnswer = StandingFigures.extend({
  /** The moment of the figures: the server's time, or the requested time. */
  at: Instant,
  /** The figures contain every event up to this position. */
  position: PositionText,
  /** True when the query has `asOf`. */
  past: z.boolean(),
  window: z.object({
    range: z.enum(DASHBOARD_RANGES),
    bucket: z.enum(DASHBOARD_BUCKETS),
    zone: z.string(),
    from: Instant,
    to: Instant,
  }),
  /** Every bucket of the window in order, including empty buckets. The last bucket has not ended yet. */
  buckets: z.array(DashboardBucket),
  /** The sum over the whole window. */
  totals: FlowFigures,
  /** The number of attempts that took up to `leMs` and longer than the previous bucket. Empty buckets are absent. */
  histogram: z.array(z.object({ leMs: Count, count: Count })),
  present: PresentFigures.nullable(),
});
export type DashboardAnswer = z.infer<typeof DashboardAnswer>;

/** The one row of the live topic `ops:metrics`, sent once a second. Each row replaces the previous row. */
export const OpsMetrics = StandingFigures.extend({
  key: z.literal('metrics'),
  at: Instant,
  position: PositionText,
  /** The running minute and the previous minute, in UTC, so that a page can extend its chart. */
  recent: z.array(DashboardBucket),
  present: PresentFigures,
});
export type OpsMetrics = z.infer<typeof OpsMetrics>;
