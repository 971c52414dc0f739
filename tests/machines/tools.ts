/** Node and npm by version, from their packages, installed once a run. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotTried } from './not-tried.ts';
import type { Tools } from './versions.ts';

const INSTALL_MS_MAX = 300_000;

const plain = createRequire(import.meta.url);
const { packages } = plain('../../runtime/launcher/can-run-here.cjs') as { packages: { node: string } };
const { findNpm } = plain('../../runtime/launcher/find-npm.cjs') as {
  findNpm: () => { program: string; args: string[] } | null;
};

export interface ToolPaths {
  readonly node: string;
  readonly npmCli: string;
}

export interface ToolBox {
  paths(tools: Tools): Promise<ToolPaths>;
  /** How another package manager is run: yarn 1 is a script, the newest pnpm a program for this machine. */
  manager(name: 'yarn' | 'pnpm', node: string): Promise<readonly string[]>;
}

/** Tools in a folder, each installed when it is first asked for. */
export function openToolBox(folder: string): ToolBox {
  const installed = new Map<string, Promise<string>>();
  const get = (name: string, range: string): Promise<string> => {
    const key = `${name}@${range}`;
    const known = installed.get(key) ?? install(join(folder, key.replaceAll('/', '+')), name, range);
    installed.set(key, known);
    return known;
  };
  return {
    manager: async (name, node) => {
      if (name === 'yarn') return [node, join(await get('yarn', '1'), 'bin', 'yarn.js')];
      return [join(await get('pnpm', 'latest'), 'pnpm')];
    },
    paths: async ({ node, npm }) => {
      const [nodeFolder, npmFolder] = await Promise.all([get(packages.node, node), get('npm', npm)]);
      return { node: join(nodeFolder, 'bin', 'node'), npmCli: join(npmFolder, 'bin', 'npm-cli.js') };
    },
  };
}

async function install(folder: string, name: string, range: string): Promise<string> {
  const found = join(folder, 'node_modules', name);
  if (existsSync(join(found, 'package.json'))) return found;
  mkdirSync(folder, { recursive: true });
  const npm = findNpm();
  if (npm === null) throw new NotTried('npm is not on PATH');
  // pnpm's script puts the program of this machine in place of one that runs it under Node and keeps signals from it.
  const scripts = `--ignore-scripts=${name !== 'pnpm'}`;
  const args = ['install', `--prefix=${folder}`, '--no-save', scripts, '--no-audit', '--no-fund'];
  try {
    await promisify(execFile)(npm.program, [...npm.args, ...args, `${name}@${range}`], {
      cwd: folder,
      timeout: INSTALL_MS_MAX,
    });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    if (/ETARGET|E404/.test(stderr)) throw new NotTried(`there is no ${name}@${range}`, { cause: error });
    throw new Error(`${name}@${range} cannot be installed: ${message}`, { cause: error });
  }
  return found;
}
