import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readComposeFile, ROOT } from './compose-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-new-secrets-'));
  mkdirSync(join(folder, 'deploy'));
  copyFileSync(join(ROOT, 'deploy', 'new-secrets'), join(folder, 'deploy', 'new-secrets'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (): string => execFileSync('sh', [join(folder, 'deploy', 'new-secrets')], { encoding: 'utf8' });
const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');
const modeOf = (...path: string[]): number => statSync(join(folder, ...path)).mode & 0o777;
const all = (): Record<string, string> =>
  Object.fromEntries([
    ['.env', read('.env')],
    ...readdirSync(join(folder, '.secrets')).map((name) => [name, read('.secrets', name)]),
  ]) as Record<string, string>;

describe('deploy/new-secrets', () => {
  it('makes every secret of the compose file, different ones, behind a closed folder', () => {
    run();
    const names = Object.keys(readComposeFile('docker-compose.yml').secrets ?? {});
    expect(readdirSync(join(folder, '.secrets')).sort()).toEqual(names.sort());
    const random = ['session-secret', 'gateway-token', 'database-password', 'backup-passphrase'];
    const values = random.map((name) => read('.secrets', name).trim());
    expect(new Set(values).size).toBe(random.length);
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{64}$/);
    expect(read('.secrets', 'database-url')).toBe(
      `postgres://docket:${read('.secrets', 'database-password').trim()}@postgres:5432/docket\n`,
    );
    expect([modeOf('.env'), modeOf('.secrets')]).toEqual([0o600, 0o700]);
    for (const value of values) expect(read('.env')).not.toContain(value);
  });

  it('changes nothing the second time, and says no secret', () => {
    const said = run();
    const before = all();
    expect(run()).toBe(said);
    expect(all()).toEqual(before);
    for (const [name, content] of Object.entries(before))
      if (name !== '.env') expect(said).not.toContain(content.trim());
  });

  it('closes an .env that was open, keeps its settings, and moves the secrets that an older one holds', () => {
    const old = 'an-older-secret-of-some-length-12';
    writeFileSync(
      join(folder, '.env'),
      `OPS_ACCESS=10.0.0.0/8\nSESSION_SECRET=${old}\nPOSTGRES_PASSWORD=${old}\nDATABASE_URL=postgres://a:b@db/c\n`,
      { mode: 0o644 },
    );
    run();
    expect(read('.env')).toBe('OPS_ACCESS=10.0.0.0/8\nSECRETS_DIR=./.secrets\n');
    expect(modeOf('.env')).toBe(0o600);
    expect(read('.secrets', 'session-secret')).toBe(`${old}\n`);
    expect(read('.secrets', 'database-password')).toBe(`${old}\n`);
    expect(read('.secrets', 'database-url')).toBe('postgres://a:b@db/c\n');
  });

  it('writes a changed key into the configuration of the S3 store', () => {
    run();
    writeFileSync(join(folder, '.secrets', 'aws-secret-access-key'), 'another-key\n');
    run();
    expect(JSON.parse(read('.secrets', 's3.json'))).toMatchObject({
      identities: [{ credentials: [{ secretKey: 'another-key' }] }],
    });
  });
});
