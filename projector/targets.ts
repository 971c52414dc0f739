import type { ProjectionTarget } from '../read-store/projection-engine/projection-definition.ts';
import { dashboardProjection } from './dashboard/dashboard-projection.ts';
import { jobsProjection } from './jobs/jobs-projection.ts';

/** Where the current version of projection `jobs` is written. */
export const JOBS_TARGET: ProjectionTarget = {
  ledger: jobsProjection.name,
  version: jobsProjection.version,
  schema: 'jobs_v1',
  underConstruction: false,
};

/** Where the current version of projection `dashboard` is written. */
export const DASHBOARD_TARGET: ProjectionTarget = {
  ledger: dashboardProjection.name,
  version: dashboardProjection.version,
  schema: 'dashboard_v1',
  underConstruction: false,
};
