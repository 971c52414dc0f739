import { indexHistoryByState } from '../tables/job-history.ts';
import { indexJobsByCreation, JOBS_V1_SCHEMA } from '../tables/jobs-v1.ts';
import type { Migration } from './migration.ts';

/** Indexes by which lists of the past stay quick as the log grows; tables that were just made have the first already. */
export const pastLists: Migration = {
  name: '0008-past-lists',
  async up(transaction) {
    await transaction.raw(`
      drop index ${JOBS_V1_SCHEMA}.jobs_by_owner_created, ${JOBS_V1_SCHEMA}.jobs_by_created;
      ${indexJobsByCreation(JOBS_V1_SCHEMA)}
      drop index if exists ${JOBS_V1_SCHEMA}.job_history_by_state;
      ${indexHistoryByState(JOBS_V1_SCHEMA)}`);
  },
  async down(transaction) {
    await transaction.raw(`
      drop index ${JOBS_V1_SCHEMA}.jobs_by_owner_created, ${JOBS_V1_SCHEMA}.jobs_by_created,
        ${JOBS_V1_SCHEMA}.job_history_by_state;
      create index jobs_by_owner_created on ${JOBS_V1_SCHEMA}.jobs (owner, created_at, job_id);
      create index jobs_by_created on ${JOBS_V1_SCHEMA}.jobs (created_at, job_id);`);
  },
};
