import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile, chmod, cp } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { tmpdir } from 'node:os';
import type { ServerAccount } from './account.ts';
import { type PostgresBinaries, openToRead } from './binaries.ts';
import { clusterArgument } from './cluster-argument.ts';
import { EmbeddedPostgresFailed, outputFailure } from './failure.ts';
import type { Passwords } from './passwords.ts';
import { firstStatements, HOST_BASED_ACCESS, SUPERUSER } from './roles.ts';
import { runProgram } from './run-program.ts';

const TIMEOUT_MS = 120_000;

/**
 * Runs statements as the superuser on database files that no server uses, in Postgres' single-user mode, without a
 * server and its ports. Stops at the first failed statement.
 *
 * @param statements SQL without empty lines, because an empty line ends a statement in this mode
 * @throws EmbeddedPostgresFailed
 */
export async function asSuperuser(
  place: {
    readonly cluster: string;
    readonly binaries: PostgresBinaries;
    readonly account: ServerAccount;
    readonly stop?: AbortSignal;
  },
  statements: readonly string[],
): Promise<void> {
  const { cluster, binaries, account, stop } = place;
  const options = ['-j', '-c', 'exit_on_error=on', '-c', 'io_method=sync', '-c', 'log_min_messages=warning'];
  const { code, errors } = await runProgram(
    binaries.postgres,
    ['--single', '-D', clusterArgument(cluster, account), ...options, 'postgres'],
    {
      account,
      cwd: cluster,
      timeoutMs: TIMEOUT_MS,
      input: statements.map((statement) => `${statement.replace(/;\s*$/, '')};\n\n`).join(''),
      ...(stop && { stop }),
    },
  );
  if (code !== 0) throw outputFailure(cluster, errors, code);
}

const INITDB_TIMEOUT_MS = 120_000;
/** The folder of the database files. */
export const CLUSTER = 'cluster';
/** Prefix of the name of a folder in which database files are being made. */
export const UNFINISHED = 'unfinished-';

/** The place and the settings of the database files. */
export interface ClusterPlace {
  readonly directory: string;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount;
  /** Passwords for the roles of a new server. */
  readonly passwords: Passwords;
  /** Ends the creation of the files. */
  readonly stop?: AbortSignal;
}

/**
 * Returns the folder of the database files, and makes the folder when it is missing. The folder appears completely or
 * not at all.
 * @throws EmbeddedPostgresFailed
 */
export async function ensureCluster(place: ClusterPlace): Promise<string> {
  const { directory, account } = place;
  const cluster = join(directory, CLUSTER);
  if (await belongsToUs(cluster, account)) {
    // If an older Docket ran on the folder meanwhile, its Postgres may accept everybody.
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
 * True when the folder has database files of this account; false when it has none.
 * @throws EmbeddedPostgresFailed when the files belong to somebody else, or are no database files
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

/**
 * Makes database files. Texts are sorted and change case by Unicode code points, with the provider of Postgres
 * itself. So every machine gives the same result.
 */
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

/**
 * Characters that a shell interprets between double quotes, where `initdb` puts its own path (PostgreSQL,
 * find_other_exec).
 */
const READ_BY_A_SHELL = /[$`"\\\n]/;
/** The folder for a copy of the programs when the path in TMPDIR has a character that a shell interprets. */
const USUAL_TEMPORARY = '/tmp';

/**
 * Runs `use` with the programs at a path that no shell misreads: the given path, or a copy in a temporary folder,
 * removed afterwards. A link is not enough, because `initdb` resolves it.
 *
 * @throws EmbeddedPostgresFailed when no copy can be made
 */
async function withPlainPath(
  binaries: PostgresBinaries,
  account: ServerAccount,
  use: (binaries: PostgresBinaries) => Promise<void>,
): Promise<void> {
  if (!READ_BY_A_SHELL.test(binaries.initdb)) return use(binaries);
  const native = dirname(dirname(binaries.initdb));
  const place = READ_BY_A_SHELL.test(tmpdir()) ? USUAL_TEMPORARY : tmpdir();
  let copy: string | undefined;
  try {
    copy = await mkdtemp(join(place, 'docket-initdb-'));
    await cp(native, join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
    // The programs may run as another account, but only this account may change them.
    if (account.uid !== undefined) await openToRead(copy);
    else await chmod(copy, 0o700);
    const bin = join(copy, 'native', 'bin');
    await use({ initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') });
  } catch (error) {
    if (error instanceof EmbeddedPostgresFailed) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresFailed(
      `Postgres cannot start from ${native}, whose path has a sign that its programs misread, nor from a copy in ${place}: ${why}. Move the checkout.`,
      { cause: error },
    );
  } finally {
    if (copy !== undefined) await rm(copy, { recursive: true, force: true });
  }
}
