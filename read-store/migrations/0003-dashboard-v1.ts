import {
  createDashboardV1,
  DASHBOARD_V1_SCHEMA,
  DASHBOARD_V1_TABLES,
  indexDashboardV1,
} from '../tables/dashboard-v1.ts';
import { JOBS_V1_SCHEMA, pointViewsAt } from '../tables/jobs-v1.ts';
import type { Migration } from './migration.ts';

/**
 * Projection `dashboard`, version 1, empty and current; and the timeline by time, so that a moment of the past is
 * found. The timeline grows in the order of time, nearly, which is what a BRIN index is for: a few pages, and next to
 * nothing to write.
 */
export const dashboardV1: Migration = {
  name: '0003-dashboard-v1',
  async up(transaction) {
    await transaction.raw(createDashboardV1(DASHBOARD_V1_SCHEMA));
    await transaction.raw(indexDashboardV1(DASHBOARD_V1_SCHEMA));
    await transaction.raw(pointViewsAt(DASHBOARD_V1_SCHEMA, DASHBOARD_V1_TABLES));
    await transaction.raw(`
      create index if not exists job_events_by_at on ${JOBS_V1_SCHEMA}.job_events using brin (at, position)
        with (pages_per_range = 16, autosummarize = on);
      insert into docket.projections (name, version, epoch, is_current)
        values ('dashboard', 1, gen_random_uuid(), true);`);
  },
  async down(transaction) {
    await transaction.raw(`
      drop view ${DASHBOARD_V1_TABLES.map((table) => `docket.${table}`).join(', ')};
      drop schema ${DASHBOARD_V1_SCHEMA} cascade;
      drop index ${JOBS_V1_SCHEMA}.job_events_by_at;
      delete from docket.projections where name = 'dashboard' and version = 1;
      delete from docket.checkpoints where projection = 'dashboard' and version = 1;
      delete from docket.projection_leases where projection = 'dashboard' and version = 1;
      delete from docket.quarantine where projection = 'dashboard' and version = 1;`);
  },
};
