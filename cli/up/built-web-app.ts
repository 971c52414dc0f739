import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../plain-failure.ts';
import { environmentOf } from './child-environment.ts';

const BUILD = join(import.meta.dirname, '..', '..', 'web', 'build.ts');
const BUILD_MS_MAX = 120_000;

/**
 * Returns the folder of the built web app, and builds it when its sources have changed. The build runs in a separate
 * process: the bundler sets `NODE_ENV` for its process, and its memory is free afterwards.
 *
 * @param folder the folder of `WEB_DIR`; a given folder is used unchanged
 * @throws PlainFailure when the build fails
 */
export async function builtWebApp(folder: string | undefined, signal?: AbortSignal): Promise<string> {
  if (folder !== undefined) return folder;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [BUILD], {
      timeout: BUILD_MS_MAX,
      env: environmentOf('web-app', process.env),
      ...(signal && { signal }),
    });
    return stdout.trim();
  } catch (error) {
    signal?.throwIfAborted();
    const why = reasonIn((error as { stderr?: string }).stderr ?? '');
    throw new PlainFailure(
      'CHILD_FAILED',
      `The web app cannot be built: ${why}. Fix that, or set WEB_DIR=... to the folder of a built one.`,
      { cause: error },
    );
  }
}

/** The sentence of the error in the output of a failed build, without its stack. */
function reasonIn(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const ofError = lines.find((line) => /^(\[\w+\] )?\w*Error\b.*: /.test(line));
  const plain = lines.find((line) => line !== '' && !/^(at |node:|Node\.js v)/.test(line));
  const sentence = (ofError ?? plain ?? 'it gave no reason').replace(/\.$/, '');
  const refused = /(EACCES|EPERM|EROFS)\b.*'([^']+)'/.exec(sentence);
  return refused === null ? sentence : `this user may not write ${refused[2]} (${refused[1]})`;
}
