import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const WEB = join(import.meta.dirname, '..', '..', 'web');
const BUILD_MS_MAX = 120_000;

/**
 * Returns the folder of the built web app. A separate process builds it, as with `npm start`, because the bundler
 * loads its configuration in a way that the module realm of a test does not allow.
 */
export async function builtWebApp(): Promise<string> {
  const script = `const { buildWebApp } = await import(${JSON.stringify(join(WEB, 'build.ts'))}); console.log(await buildWebApp());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: BUILD_MS_MAX,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout.trim();
}
