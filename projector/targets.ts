import type { ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import { DASHBOARD_V1_SCHEMA } from '../read-store/tables/dashboard-v1.ts';
import { JOBS_V1_SCHEMA } from '../read-store/tables/jobs-v1.ts';
import { dashboardProjection } from './dashboard/projection.ts';
import { jobsProjection } from './jobs/projection.ts';

/** Where the current version of projection `jobs` is written. */
export const JOBS_TARGET: ProjectionTarget = {
  ledger: jobsProjection.name,
  version: jobsProjection.version,
  schema: JOBS_V1_SCHEMA,
  underConstruction: false,
};

/** Where the current version of projection `dashboard` is written. */
export const DASHBOARD_TARGET: ProjectionTarget = {
  ledger: dashboardProjection.name,
  version: dashboardProjection.version,
  schema: DASHBOARD_V1_SCHEMA,
  underConstruction: false,
};
