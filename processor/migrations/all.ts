import { readMigrations } from '../../read-store/migrations.ts';

/** The Postgres schema of the processor's own tables. */
export const PROCESSOR_SCHEMA = 'processor';

/** Every migration of the processor's schema, in order. */
export const PROCESSOR_MIGRATIONS = readMigrations(import.meta.dirname);
