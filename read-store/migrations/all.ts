import { projectionLedger } from './0001-projection-ledger.ts';
import { jobsV1 } from './0002-jobs-v1.ts';
import { dashboardV1 } from './0003-dashboard-v1.ts';
import { jobHistory } from './0004-job-history.ts';
import { analytics } from './0005-analytics.ts';
import { projectionVersions } from './0006-projection-versions.ts';
import { everyonesJobs } from './0007-everyones-jobs.ts';
import { pastLists } from './0008-past-lists.ts';
import { rateLimits } from './0015-rate-limits.ts';
import { logMarks } from './0016-log-marks.ts';
import type { Migration } from './migration.ts';

/** Every step of the read store's schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  projectionLedger,
  jobsV1,
  dashboardV1,
  jobHistory,
  analytics,
  projectionVersions,
  everyonesJobs,
  pastLists,
  rateLimits,
  logMarks,
];
