import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from '../../processor/migrations/all.ts';
import { startEmbeddedPostgres } from '../../read-store/embedded/start.ts';
import { migrate } from '../../read-store/migrate.ts';
import { createLog } from '../../runtime/log.ts';

const run = promisify(execFile);
/** Where the prepared folder is, for the processes of the groups. */
const PREPARED = 'DRILL_POSTGRES';
/** What `startEmbeddedPostgres` calls the folder of the database files. */
const CLUSTER = 'cluster';

/**
 * Makes, once for all houses, the files of a Postgres whose schemas are migrated and whose tables are empty, and stops
 * it in order. Each house copies them, so that none pays for `initdb` and the migrations. The folder goes when this
 * process ends.
 */
export async function preparePostgres(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-drill-prepared-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ directory, log: createLog('drill-postgres', 'silent') });
  try {
    await migrate({ url: server.url });
    await migrate({ url: server.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
  } finally {
    await server.stop();
  }
  process.env[PREPARED] = directory;
}

/** Puts a copy of the prepared files into `directory`, with their owner; does nothing when none were prepared. */
export async function copyPrepared(directory: string): Promise<void> {
  const prepared = process.env[PREPARED];
  if (prepared === undefined) return;
  await mkdir(directory, { recursive: true });
  await run('cp', ['-a', '--reflink=auto', join(prepared, CLUSTER), join(directory, CLUSTER)]);
}
