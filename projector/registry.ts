import { openBulkWriter, type BulkWriter } from '../read-store/projection-engine/bulk-writer.ts';
import type {
  FoldedRow,
  Projection,
  ProjectionTarget,
} from '../read-store/projection-engine/projection-definition.ts';
import type { WriterOptions } from '../read-store/projection-engine/writer-options.ts';
import { openWriter, type ProjectionWriter } from '../read-store/projection-engine/writer.ts';
import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import { DASHBOARD_TABLES, JOBS_TABLES, type ProjectionTables } from '../read-tables/tables.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { dashboardProjection } from './dashboard/dashboard-projection.ts';
import { jobsProjection } from './jobs/jobs-projection.ts';
import { LIVE_FLUSH_AFTER_MS } from './following/live-buffer.ts';
import { runProjection, type ProjectionOptions, type RunningProjection } from './following/run-projection.ts';
import { DASHBOARD_TARGET, JOBS_TARGET } from './targets.ts';
import { verifyDashboard } from './verify/verify-dashboard.ts';
import type { Verified, VerifyOptions } from './verify/verified.ts';
import { verifyJobs } from './verify/verify-jobs.ts';
import { traceOf, type TracedStep } from './verify/trace.ts';

/** A projection, its tables in use, and the operations on them. The types of its events and rows are hidden. */
export interface RegisteredProjection {
  readonly name: string;
  /** The tables in use. */
  readonly target: ProjectionTarget;
  readonly tables: ProjectionTables;
  /**
   * True for the projection whose readers hear of new positions. A projector that does not follow the log for this
   * projection is not ready.
   */
  readonly isQueue: boolean;
  run(
    options: Omit<ProjectionOptions<never, never>, Registered>,
    prepare: () => Promise<unknown>,
  ): RunningProjection;
  /**
   * Opens tables for writing. The default is the tables in use.
   * @throws as `openWriter`
   */
  openWriter(options: Omit<WriterOptions<never, never>, 'projection'>): Promise<ProjectionWriter>;
  /**
   * Opens new tables for filling.
   * @throws as `openBulkWriter`
   */
  openBulkWriter(options: Omit<WriterOptions<never, never>, 'projection'>): Promise<BulkWriter>;
  /** The way in which the tables of two versions are compared. */
  readonly compared: Compared;
  /** The stream to which a key of `compared` belongs. */
  streamOf(key: string): string;
  /** Folds the events of a stream step by step, and returns the rows of each step. */
  trace(events: readonly StoredEvent[]): readonly TracedStep[];
  /**
   * Compares the tables in use with the fold of the log.
   * @throws LogUnavailable, ReadStoreUnavailable
   */
  verify(options: VerifyOptions): Promise<Verified>;
}

/** Tables in which each row belongs to one key, such as a job. */
export interface Compared {
  readonly key: { readonly name: string; readonly type: string };
  /** The table with one row for each key, which stores the revision of its last event. */
  readonly rows: string;
  readonly tables: readonly string[];
}

type Registered = 'projection' | 'target' | 'flushAfterMs';

/** The batches are large, because they cost less and the console requests the figures at most once a second. */
const DASHBOARD_FLUSH_AFTER_MS = 250;

function comparedOf<Event, Row extends FoldedRow>({ rows, derived }: Projection<Event, Row>): Compared {
  const { name, type } = rows.columns[0]!;
  const keyed = derived.filter(({ columns }) => columns.some((column) => column.name === name));
  return { key: { name, type }, rows: rows.name, tables: [rows.name, ...keyed.map((table) => table.name)] };
}

/** Registers a projection, so that services and commands can run, build and compare it. */
export function register<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  parts: Pick<RegisteredProjection, 'target' | 'tables' | 'isQueue' | 'verify'> & { flushAfterMs: number },
): RegisteredProjection {
  const { flushAfterMs, ...rest } = parts;
  return {
    ...rest,
    name: projection.name,
    compared: comparedOf(projection),
    streamOf: (key) => (projection.keyOf(key) === key ? key : jobStream(key)),
    trace: (events) => traceOf(projection, events),
    run: (options, prepare) =>
      runProjection({ ...options, projection, target: parts.target, flushAfterMs }, prepare),
    openWriter: (options) => openWriter({ ...options, projection }),
    openBulkWriter: (options) => openBulkWriter({ ...options, projection }),
  };
}

/**
 * Every projection of Docket, in the order of building. While two versions may be in use, the new version is listed
 * after the old version and has its own target.
 */
export const PROJECTIONS: readonly RegisteredProjection[] = [
  register(jobsProjection, {
    target: JOBS_TARGET,
    tables: JOBS_TABLES,
    isQueue: true,
    flushAfterMs: LIVE_FLUSH_AFTER_MS,
    verify: verifyJobs,
  }),
  register(dashboardProjection, {
    target: DASHBOARD_TARGET,
    tables: DASHBOARD_TABLES,
    isQueue: false,
    flushAfterMs: DASHBOARD_FLUSH_AFTER_MS,
    verify: verifyDashboard,
  }),
];

/** The newest version of a projection, or undefined. */
export function projectionNamed(name: string): RegisteredProjection | undefined {
  return PROJECTIONS.findLast((registered) => registered.name === name);
}
