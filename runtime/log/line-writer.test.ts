import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lineWriter } from './line-writer.ts';

const LOG = join(import.meta.dirname, 'log.ts');
const fault = (code: string) => Object.assign(new Error(code), { code });

it('lines that cannot be written are counted and said once when writing works again', () => {
  let written = '';
  let failing: string | null = null;
  const write = lineWriter('test', (bytes) => {
    if (failing !== null) throw fault(failing);
    // A pipe takes what it has room for.
    const part = bytes.subarray(0, 7);
    written += part.toString();
    return part.length;
  });
  write('first line\n');
  failing = 'ENOSPC';
  for (let n = 0; n < 3; n += 1) write('lost\n');
  failing = null;
  write('second line\n');
  write('third line\n');
  const lines = written.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('first line');
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ lost: 3, msg: 'log lines could not be written' });
  expect(lines.slice(2)).toEqual(['second line', 'third line']);
});

const onLinux = existsSync('/dev/full') ? it : it.skip;
onLinux('a process whose log is on a full disk goes on', () => {
  const program = `import { createLog } from ${JSON.stringify(LOG)};
    const log = createLog('test', 'info');
    for (let n = 0; n < 100; n += 1) log.info('no room for this');
    console.log('alive');`;
  const command = 'exec "$0" --input-type=module -e "$1" 2>/dev/full';
  const ran = spawnSync('sh', ['-c', command, process.execPath, program], { encoding: 'utf8' });
  expect([ran.status, ran.stdout]).toEqual([0, 'alive\n']);
});
