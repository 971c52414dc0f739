import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const NAME = /^dist-(\d+)-[0-9a-f]+\.tmp(-old)?$/;

/** The folder name of a build by this process that is not yet the web app. */
export const unfinishedBuild = (folder: string): string =>
  join(folder, `dist-${process.pid}-${randomBytes(3).toString('hex')}.tmp`);

/** Removes the folders of killed builders. A running builder keeps its folder. */
export async function removeUnfinishedBuilds(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const builder = NAME.exec(name)?.[1];
    if (builder === undefined || runs(Number(builder))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process belongs to another user, and only that user may signal it.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const WEB = import.meta.dirname;
const DIST = join(WEB, 'dist');
const STAMP = '.stamp';
/** The sources of the built files. From `schemas/` the app imports only types, which are not part of the build. */
const SOURCES = ['src', 'live-client', 'public', 'index.html', 'vite.config.mts'];

/**
 * Builds the web app when its sources changed since the last build, and returns the folder with its files. The
 * builder puts the finished folder in place with one rename. So a server never sees an unfinished build, and two
 * builders cannot mix their files.
 */
export async function buildWebApp(): Promise<string> {
  const stamp = await hashOfSources();
  if ((await stampOf(DIST)) === stamp) return DIST;
  const { build } = await import('vite');
  await removeUnfinishedBuilds(WEB);
  const building = unfinishedBuild(WEB);
  try {
    await build({
      configFile: join(WEB, 'vite.config.mts'),
      logLevel: 'error',
      build: { outDir: building, emptyOutDir: true },
    });
    await writeFile(join(building, STAMP), stamp);
    await putInPlace(building);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return DIST;
}

async function putInPlace(building: string): Promise<void> {
  const old = `${building}-old`;
  await rename(DIST, old).catch(ignoreMissing);
  try {
    await rename(building, DIST);
  } catch (error) {
    // Another builder was faster. Its files come from the same sources, so they are used.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const file of await filesBelow(join(WEB, source)))
      hash
        .update(`${relative(WEB, file)}\0`)
        .update(await readFile(file))
        .update('\0');

  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  });
  if (entries === null) return [path];
  const files = entries.filter((entry) => entry.isFile() && !entry.name.includes('.test.'));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

async function stampOf(folder: string): Promise<string | null> {
  return readFile(join(folder, STAMP), 'utf8').catch(ignoreMissing);
}

function ignoreMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

if (import.meta.main) {
  // Every visitor of the page receives these files, so every user of this machine may also read them.
  process.umask(0o022);
  console.log(await buildWebApp());
}
