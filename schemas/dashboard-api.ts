import { z } from 'zod';
import { JobFailureCode } from './error-codes.ts';
import { PositionText } from './ids.ts';
import { JobStateName } from './job-states.ts';
import { MomentText } from './moment.ts';

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

/** Lengths of a bucket, in minutes. A day is a day of the `zone`, so two a year are an hour shorter or longer. */
export const DASHBOARD_BUCKETS_MIN = { minute: 1, hour: 60, day: 24 * 60 } as const;
export const DASHBOARD_BUCKETS = ['minute', 'hour', 'day'] as const;
export type DashboardBucketName = (typeof DASHBOARD_BUCKETS)[number];

/** Most buckets in one answer: a day by the minute fits, a week by the minute does not. */
export const DASHBOARD_BUCKETS_MAX = 1_500;

/** What is shown when no bucket is named. */
export function defaultBucket(range: DashboardRange): DashboardBucketName {
  const minutes = DASHBOARD_RANGES_MIN[range];
  if (minutes <= DASHBOARD_RANGES_MIN['6h']) return 'minute';
  return minutes <= DASHBOARD_RANGES_MIN['7d'] ? 'hour' : 'day';
}

/** Query of `GET /api/dashboard`. Unknown keys are refused. */
export const DashboardQuery = z.strictObject({
  range: z.enum(DASHBOARD_RANGES).default('1h'),
  bucket: z.enum(DASHBOARD_BUCKETS).optional(),
  /** IANA time zone that hours and days begin in. */
  zone: z
    .string()
    .max(64)
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/)
    .default('UTC'),
  /** The figures as they were at that moment; they then hold nothing live. */
  asOf: MomentText.optional(),
  atLeast: PositionText.optional(),
});
export type DashboardQuery = z.infer<typeof DashboardQuery>;

const Count = z.number().int();
const Instant = z.iso.datetime();

/** Milliseconds the gateway took, by successful attempt; bounds of histogram buckets, at most an eighth too high. */
export const LatencyFigures = z.object({ count: Count, p50: Count, p95: Count, p99: Count, max: Count });
export type LatencyFigures = z.infer<typeof LatencyFigures>;

const FlowFigures = z.object({
  /** Conversions requested: by upload, re-upload or retry. */
  submitted: Count,
  succeeded: Count,
  /** Jobs that failed for good. */
  failed: Count,
  failedByCode: z.partialRecord(JobFailureCode, Count),
  /** Attempts that failed and are repeated. */
  deferred: Count,
  /** Attempts whose worker was lost or stopped. */
  abandoned: Count,
  cancelled: Count,
  downloads: Count,
  /** Uploads that were refused before they became a job. */
  rejected: Count,
  /** Cleanup: files removed, and their bytes. */
  removedSources: Count,
  removedResults: Count,
  removedBytes: Count,
  /** Null when nothing succeeded. */
  latency: LatencyFigures.nullable(),
});

export const DashboardBucket = FlowFigures.extend({ start: Instant, end: Instant });
export type DashboardBucket = z.infer<typeof DashboardBucket>;

const StoredFiles = z.object({ files: Count, bytes: Count });

/** The figures that hold at one moment, whatever the window. */
export const StandingFigures = z.object({
  jobs: z.object({
    byState: z.record(JobStateName, Count),
    total: Count,
    /** Jobs that no worker has: queued and waiting. */
    queueDepth: Count,
    /** Queued, converting and waiting. */
    active: Count,
    /** Since when the active job that has been asked for the longest waits for its outcome; null in the past. */
    oldestActiveSince: Instant.nullable(),
    /** Jobs that are failed now, by code; codes without a job are left out. */
    failedByCode: z.partialRecord(JobFailureCode, Count),
  }),
  storage: z.object({ source: StoredFiles, result: StoredFiles }),
  breaker: z.object({
    /** Open when any processor's circuit breaker is. */
    state: z.enum(['closed', 'open']),
    since: Instant.nullable(),
    reason: z.string().nullable(),
    processors: z.array(
      z.object({ processorId: z.string(), since: Instant, failures: Count, lastCode: z.string() }),
    ),
  }),
  /** When a file was last removed by cleanup, to the minute. */
  lastRemovalAt: Instant.nullable(),
});

/** What exists only now; null in an answer about the past. */
export const PresentFigures = z.object({
  /** Processors that said that they live within a day. */
  workers: z.array(
    z.object({
      id: z.string(),
      startedAt: Instant,
      seenAt: Instant,
      alive: z.boolean(),
      /** Jobs whose attempt it has claimed. */
      converting: Count,
    }),
  ),
  projections: z.array(
    z.object({
      name: z.string(),
      version: z.number().int(),
      position: PositionText,
      /** Age of the oldest event that the tables do not show yet, 0 when they show everything; null: the log is away. */
      lagMs: Count.nullable(),
      /** When the checkpoint last moved. */
      updatedAt: Instant,
      /** Streams in quarantine. */
      held: Count,
    }),
  ),
  /** What is built again at present since the log is another one; empty as a rule. */
  rebuilding: z.array(
    z.object({
      /** A projection, or `work-list`. */
      name: z.string(),
      since: Instant,
      why: z.string(),
      position: PositionText,
      /** The log's end when it began: built again from there on. */
      until: PositionText,
    }),
  ),
  /** Position of the log's last event; null when the log is away. */
  logHead: PositionText.nullable(),
});

/** `GET /api/dashboard`. */
export const DashboardAnswer = StandingFigures.extend({
  /** The moment of the figures by the server's clock, or the moment that was asked for. */
  at: Instant,
  /** The log up to here is in the figures. */
  position: PositionText,
  /** True when `asOf` was asked for. */
  past: z.boolean(),
  window: z.object({
    range: z.enum(DASHBOARD_RANGES),
    bucket: z.enum(DASHBOARD_BUCKETS),
    zone: z.string(),
    from: Instant,
    to: Instant,
  }),
  /** Every bucket of the window in order, empty ones included; the last one is not over yet. */
  buckets: z.array(DashboardBucket),
  /** The window as one. */
  totals: FlowFigures,
  /** How many attempts took up to `leMs` and longer than the bucket before; empty buckets are left out. */
  histogram: z.array(z.object({ leMs: Count, count: Count })),
  present: PresentFigures.nullable(),
});
export type DashboardAnswer = z.infer<typeof DashboardAnswer>;

/** The one row of the live topic `ops:metrics`, sent once a second. It replaces the row before. */
export const OpsMetrics = StandingFigures.extend({
  key: z.literal('metrics'),
  at: Instant,
  position: PositionText,
  /** The minute that runs and the one before, by the minute, in UTC: enough to move a chart on. */
  recent: z.array(DashboardBucket),
  present: PresentFigures,
});
export type OpsMetrics = z.infer<typeof OpsMetrics>;
