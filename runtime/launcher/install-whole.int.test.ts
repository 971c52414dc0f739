import { afterEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanUp, folder, launch } from '../../tests/harness/launched.ts';

const HERE = import.meta.dirname;
const NODE = (createRequire(import.meta.url)('./can-run-here.cjs') as { packages: { node: string } }).packages
  .node;

/** A version that no Node of our time has. */
const NEWER = '99.0.0';

afterEach(cleanUp);

/** An archive of a package as npm takes it from a registry. */
async function packed(root: string, manifest: object, files: Record<string, string> = {}): Promise<string> {
  const { name } = manifest as { name: string };
  const parent = await folder();
  for (const [path, text] of Object.entries({ ...files, 'package.json': JSON.stringify(manifest) })) {
    const file = join(parent, 'package', path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text, { mode: 0o755 });
  }
  await promisify(execFile)('tar', ['-czf', join(root, `${name}.tgz`), '-C', parent, 'package']);
  return `file:${name}.tgz`;
}

/**
 * A checkout of the launcher whose lock names two packages for this platform: the Node, which says of itself that it is
 * `installedVersion`, and a native part that asks for Node 99.
 */
async function checkout(installedVersion: string): Promise<string> {
  const root = await folder();
  cpSync(HERE, join(root, 'runtime', 'launcher'), { recursive: true });
  const here = { version: '1.0.0', os: [process.platform], cpu: [process.arch] };
  const saysVersion = `Object.defineProperty(process, 'version', { value: 'v${installedVersion}' });`;
  const program = `#!/bin/sh\nexec '${process.execPath}' --require "$(dirname "$0")/version.cjs" "$@"\n`;
  const node = { ...here, name: NODE };
  const part = { ...here, name: 'native-part', engines: { node: `>=${NEWER}` } };
  const resolved = {
    [NODE]: await packed(root, node, { 'bin/node': program, 'bin/version.cjs': saysVersion }),
    'native-part': await packed(root, part),
  };
  const manifest = { name: 'docket', version: '0.1.0', optionalDependencies: resolved };
  const entries = [node, part].map(({ name, ...entry }) => [
    `node_modules/${name}`,
    { ...entry, resolved: resolved[name], optional: true },
  ]);
  const lock = {
    name: 'docket',
    version: '0.1.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...(Object.fromEntries(entries) as object) },
  };
  await writeFile(join(root, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock));
  return root;
}

describe('an install by a Node that is too old for some packages', () => {
  it('is done again by the Node that was installed, and is then whole', async () => {
    const root = await checkout(NEWER);
    const launched = launch(root, ['-p', 'process.version']);
    expect(await launched.ended).toEqual({ code: 0, signal: null });
    expect(launched.stdout().trim()).toBe(`v${NEWER}`);
    expect(launched.stderr()).toContain(`packages that Node ${process.version} is too old for`);
    const part = await readFile(join(root, 'node_modules', 'native-part', 'package.json'), 'utf8');
    expect(JSON.parse(part)).toMatchObject({ name: 'native-part' });
    const again = launch(root, ['-e', '0']);
    expect(await again.ended).toEqual({ code: 0, signal: null });
    expect(again.stderr()).toBe('');
  }, 120_000);

  it('takes the place of what pnpm installed, whose Node lay elsewhere', async () => {
    const root = await checkout(NEWER);
    const elsewhere = join(root, 'node_modules', '.pnpm', NODE);
    await mkdir(join(elsewhere, 'bin'), { recursive: true });
    await writeFile(join(elsewhere, 'package.json'), JSON.stringify({ name: NODE, version: '1.0.0' }));
    await writeFile(join(elsewhere, 'bin', 'node'), '');
    await symlink(elsewhere, join(root, 'node_modules', NODE));
    const launched = launch(root, ['-p', 'process.version']);
    expect(await launched.ended).toEqual({ code: 0, signal: null });
    expect(launched.stdout().trim()).toBe(`v${NEWER}`);
  }, 120_000);

  it('names what is still missing after that, and starts nothing', async () => {
    const launched = launch(await checkout('24.0.0'), ['-p', '"it started"']);
    expect(await launched.ended).toEqual({ code: 1, signal: null });
    expect(launched.stdout()).toBe('');
    expect(launched.stderr().trimEnd().split('\n').at(-1)).toMatch(
      /^Docket: npm left out native-part and gave no reason: /,
    );
  }, 120_000);
});
