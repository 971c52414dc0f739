import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLogFiles, type LogFiles } from './log-files.ts';

let folder: string;
let logs: LogFiles;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-logs-'));
  path = join(folder, 'logs', 'part.log');
  logs = openLogFiles(folder);
});
afterEach(() => {
  logs.stop();
  rmSync(folder, { recursive: true, force: true });
});

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await sleep(20);
};

describe('the log file of a child', () => {
  it('comes back after it was removed, with what is written from then on', async () => {
    const log = logs.open('part');
    log.write('before\n');
    rmSync(path);
    await until(() => existsSync(path));
    log.write('after\n');
    expect(readFileSync(path, 'utf8')).toBe('after\n');
  });

  it('comes back after its whole folder was removed', async () => {
    const log = logs.open('part');
    rmSync(join(folder, 'logs'), { recursive: true });
    await until(() => existsSync(path));
    log.write('after\n');
    expect(readFileSync(path, 'utf8')).toBe('after\n');
  });

  it('moved away as logrotate does, it goes on in a new file and the moved one keeps its lines', async () => {
    const log = logs.open('part');
    log.write('before\n');
    renameSync(path, `${path}.old`);
    await until(() => existsSync(path));
    log.write('after\n');
    expect([readFileSync(`${path}.old`, 'utf8'), readFileSync(path, 'utf8')]).toEqual([
      'before\n',
      'after\n',
    ]);
  });

  it('is renamed to .1 and begun again past 20 MiB', async () => {
    const log = logs.open('part');
    writeFileSync(path, Buffer.alloc(21 * 1024 * 1024, 'x'), { flag: 'a' });
    await until(() => existsSync(`${path}.1`));
    log.write('after\n');
    await until(() => readFileSync(path, 'utf8') === 'after\n');
  });
});
