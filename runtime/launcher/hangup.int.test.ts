import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MODULE = join(import.meta.dirname, 'hangup.cjs');

/** What a shell line that runs `$LOOK` prints: true where a hang-up is to change nothing. */
async function ignoredIn(line: string, shell = 'sh'): Promise<boolean> {
  const program = `console.log((await import(${JSON.stringify(MODULE)})).hangupIsIgnored(process.env))`;
  // A job of its own: what the job of the tests does about hangups must not decide them.
  const { stdout } = spawn(shell, ['-c', line], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', _: '', NODE: process.execPath, PROGRAM: program },
  });
  return JSON.parse(await text(stdout)) as boolean;
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
