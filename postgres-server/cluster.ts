import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerAccount } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { withPlainPath } from './plain-path.ts';
import { EmbeddedPostgresFailed, outputFailure } from './failure.ts';
import { runProgram } from './run-program.ts';
import { clusterArgument } from './cluster-argument.ts';
import type { Passwords } from './passwords.ts';
import { firstStatements, HOST_BASED_ACCESS, SUPERUSER } from './roles.ts';
import { asSuperuser } from './single-user.ts';

const INITDB_TIMEOUT_MS = 120_000;
/** The folder of the database files. */
export const CLUSTER = 'cluster';
/** Begins the name of a folder in which database files are being made. */
export const UNFINISHED = 'unfinished-';

/** Where and how the database files are made. */
export interface ClusterPlace {
  readonly directory: string;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount;
  /** Of the roles of a server that is made. */
  readonly passwords: Passwords;
  /** Ends the making. */
  readonly stop?: AbortSignal;
}

/**
 * The folder of the database files, made when it is not there. It appears whole or not at all.
 * @throws EmbeddedPostgresFailed
 */
export async function ensureCluster(place: ClusterPlace): Promise<string> {
  const { directory, account } = place;
  const cluster = join(directory, CLUSTER);
  if (await belongsToUs(cluster, account)) {
    // An older Docket that ran on the folder meanwhile let everybody in.
    await writeFile(join(cluster, 'pg_hba.conf'), HOST_BASED_ACCESS);
    return cluster;
  }
  const unfinished = await mkdtemp(join(directory, UNFINISHED));
  try {
    const fresh = join(unfinished, CLUSTER);
    await mkdir(fresh, { mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined) await chown(fresh, account.uid, account.gid);
    await initialise(fresh, place);
    await writeFile(join(fresh, 'pg_hba.conf'), HOST_BASED_ACCESS);
    await rename(fresh, cluster);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return cluster;
}

/**
 * Whether there are database files, and they are ours.
 * @throws EmbeddedPostgresFailed when they are somebody else's or none at all
 */
export async function belongsToUs(cluster: string, account: ServerAccount): Promise<boolean> {
  let owner: number;
  try {
    owner = (await stat(cluster)).uid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (owner !== (account.uid ?? process.getuid?.()))
    throw new EmbeddedPostgresFailed(
      `Postgres cannot start: ${cluster} belongs to user ${owner}; start Docket as the user who made it.`,
    );

  await readFile(join(cluster, 'PG_VERSION')).catch((error: unknown) => {
    throw outputFailure(cluster, `is not a valid data directory (${String(error)})`, null);
  });
  return true;
}

/** Sorting and case by Unicode code point, from Postgres itself: the same on every machine, whatever is installed. */
async function initialise(
  fresh: string,
  { binaries, account, passwords, stop }: ClusterPlace,
): Promise<void> {
  const options = ['--auth=reject', `--username=${SUPERUSER}`, '--encoding=UTF8', '--no-instructions'];
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await withPlainPath(binaries, account, async (programs) => {
    const { code, errors } = await runProgram(
      programs.initdb,
      ['-D', clusterArgument(fresh, account), ...options, ...locale],
      { account, cwd: fresh, timeoutMs: INITDB_TIMEOUT_MS, ...(stop && { stop }) },
    );
    if (code !== 0) throw outputFailure(fresh, errors, code);
    const made = { cluster: fresh, binaries: programs, account, ...(stop && { stop }) };
    await asSuperuser(made, firstStatements(passwords));
  });
}
