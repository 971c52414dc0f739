import { execFile } from 'node:child_process';
import { join } from 'node:path';

const RUN = join(import.meta.dirname, 'run.ts');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs the simulator in a separate process, as a user starts it, so that the test runner's clock has no effect. */
export function runSimulator(...args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [RUN, ...args], { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      const code = error?.code;
      if (error && typeof code !== 'number')
        return reject(new Error('The simulator could not be run.', { cause: error }));
      resolve({ exitCode: typeof code === 'number' ? code : 0, output: stdout + stderr });
    });
  });
}
