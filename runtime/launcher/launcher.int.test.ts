import { afterEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp, folder, launch, until } from '../../tests/harness/launched.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly version: string;
  readonly execPath: string;
}

const { obstacle, packages: PACKAGES } = createRequire(import.meta.url)('./can-run-here.cjs') as {
  obstacle: (machine: Machine) => string | null;
  packages: { node: string };
};

afterEach(cleanUp);

describe('the launcher', () => {
  it('runs a program with the installed Node, whatever Node and PATH it was started with, and passes on its exit code', async () => {
    const script = join(await folder(), 'script.mts');
    await writeFile(
      script,
      'const said: string = process.execPath; console.log(said); process.exitCode = 7;',
    );
    const launched = launch(ROOT, [script, 'x'], { env: { PATH: '/nowhere' } });
    expect(await launched.ended).toEqual({ code: 7, signal: null });
    expect(launched.stdout().trim()).toBe(join(ROOT, 'node_modules', PACKAGES.node, 'bin', 'node'));
    expect(launched.stderr()).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'hands %s on, and ends as the program ends',
    async (signal) => {
      const script = join(await folder(), 'script.mjs');
      await writeFile(
        script,
        `process.on('${signal}', () => { console.log('asked'); process.exit(5); }); setInterval(() => 0, 1000); console.log('up');`,
      );
      const launched = launch(ROOT, [script]);
      await until('the program is up', () => launched.stdout().includes('up'));
      launched.process.kill(signal);
      expect(await launched.ended).toEqual({ code: 5, signal: null });
      expect(launched.stdout()).toBe('up\nasked\n');
    },
  );

  it.each([
    ['rebuild', '--min-semi-space-size=32 --max-semi-space-size=64'],
    ['list', ''],
  ])('runs `docket projection %s` with the flags "%s"', async (action, flags) => {
    // The last argument is not known, so that the command ends before it asks for anything.
    const script = 'data:text/javascript,console.log(process.execArgv.join(" "))';
    const env = { NODE_OPTIONS: `--import=${script.replaceAll('"', '%22').replaceAll(' ', '%20')}` };
    const launched = launch(ROOT, ['cli/docket.ts', 'projection', action, '--nonsense'], { env });
    expect((await launched.ended).code).not.toBe(0);
    // The launcher's own, then the program's.
    expect(launched.stdout().split('\n').slice(0, 2)).toEqual(['', flags]);
  });

  it('dies of the signal that the program died of', async () => {
    const launched = launch(ROOT, ['-e', 'process.kill(process.pid, "SIGTERM"); setInterval(() => 0, 1000)']);
    expect(await launched.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it.each([
    ['that npm made up is not handed on', 'exec', 'undefined'],
    ['that a person set is', 'exec env NODE_ENV=production', 'production'],
  ])('a NODE_ENV %s', async (_, begin, expected) => {
    // The parent is what npm is: a program that was started without the variable, or with it.
    const parent = `const { spawn } = require('node:child_process');
      const env = { ...process.env, NODE_ENV: 'production', npm_config_omit: 'dev' };
      spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });`;
    const { NODE_ENV: _set, ...env } = process.env;
    const line = `${begin} "$0" -e "$PARENT" "$1" -p "String(process.env.NODE_ENV)"`;
    const launcher = join(import.meta.dirname, 'launch.cjs');
    const asked = { env: { ...env, PARENT: parent, NODE_OPTIONS: '' } };
    const { stdout } = await promisify(execFile)('sh', ['-c', line, process.execPath, launcher], asked);
    expect(stdout.trim()).toBe(expected);
  });

  it('refuses a checkout whose path holds a backslash, in one sentence and before it installs', async () => {
    const root = join(await folder(), 'a\\b');
    cpSync(import.meta.dirname, join(root, 'runtime', 'launcher'), { recursive: true });
    const launched = launch(root, ['-e', '0']);
    expect(await launched.ended).toEqual({ code: 1, signal: null });
    expect(launched.stderr()).toMatch(
      /^Docket: the path .*a\\b has a backslash.*Move the folder to another path\.\n$/,
    );
  });

  it('started by nohup, it stays when the terminal is closed', async () => {
    const script = join(await folder(), 'script.mjs');
    await writeFile(
      script,
      `process.on('SIGHUP', () => console.log('hangup')); setInterval(() => 0, 1000); console.log('up');`,
    );
    const launched = launch(ROOT, [script], { env: { _: '/usr/bin/nohup' } });
    await until('the program is up', () => launched.stdout().includes('up'));
    launched.process.kill('SIGHUP');
    await sleep(300);
    launched.process.kill('SIGTERM');
    expect(await launched.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(launched.stdout()).toBe('up\n');
  });
});

describe('a machine that Docket cannot run on is told so in one sentence', () => {
  const here = { platform: 'linux', arch: 'x64', version: 'v20.9.0', execPath: '/usr/bin/node' };
  it.each([
    ['Windows', { ...here, platform: 'win32' }, /inside WSL/],
    [
      'another processor',
      { ...here, arch: 's390x' },
      /x64 or arm64 processor; this Node is for linux and s390x\.$/,
    ],
    [
      'too old a Node',
      { ...here, version: 'v16.20.2' },
      /needs Node 18 or newer .*; this is v16\.20\.2 \(\/usr\/bin\/node\)\.$/,
    ],
  ])('%s', (_, machine, sentence) => {
    expect(obstacle(machine)).toMatch(sentence);
    expect(obstacle(here)).toBeNull();
  });
});
