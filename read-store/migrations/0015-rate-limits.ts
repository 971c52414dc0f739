import type { Migration } from './migration.ts';

/**
 * Counts of requests that several processes share (`RATE_LIMIT_STORE=postgres`). The columns are those that
 * rate-limiter-flexible writes. Unlogged: after a crash of Postgres counting begins anew, which harms nobody.
 */
export const rateLimits: Migration = {
  name: '0015-rate-limits',
  async up(transaction) {
    await transaction.raw(`
      create unlogged table docket.rate_limits (
        key varchar(255) primary key,
        points integer not null default 0,
        expire bigint
      )`);
  },
  async down(transaction) {
    await transaction.raw('drop table docket.rate_limits');
  },
};
