import type { Migration } from '../../read-store/migrations/migration.ts';

/** Who runs retention, when it last ran to the end, and how far each trail is settled: position by name. */
export const retention: Migration = {
  name: '0002-retention',
  async up(transaction) {
    await transaction.raw(`
    create table processor.retention (
      name text primary key,
      holder text,
      epoch bigint not null default 0,
      held_until timestamptz,
      ran_at timestamptz,
      marks jsonb not null default '{}'
    );`);
  },
  async down(transaction) {
    await transaction.raw(`drop table processor.retention;`);
  },
};
