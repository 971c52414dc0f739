import type { Migration } from '../../read-store/migrations/migration.ts';

/** What other rooms may read of the processors: who they are, since when, and when they last said that they live. */
export const workers: Migration = {
  name: '0003-workers',
  async up(transaction) {
    await transaction.raw(`
    create view processor.workers as
      select processor_id, worker_id, started_at, beat_at from processor.processors;`);
  },
  async down(transaction) {
    await transaction.raw(`drop view processor.workers;`);
  },
};
