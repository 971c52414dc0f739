import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MODULE = join(import.meta.dirname, 'hang-up-ignored.ts');

/** What a shell line that runs `$LOOK` prints: true where a hang-up is to change nothing. */
async function ignoredIn(line: string, shell = 'sh'): Promise<boolean> {
  const program = `console.log((await import(${JSON.stringify(MODULE)})).hangUpIsIgnored(process.env))`;
  const { stdout } = await promisify(execFile)(shell, ['-c', line], {
    env: { ...process.env, NODE_OPTIONS: '', _: '', NODE: process.execPath, PROGRAM: program },
  });
  return JSON.parse(stdout) as boolean;
}

describe('a hang-up', () => {
  it('is not ignored by an ordinary start', async () => {
    expect(await ignoredIn('"$NODE" --input-type=module -e "$PROGRAM" </dev/null; true')).toBe(false);
  });

  it('stays ignored below a shell that ignores it', async () => {
    expect(await ignoredIn('trap "" HUP; "$NODE" --input-type=module -e "$PROGRAM" </dev/null; true')).toBe(
      true,
    );
  });

  it('stays ignored when the shell named nohup as what it started', async () => {
    const line = 'nohup "$NODE" --input-type=module -e "$PROGRAM" </dev/null; true';
    expect(await ignoredIn(line, 'bash')).toBe(true);
  });

  it('stays ignored when standard input cannot be read, as GNU nohup leaves it', async () => {
    expect(await ignoredIn('"$NODE" --input-type=module -e "$PROGRAM" 0>/dev/null; true')).toBe(true);
  });
});
