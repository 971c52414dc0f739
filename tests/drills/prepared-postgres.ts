import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from '../../processor/migrations/all.ts';
import { migrate } from '../../read-store/migrate.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import * as harness from '../harness/prepared-postgres.ts';

/**
 * Makes, once for all installations, the files of a Postgres whose schemas are migrated and whose tables are empty, so that
 * none pays for `initdb` and the migrations. The folder goes when this process ends.
 */
export async function preparePostgres(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-drill-prepared-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  await harness.preparePostgres(directory, async (url) => {
    await migrateReadTables(url);
    await migrate({ url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
  });
}
