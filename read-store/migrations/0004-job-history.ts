import { createJobHistory, indexJobHistory } from '../tables/job-history.ts';
import { JOBS_V1_SCHEMA, pointViewsAt } from '../tables/jobs-v1.ts';
import type { Migration } from './migration.ts';

/**
 * The past of table `jobs`. Only the log can tell it, so tables that hold rows already are emptied and the projector
 * fills them again from the first event; raising the fencing epoch makes one that runs meanwhile start over.
 */
export const jobHistory: Migration = {
  name: '0004-job-history',
  async up(transaction) {
    await transaction.raw(`
      ${createJobHistory(JOBS_V1_SCHEMA)}
      ${indexJobHistory(JOBS_V1_SCHEMA)}
      ${pointViewsAt(JOBS_V1_SCHEMA, ['job_history'])}
      truncate ${JOBS_V1_SCHEMA}.jobs, ${JOBS_V1_SCHEMA}.job_events, ${JOBS_V1_SCHEMA}.job_artifacts;
      delete from docket.checkpoints where projection = 'jobs' and version = 1;
      delete from docket.quarantine where projection = 'jobs' and version = 1;
      update docket.projection_leases set fencing_epoch = fencing_epoch + 1
        where projection = 'jobs' and version = 1;
      update docket.projections set epoch = gen_random_uuid() where name = 'jobs' and version = 1;`);
  },
  async down(transaction) {
    await transaction.raw(`
      drop view docket.job_history;
      drop table ${JOBS_V1_SCHEMA}.job_history;`);
  },
};
