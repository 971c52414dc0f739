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
import { jobStream } from '../schemas/streams.ts';
import { dashboardProjection } from './dashboard/dashboard-projection.ts';
import { jobsProjection } from './jobs/jobs-projection.ts';
import { LIVE_FLUSH_AFTER_MS } from './following/live-buffer.ts';
import { runProjection, type ProjectionOptions, type RunningProjection } from './following/run-projection.ts';
import { DASHBOARD_TARGET, JOBS_TARGET } from './targets.ts';
import { verifyDashboard } from './verify/verify-dashboard.ts';
import type { Verified, VerifyOptions } from './verify/verified.ts';
import { verifyJobs } from './verify/verify-jobs.ts';
import { traceOf, type TracedStep } from './verify/trace.ts';

/** A projection, the tables in use, and what can be done with them; its events and rows are nobody else's business. */
export interface RegisteredProjection {
  readonly name: string;
  /** Where the tables in use stand. */
  readonly target: ProjectionTarget;
  readonly tables: ProjectionTables;
  /** True for the one that readers wait for: its position is told, and a projector without it is not ready. */
  readonly isQueue: boolean;
  run(
    options: Omit<ProjectionOptions<never, never>, Registered>,
    prepare: () => Promise<unknown>,
  ): RunningProjection;
  /** Opens tables for writing: those in use, or others. @throws as `openWriter` */
  openWriter(options: Omit<WriterOptions<never, never>, 'projection'>): Promise<ProjectionWriter>;
  /** Opens new tables for being filled. @throws as `openBulkWriter` */
  openBulkWriter(options: Omit<WriterOptions<never, never>, 'projection'>): Promise<BulkWriter>;
  /** How the tables of two versions are compared. */
  readonly compared: Compared;
  /** The stream that a key of `compared` belongs to. */
  streamOf(key: string): string;
  /** What each event of a stream makes of its rows, step by step. */
  trace(events: readonly StoredEvent[]): readonly TracedStep[];
  /** Compares the tables in use with the fold of the log. @throws LogUnavailable, ReadStoreUnavailable */
  verify(options: VerifyOptions): Promise<Verified>;
}

/** Tables whose rows belong to one key each, such as a job. */
export interface Compared {
  /** Name and type of the key. */
  readonly key: { readonly name: string; readonly type: string };
  /** The table with one row a key, which knows the revision of its last event. */
  readonly rows: string;
  readonly tables: readonly string[];
}

type Registered = 'projection' | 'target' | 'flushAfterMs';

/** The console asks for the figures once a second at most, and larger batches are cheaper. */
const DASHBOARD_FLUSH_AFTER_MS = 250;

function comparedOf<Event, Row extends FoldedRow>({ rows, derived }: Projection<Event, Row>): Compared {
  const { name, type } = rows.columns[0]!;
  const keyed = derived.filter(({ columns }) => columns.some((column) => column.name === name));
  return { key: { name, type }, rows: rows.name, tables: [rows.name, ...keyed.map((table) => table.name)] };
}

/** Makes a projection one that the services and commands can run, build and compare. */
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
 * Every projection of Docket, in the order in which they are built. A new version stands after the one before it, with
 * a target of its own, for as long as both may be in use.
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
