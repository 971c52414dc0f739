import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../plain-failure.ts';
import { environmentOf } from './child-environment.ts';

const BUILD = join(import.meta.dirname, '..', '..', 'web', 'build.ts');
const BUILD_MS_MAX = 120_000;

/**
 * The folder of the built web app, built when its sources changed. In a process of its own: the bundler sets
 * `NODE_ENV` for the process it runs in, and its memory is not needed afterwards.
 *
 * @throws PlainFailure when it cannot be built
 */
export async function builtWebApp(signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [BUILD], {
      timeout: BUILD_MS_MAX,
      env: environmentOf('web-app', process.env),
      ...(signal && { signal }),
    });
    return stdout.trim();
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new PlainFailure('CHILD_FAILED', `The web app could not be built: ${said ?? 'no reason given'}`, {
      cause: error,
    });
  }
}
