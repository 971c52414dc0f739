import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

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
