import { readMigrations } from '../../read-store/migrations.ts';

/** The Postgres schema of the processor's own tables. */
export const PROCESSOR_SCHEMA = 'processor';

/** Every migration of that schema, in order. */
export const PROCESSOR_MIGRATIONS = readMigrations(import.meta.dirname);
