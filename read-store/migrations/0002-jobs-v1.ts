import {
  createJobsV1,
  indexJobsV1,
  JOBS_V1_SCHEMA,
  JOBS_V1_TABLES,
  pointViewsAt,
} from '../tables/jobs-v1.ts';
import type { Migration } from './migration.ts';

/** Projection `jobs`, version 1, empty and current. Its checkpoint appears with its first batch. */
export const jobsV1: Migration = {
  name: '0002-jobs-v1',
  async up(transaction) {
    await transaction.raw(createJobsV1(JOBS_V1_SCHEMA));
    await transaction.raw(indexJobsV1(JOBS_V1_SCHEMA));
    await transaction.raw(pointViewsAt(JOBS_V1_SCHEMA, JOBS_V1_TABLES));
    await transaction.raw(`
      insert into docket.projections (name, version, epoch, is_current)
        values ('jobs', 1, gen_random_uuid(), true);`);
  },
  async down(transaction) {
    await transaction.raw(`
      drop view ${JOBS_V1_TABLES.map((table) => `docket.${table}`).join(', ')};
      drop schema ${JOBS_V1_SCHEMA} cascade;
      delete from docket.projections where name = 'jobs' and version = 1;
      delete from docket.checkpoints where projection = 'jobs' and version = 1;
      delete from docket.projection_leases where projection = 'jobs' and version = 1;
      delete from docket.quarantine where projection = 'jobs' and version = 1;`);
  },
};
