import type { FoldedRow, Projection, ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import {
  openWriter,
  type ProjectionWriter,
  type WriterOptions,
} from '../read-store/projection-engine/writer.ts';
import {
  createDashboardV1,
  DASHBOARD_V1_TABLES,
  indexDashboardV1,
} from '../read-store/tables/dashboard-v1.ts';
import { createJobsV1, indexJobsV1, JOBS_V1_TABLES } from '../read-store/tables/jobs-v1.ts';
import { dashboardProjection } from './dashboard/projection.ts';
import { jobsProjection } from './jobs/projection.ts';
import { LIVE_FLUSH_AFTER_MS } from './live-buffer.ts';
import { runProjection, type ProjectionOptions, type RunningProjection } from './run-projection.ts';
import { DASHBOARD_TARGET, JOBS_TARGET } from './targets.ts';
import { verifyDashboard } from './verify-dashboard.ts';
import type { Verified, VerifyOptions } from './verified.ts';
import { verifyJobs } from './verify-jobs.ts';

/** How the tables of a projection are made in a schema of their own, and which views of schema `docket` show them. */
export interface ProjectionTables {
  /** The tables with the keys that writing needs. */
  create(schema: string): string;
  /** The other keys and indexes: one statement each at the end of a rebuild. */
  index(schema: string): string;
  readonly names: readonly string[];
}

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
  /** Compares the tables in use with the fold of the log. @throws LogUnavailable, ReadStoreUnavailable */
  verify(options: VerifyOptions): Promise<Verified>;
}

type Registered = 'projection' | 'target' | 'flushAfterMs';

/** Nobody looks at the figures more often than once a second; larger batches are cheaper. */
const DASHBOARD_FLUSH_AFTER_MS = 250;

function register<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  parts: Pick<RegisteredProjection, 'target' | 'tables' | 'isQueue' | 'verify'> & { flushAfterMs: number },
): RegisteredProjection {
  const { flushAfterMs, ...rest } = parts;
  return {
    ...rest,
    name: projection.name,
    run: (options, prepare) =>
      runProjection({ ...options, projection, target: parts.target, flushAfterMs }, prepare),
    openWriter: (options) => openWriter({ ...options, projection }),
  };
}

/** Every projection of Docket, in the order in which they are built. */
export const PROJECTIONS: readonly RegisteredProjection[] = [
  register(jobsProjection, {
    target: JOBS_TARGET,
    tables: { create: createJobsV1, index: indexJobsV1, names: JOBS_V1_TABLES },
    isQueue: true,
    flushAfterMs: LIVE_FLUSH_AFTER_MS,
    verify: verifyJobs,
  }),
  register(dashboardProjection, {
    target: DASHBOARD_TARGET,
    tables: { create: createDashboardV1, index: indexDashboardV1, names: DASHBOARD_V1_TABLES },
    isQueue: false,
    flushAfterMs: DASHBOARD_FLUSH_AFTER_MS,
    verify: verifyDashboard,
  }),
];

/** The projection of a name, or undefined. */
export function projectionNamed(name: string): RegisteredProjection | undefined {
  return PROJECTIONS.find((registered) => registered.name === name);
}
