import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterwards, cleanUp, folder, launch, until } from '../../tests/harness/launched.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..', '..');

type Ended = { code: number | null; signal: string | null; error: Error | null };

const plain = createRequire(import.meta.url);
const { packages: PACKAGES } = plain('./can-run-here.cjs') as { packages: { node: string } };
const { installState } = plain('./installed.cjs') as { installState: (root: string) => unknown };
const { failureOf } = plain('./npm-says.cjs') as { failureOf: (ended: Ended, lines: string[]) => string };
const { findNpm } = plain('./find-npm.cjs') as {
  findNpm: (env: Record<string, string>) => { program: string; args: string[] } | null;
};

afterEach(cleanUp);

/** A checkout of the launcher alone, with a lock that names one package; nothing is installed. */
async function freshCheckout(): Promise<string> {
  const root = await folder();
  cpSync(HERE, join(root, 'runtime', 'launcher'), { recursive: true });
  const named = { name: 'docket', version: '0.1.0', dependencies: { zod: '4.6.5' } };
  await writeFile(join(root, 'package.json'), JSON.stringify(named));
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>;
  };
  const packages = { '': named, 'node_modules/zod': lock.packages['node_modules/zod'] };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  return root;
}

/** A registry that takes connections and never answers. */
async function silentRegistry(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const npmOf = async (registry: string): Promise<Record<string, string>> => ({
  npm_config_registry: registry,
  npm_config_cache: await folder(),
  npm_config_fetch_retries: '0',
});

/** Process ids of the children of a process. */
function childrenOf(parent = 0): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' }).split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .filter(([, of]) => of === parent)
    .map(([pid = 0]) => pid);
}

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the install', () => {
  it('says why it failed, in one sentence after the words of npm, and does not blame the network for a full disk', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const root = await freshCheckout();
    const launched = launch(root, ['-e', '0'], { env: await npmOf(`http://127.0.0.1:${port}/`) });
    expect(await launched.ended).toEqual({ code: 1, signal: null });
    expect(launched.stderr()).toContain('ECONNREFUSED');
    expect(launched.stderr().trimEnd().split('\n').at(-1)).toBe(
      'Docket: npm could not install the packages of Docket: the package registry does not answer; check the network, and the proxy settings of npm.',
    );
    expect(
      failureOf({ code: 1, signal: null, error: null }, ['npm error code ENOSPC', 'npm error network x']),
    ).toContain('the disk is full');
    expect(failureOf({ code: null, signal: 'SIGSEGV', error: null }, [])).toContain('without enough memory');
  }, 60_000);

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'tells what it waits for, and %s ends it and npm with it',
    async (signal) => {
      const root = await freshCheckout();
      const launched = launch(root, ['-e', '0'], { env: await npmOf(await silentRegistry()) });
      await until('npm runs', () => childrenOf(launched.process.pid).length > 0);
      await until('it says what it waits for', () =>
        /^Docket: installing what it runs on: 0 packages looked up, 0 fetched, 0 s$/m.test(launched.stderr()),
      );
      const pids = childrenOf(launched.process.pid);
      launched.process.kill(signal);
      expect(await launched.ended).toEqual({ code: null, signal });
      expect(pids.filter(lives)).toEqual([]);
    },
    60_000,
  );

  it('a checkout that is installed and has no stamp of ours is taken as it is, and one package too old is not', async () => {
    const root = await freshCheckout();
    const modules = join(root, 'node_modules');
    mkdirSync(modules);
    symlinkSync(join(ROOT, 'node_modules', PACKAGES.node), join(modules, PACKAGES.node));
    const list = (version: string) =>
      writeFile(
        join(modules, '.package-lock.json'),
        JSON.stringify({ packages: { 'node_modules/zod': { version } } }),
      );
    await list('4.6.5');
    expect(installState(root)).toEqual({ everything: true, production: true, writable: true });
    await list('4.6.4');
    expect(installState(root)).toEqual({ everything: false, production: false, writable: true });
    expect(existsSync(join(modules, '.docket-install'))).toBe(false);
  });

  it('npm is found whoever calls: yarn and pnpm name themselves where npm names itself', () => {
    const env = { npm_execpath: '/opt/pnpm/bin/pnpm.cjs', PATH: process.env.PATH ?? '' };
    expect(findNpm(env)?.args.at(-1) ?? '').toMatch(/npm-cli\.js$/);
  });
});
