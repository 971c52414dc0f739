import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { removeUnfinishedBuilds, unfinishedBuild } from './build.ts';

it('what a killed build left goes; a build that runs, the web app and its sources stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docket-web-'));
  const killed = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  await once(killed, 'spawn');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const running = basename(unfinishedBuild(folder));
  for (const name of [
    'dist',
    'src',
    running,
    `dist-${killed.pid}-a1b2c3.tmp`,
    `dist-${killed.pid}-a1b2c3.tmp-old`,
  ]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'index.html'), '');
  }
  await removeUnfinishedBuilds(folder);
  expect((await readdir(folder)).sort()).toEqual(['dist', running, 'src'].sort());
  await rm(folder, { recursive: true });
});
