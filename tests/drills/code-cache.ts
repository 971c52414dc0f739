import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Has every process that is started from now on find its code compiled (`NODE_COMPILE_CACHE`): one run of the drills
 * starts more than a hundred, and half of a start is compiling.
 */
export function keepCompiledCode(): void {
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'docket-drill-code');
  spawnSync(process.execPath, [join(import.meta.dirname, 'warm-code.ts')], { stdio: 'inherit' });
}
