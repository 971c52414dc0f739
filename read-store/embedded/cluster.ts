import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerAccount } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { withPlainPath } from './plain-path.ts';
import { EmbeddedPostgresFailed, outputFailure } from './failure.ts';
import { runProgram } from './run-program.ts';
import { ANALYST_ROLE } from '../analytics/reader-role.ts';

/** The only role and the only database; everything runs on one machine, under one account. */
export const ROLE = 'docket';
export const DATABASE = 'docket';
const INITDB_TIMEOUT_MS = 120_000;
/** The folder of the database files. */
export const CLUSTER = 'cluster';
/** Begins the name of a folder in which database files are being made. */
export const UNFINISHED = 'unfinished-';

/** Connections come from this machine's own loopback address, and from nowhere else. */
const HOST_BASED_ACCESS = [ROLE, ANALYST_ROLE]
  .map((role) => `host all ${role} 127.0.0.1/32 trust\n`)
  .join('');

/**
 * How the server names its own folder. As root we enter the folder first and give up our rights then, so it works
 * even where the account could not walk to, such as a checkout below /root.
 */
export function clusterArgument(cluster: string, account: ServerAccount): string {
  return account.uid === undefined ? cluster : '/proc/self/cwd';
}

/** Where and how the database files are made. */
export interface ClusterPlace {
  readonly directory: string;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount;
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
    // A folder of an older Docket may let fewer roles in.
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

async function belongsToUs(cluster: string, account: ServerAccount): Promise<boolean> {
  let owner: number;
  try {
    owner = (await stat(cluster)).uid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (owner !== (account.uid ?? process.getuid?.())) {
    throw new EmbeddedPostgresFailed(
      `Postgres cannot start: ${cluster} belongs to user ${owner}; start Docket as the user who made it.`,
    );
  }
  await readFile(join(cluster, 'PG_VERSION')).catch((error: unknown) => {
    throw outputFailure(cluster, `is not a valid data directory (${String(error)})`, null);
  });
  return true;
}

/** Sorting and case by Unicode code point, from Postgres itself: the same on every machine, whatever is installed. */
async function initialise(fresh: string, { binaries, account, stop }: ClusterPlace): Promise<void> {
  const options = ['--auth=trust', `--username=${ROLE}`, '--encoding=UTF8', '--no-instructions'];
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await withPlainPath(binaries, account, async ({ initdb }) => {
    const { code, errors } = await runProgram(
      initdb,
      ['-D', clusterArgument(fresh, account), ...options, ...locale],
      { account, cwd: fresh, timeoutMs: INITDB_TIMEOUT_MS, ...(stop && { stop }) },
    );
    if (code !== 0) throw outputFailure(fresh, errors, code);
  });
}
