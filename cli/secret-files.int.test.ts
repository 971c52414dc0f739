import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runDocket } from '../tests/harness/run-docket.ts';

const TOKEN = 'a-token-of-some-length';
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-secret-files-'));
  file = join(folder, 'secret');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('docket and secrets in files', () => {
  it('reads them for every command, and refuses with one line what it cannot read', async () => {
    writeFileSync(file, 'postgres://docket:secret@127.0.0.1:5432/docket\n');
    const [read, refused] = await Promise.all([
      runDocket(['settings'], { DATABASE_URL_FILE: file }),
      runDocket(['settings'], { DATABASE_URL_FILE: join(folder, 'nowhere') }),
    ]);
    expect(read.stdout).toContain('DATABASE_URL=(set)');
    expect(read.stdout).not.toContain('secret@');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(`DATABASE_URL_FILE: ${join(folder, 'nowhere')} cannot be read (ENOENT)`);
    expect(refused.stderr).not.toContain('    at ');
  }, 60_000);

  it('lets a gateway ask for the token of a file, which nobody reads in its environment', async () => {
    writeFileSync(file, `${TOKEN}\n`);
    const gateway = spawn(process.execPath, [join(import.meta.dirname, 'docket.ts'), 'serve', 'gateway'], {
      env: { ...process.env, NODE_OPTIONS: '', PORT: '0', GATEWAY_CHILDREN: '1', GATEWAY_TOKEN_FILE: file },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const port = await portOf(gateway.stdout);
      const status = async (token: string): Promise<number> => {
        const headers = { Authorization: `Bearer ${token}` };
        return (await fetch(`http://127.0.0.1:${port}/v1/mappings`, { headers })).status;
      };
      expect([await status(TOKEN), await status('another')]).toEqual([200, 401]);
      // Only Linux has this folder.
      const environment = `/proc/${gateway.pid}/environ`;
      if (existsSync(environment)) expect(readFileSync(environment, 'utf8')).not.toContain(TOKEN);
    } finally {
      const ended = new Promise((resolve) => gateway.once('exit', resolve));
      gateway.kill('SIGTERM');
      await ended;
    }
  }, 60_000);
});

async function portOf(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output }))
    if (line.startsWith('{"ready"')) return (JSON.parse(line) as { port: number }).port;

  throw new Error('the gateway ended before it was ready');
}
