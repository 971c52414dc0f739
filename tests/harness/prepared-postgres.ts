import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../../postgres-server/account.ts';
import { postgresBinaries } from '../../postgres-server/binaries.ts';
import { CLUSTER, ensureCluster, asSuperuser } from '../../postgres-server/cluster.ts';
import { PASSWORDS_FILE } from '../../postgres-server/passwords.ts';
import { ensurePasswords } from '../../postgres-server/set-aside.ts';
import { ROLE } from '../../postgres-server/roles.ts';
import { startEmbeddedPostgres } from '../../postgres-server/start.ts';
import { createLog } from '../../runtime/log/log.ts';

const run = promisify(execFile);
/** The path of the prepared folder, for processes that are started later. */
const PREPARED = 'PREPARED_POSTGRES';
const log = createLog('prepared-postgres', 'silent');

/**
 * Makes the files of a Postgres in `directory`, calls `fill` to write into it, and stops it in order. Every test
 * Postgres of this process and its children begins as a copy, so one `initdb` is enough for all.
 */
export async function preparePostgres(
  directory: string,
  fill: (url: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  await makeTestCluster(directory);
  const server = await startEmbeddedPostgres({ directory, log });
  try {
    await fill(server.url);
  } finally {
    await server.stop();
  }
  process.env[PREPARED] = directory;
}

/** Puts a copy of the prepared files into `directory`, with their owner. Makes the files when none were prepared. */
export async function copyPrepared(directory: string): Promise<void> {
  const prepared = process.env[PREPARED];
  if (prepared === undefined) return makeTestCluster(directory);
  await mkdir(directory, { recursive: true });
  const files = [CLUSTER, PASSWORDS_FILE].map((name) => join(prepared, name));
  await run('cp', ['-a', '--reflink=auto', ...files, directory]);
}

/** The rights are as after a normal start, except for one: a test file may make a database for each of its tests. */
async function makeTestCluster(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const account = serverAccount();
  const binaries = await postgresBinaries(directory, account);
  const passwords = await ensurePasswords(directory, account, log);
  const cluster = await ensureCluster({ directory, binaries, account, passwords });
  await asSuperuser({ cluster, binaries, account }, [`alter role ${ROLE} createdb`]);
}
