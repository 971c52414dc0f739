import { readMigrations } from '../../read-store/migrations.ts';

/** Schema of the processor's own tables. */
export const PROCESSOR_SCHEMA = 'processor';

/** Every step of the processor's schema, in order. */
export const PROCESSOR_MIGRATIONS = readMigrations(import.meta.dirname);
