import { join } from 'node:path';
import { migrate, unmigrate } from '../read-store/migrate.ts';
import { readMigrations } from '../read-store/migrations.ts';

/** Every migration of schema `docket`: the tables in use, the records of the projections, and the views of analysts. */
export const READ_TABLE_MIGRATIONS = readMigrations(join(import.meta.dirname, 'migrations'));

const SCHEMA = 'docket';

/**
 * Migrates the read tables of a database, and returns the names of the steps made.
 * @throws as `migrate`
 */
export function migrateReadTables(url: string): Promise<string[]> {
  return migrate({ url, schema: SCHEMA, migrations: READ_TABLE_MIGRATIONS });
}

/**
 * Undoes every step, the last one first, for tests and for the removal of Docket. Read tables can always be built
 * again.
 */
export function unmigrateReadTables(url: string): Promise<string[]> {
  return unmigrate({ url, schema: SCHEMA, migrations: READ_TABLE_MIGRATIONS });
}
