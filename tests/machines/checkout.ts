/** Copies of the repository: fresh ones, and one that is installed, with copies of it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** What the last commit holds, in a new folder; what is not committed is not in it. */
export async function freshCheckout(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const archive = `${folder}.tar`;
  await run('git', ['archive', '--format=tar', `--output=${archive}`, 'HEAD'], { cwd: ROOT });
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
  return folder;
}

/**
 * A copy of an installed checkout at another place. The packages are hard links to the same files, for which the two
 * must lie on one disk: nobody writes into them.
 */
export async function copyInstalled(from: string, to: string): Promise<string> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await run('cp', ['-al', from, to]);
  } catch {
    // A system without hard links, or whose `cp` does not make them.
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
  }
  return to;
}
