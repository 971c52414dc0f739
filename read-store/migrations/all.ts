import { projectionLedger } from './0001-projection-ledger.ts';
import { jobsV1 } from './0002-jobs-v1.ts';
import { dashboardV1 } from './0003-dashboard-v1.ts';
import type { Migration } from './migration.ts';

/** Every step of the read store's schema, in order. */
export const MIGRATIONS: readonly Migration[] = [projectionLedger, jobsV1, dashboardV1];
