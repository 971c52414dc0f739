import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runDocket } from '../tests/harness/run-docket.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-sentences-'));
  writeFileSync(join(folder, 'taken'), 'a file');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a command that cannot begin', () => {
  it('asks for the address of a store that it uses, and of no other', async () => {
    const ran = await runDocket(['verify', 'streams'], {
      DATA_DIR: join(folder, 'data'),
      DATABASE_URL: 'postgres://docket@127.0.0.1:9/docket',
    });
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining('name its stores with EVENTSTORE_URL.'),
    ]);
    const named = await runDocket(['verify', 'streams'], {
      DATA_DIR: join(folder, 'data'),
      EVENTSTORE_TIMEOUT_MS: '100',
      EVENTSTORE_URL: 'esdb://127.0.0.1:9?tls=false',
    });
    expect([named.code, named.stderr]).toEqual([1, expect.not.stringContaining('name its stores')]);
  }, 120_000);

  it('names the folder of a backup that it cannot use, and not the blob store', async () => {
    const ran = await runDocket(['backup', join(folder, 'taken', 'backup')], {
      DATA_DIR: join(folder, 'data'),
      BACKUP_PASSPHRASE: 'some words for a test',
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`Docket: The folder ${join(folder, 'taken', 'backup')} cannot be used: `);
    expect(ran.stderr).not.toContain('blob store');
  }, 60_000);
});
