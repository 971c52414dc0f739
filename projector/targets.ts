import type { ProjectionTarget } from '../read-store/projection-engine/projection-definition.ts';
import { dashboardProjection } from './dashboard/dashboard-projection.ts';
import { jobsProjection } from './jobs/jobs-projection.ts';

/** The tables of the current version of projection `jobs`. */
export const JOBS_TARGET: ProjectionTarget = {
  ledger: jobsProjection.name,
  version: jobsProjection.version,
  schema: 'jobs_v1',
  underConstruction: false,
};

/** The tables of the current version of projection `dashboard`. */
export const DASHBOARD_TARGET: ProjectionTarget = {
  ledger: dashboardProjection.name,
  version: dashboardProjection.version,
  schema: 'dashboard_v1',
  underConstruction: false,
};
