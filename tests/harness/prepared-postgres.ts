import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '../../read-store/embedded/start.ts';
import { createLog } from '../../runtime/log.ts';

const run = promisify(execFile);
/** Where the prepared folder is, for the processes that are started after it. */
const PREPARED = 'PREPARED_POSTGRES';
/** What `startEmbeddedPostgres` calls the folder of the database files. */
const CLUSTER = 'cluster';

/**
 * Makes the files of a Postgres in `directory`, has `fill` write into it, and stops it in order. Every test Postgres of
 * this process and its children begins as a copy, so that one `initdb` serves them all.
 */
export async function preparePostgres(
  directory: string,
  fill: (url: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const server = await startEmbeddedPostgres({ directory, log: createLog('prepared-postgres', 'silent') });
  try {
    await fill(server.url);
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
