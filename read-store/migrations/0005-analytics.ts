import { FAILURES_BY_CODE, LATENCY_DAILY, STORAGE, THROUGHPUT_HOURLY } from '../analytics/flow-views.ts';
import { ATTEMPTS, JOBS, OWNERS, TRANSITIONS } from '../analytics/job-views.ts';
import { CREATE_ANALYST_ROLE, GRANT_TO_ANALYSTS } from '../analytics/reader-role.ts';
import { createView } from '../analytics/view.ts';
import type { Migration } from './migration.ts';

const VIEWS = [
  JOBS,
  TRANSITIONS,
  ATTEMPTS,
  OWNERS,
  THROUGHPUT_HOURLY,
  FAILURES_BY_CODE,
  LATENCY_DAILY,
  STORAGE,
];

/** Schema `analytics`: what analysts may build on (docs/analytics.md), and the role that reads it. */
export const analytics: Migration = {
  name: '0005-analytics',
  async up(transaction) {
    await transaction.raw('create schema analytics');
    await transaction.raw(
      `comment on schema analytics is 'Documented, stable views for analysts; all times are UTC instants.'`,
    );
    for (const view of VIEWS) await transaction.raw(createView(view).replaceAll('?', '\\?'));
    await transaction.raw(CREATE_ANALYST_ROLE);
    await transaction.raw(GRANT_TO_ANALYSTS);
  },
  async down(transaction) {
    // The role stays: another database of the same server may need it.
    await transaction.raw('drop schema analytics cascade');
  },
};
