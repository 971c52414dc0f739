import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../../tests/harness/installation.ts';

const SESSION_SECRET = 'session-secret-of-thirty-two-characters-or-more';
const BACKUP_PASSPHRASE = 'words that backups are encrypted with';
const AWS_SECRET_ACCESS_KEY = 'of a bucket that has nothing to do with Docket';
const FOREIGN = 'of another program on this machine';
const SLOW_MS = 120_000;

const environmentOf = (pid: number | string): string => readFileSync(`/proc/${pid}/environ`, 'utf8');

/** Process ids of the children of a process (proc(5), `stat`, field 4). */
function childrenOf(parent: number): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent);
    } catch {
      // It ended between the two looks.
      return false;
    }
  });
}

// There is nothing to read where the system shows no environments.
const where = process.platform === 'linux' ? describe : describe.skip;
where('secrets of `docket up`', () => {
  let installation: Installation;
  let parts: Record<string, number>;
  beforeAll(async () => {
    installation = await startInstallation({
      env: {
        SESSION_SECRET,
        BACKUP_PASSPHRASE,
        FOREIGN_SECRET: FOREIGN,
        AWS_ACCESS_KEY_ID: 'somebody',
        AWS_SECRET_ACCESS_KEY,
      },
    });
    parts = await installation.parts();
  }, SLOW_MS);
  afterAll(() => installation.stop());

  it('reach the services that need them and no other part', () => {
    const having = (secret: string): string[] =>
      Object.keys(parts).filter((name) => environmentOf(parts[name]!).includes(secret));
    expect(Object.keys(parts).toSorted()).toEqual(['event-store', 'gateway', 'postgres', 'services']);
    expect(having(SESSION_SECRET)).toEqual(['services']);
    expect(having(BACKUP_PASSPHRASE)).toEqual([]);
    expect(having(FOREIGN)).toEqual([]);
    // The blobs are files.
    expect(having(AWS_SECRET_ACCESS_KEY)).toEqual([]);
    expect(having('GATEWAY_TOKEN=').toSorted()).toEqual(['gateway', 'services']);
  });

  it('do not reach the processes that open PDFs', () => {
    const children = childrenOf(parts['gateway']!);
    expect(children.length).toBeGreaterThan(0);
    for (const pid of children)
      for (const secret of [SESSION_SECRET, BACKUP_PASSPHRASE, FOREIGN, 'GATEWAY_TOKEN='])
        expect(environmentOf(pid)).not.toContain(secret);
  });

  it('close the port of the gateway to everybody but the services', async () => {
    const noted = JSON.parse(readFileSync(join(installation.dataDir, 'connections.json'), 'utf8')) as {
      GATEWAY_URL: string;
    };
    expect((await fetch(`${noted.GATEWAY_URL}/v1/mappings`)).status).toBe(401);
    const mappings = (await (await fetch(`${installation.url}/api/mappings`)).json()) as object;
    expect(JSON.stringify(mappings)).toContain('pt_simon_invoice_v1');
  });
});
