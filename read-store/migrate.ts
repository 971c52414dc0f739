import knex, { type Knex } from 'knex';
import { ReadStoreUnavailable, readStoreError } from './read-store-errors.ts';
import type { Migration } from './migrations.ts';

/** Number of the lock: the word "docket", so that no other program uses it. */
const MIGRATION_LOCK = 0x646f_636b;
const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_SEC = 60;

export interface MigrateOptions {
  readonly url: string;
  /** The schema of the bookkeeping table. It is made if it does not exist. */
  readonly schema: string;
  readonly migrations: readonly Migration[];
}

/**
 * Brings the schema up to date and returns the names of the steps made. Several programs may do it at the same time.
 * One transaction contains everything, behind a lock that ends with it. So a program that dies half-way leaves
 * nothing. This also works behind PgBouncer, with which locks of a session do not work.
 * @throws ReadStoreUnavailable, or the error of a step
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  return locked(options, async (transaction, settings) => {
    const [, names] = (await transaction.migrate.latest(settings)) as [number, string[]];
    return names;
  });
}

/**
 * Undoes every step, the last one first, for tests and for the removal of Docket. Read tables can always be built
 * again.
 */
export async function unmigrate(options: MigrateOptions): Promise<string[]> {
  return locked(options, async (transaction, settings) => {
    const everyStep = true;
    const [, names] = (await transaction.migrate.rollback(settings, everyStep)) as [number, string[]];
    return names;
  });
}

async function locked<Result>(
  { url, schema, migrations }: MigrateOptions,
  work: (transaction: Knex, settings: Knex.MigratorConfig) => Promise<Result>,
): Promise<Result> {
  const database = knex({
    client: 'pg',
    connection: { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
    pool: { min: 0, max: 1 },
    acquireConnectionTimeout: CONNECT_TIMEOUT_MS,
    // The log of knex is silent, because knex also throws the errors.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });
  try {
    return await database.transaction(async (transaction) => {
      await transaction.raw(`set local lock_timeout = '${LOCK_TIMEOUT_SEC}s'`);
      await transaction.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
      await transaction.raw('create schema if not exists ??', [schema]);
      return work(transaction, {
        schemaName: schema,
        tableName: 'migrations',
        migrationSource: sourceOf(migrations),
      });
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'KnexTimeoutError')
      throw new ReadStoreUnavailable('no connection in time', { cause: error });
    throw readStoreError(error);
  } finally {
    await database.destroy();
  }
}

function silent(): void {}

function sourceOf(migrations: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: (migration) => migration.name,
    getMigration: ({ up, down }) => Promise.resolve({ up: stepOf(up), down: stepOf(down) }),
  };
}

/** Escapes question marks, because knex takes them as placeholders. */
function stepOf(text: string): (on: Knex) => Promise<void> {
  return async (on) => {
    await on.raw(text.replaceAll('?', '\\?'));
  };
}
