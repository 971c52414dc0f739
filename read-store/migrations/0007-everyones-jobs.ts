import { indexEveryonesHistory } from '../tables/job-history.ts';
import { JOBS_V1_SCHEMA } from '../tables/jobs-v1.ts';
import type { Migration } from './migration.ts';

/** Indexes for lists of everyone's jobs, now and in the past; tables that were just made have them already. */
export const everyonesJobs: Migration = {
  name: '0007-everyones-jobs',
  async up(transaction) {
    await transaction.raw(`
      create index if not exists jobs_by_created on ${JOBS_V1_SCHEMA}.jobs (created_at, job_id);
      ${indexEveryonesHistory(JOBS_V1_SCHEMA)}`);
  },
  async down(transaction) {
    await transaction.raw(`
      drop index if exists ${JOBS_V1_SCHEMA}.jobs_by_created, ${JOBS_V1_SCHEMA}.job_history_by_created`);
  },
};
