import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRET_SETTINGS, secretFileVariable } from '../../schemas/settings/config.ts';
import { readSecretFiles } from './secret-files.ts';
import { SettingsRefused } from './settings.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-secret-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (content: string): string => {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
};
const read = (environment: Record<string, string>): Record<string, string | undefined> => {
  readSecretFiles(environment);
  return environment;
};
const faultsOf = (environment: Record<string, string>): string => {
  try {
    readSecretFiles(environment);
    return '';
  } catch (error) {
    if (error instanceof SettingsRefused) return error.message;
    throw error;
  }
};

describe('a secret given as a file', () => {
  it.each(SECRET_SETTINGS)('is read for %s', (name) => {
    expect(read({ [secretFileVariable(name)]: fileOf('the secret\n') })).toEqual({ [name]: 'the secret' });
  });

  it.each([
    ['no newline', 'a b', 'a b'],
    ['one', 'a b\n', 'a b'],
    ['one of Windows', 'a b\r\n', 'a b'],
    ['two', ' a b\n\n', ' a b\n'],
  ])('loses one final newline and nothing else: %s', (_name, content, secret) => {
    expect(read({ GATEWAY_TOKEN_FILE: fileOf(content) })).toEqual({ GATEWAY_TOKEN: secret });
  });

  it('counts as unset when the variable is empty', () => {
    expect(read({ GATEWAY_TOKEN_FILE: '', GATEWAY_TOKEN: 'given' })['GATEWAY_TOKEN']).toBe('given');
    expect(read({ GATEWAY_TOKEN_FILE: fileOf('filed'), GATEWAY_TOKEN: '' })).toEqual({
      GATEWAY_TOKEN: 'filed',
    });
  });

  it('is refused by name when the value is given as well', () => {
    const both = { SESSION_SECRET: 'a'.repeat(32), SESSION_SECRET_FILE: fileOf('b'.repeat(32)) };
    expect(faultsOf(both)).toContain('SESSION_SECRET and SESSION_SECRET_FILE are both set');
  });

  it('is refused by name, with every other one, when it cannot be used; the message holds no secret', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    writeFileSync(join(folder, 'large'), 'x'.repeat(70_000));
    const faults = faultsOf({
      SESSION_SECRET_FILE: join(folder, 'nowhere'),
      DATABASE_URL_FILE: folder,
      EVENTSTORE_URL_FILE: join(folder, 'pipe'),
      GATEWAY_TOKEN_FILE: fileOf('\n'),
      BACKUP_PASSPHRASE_FILE: join(folder, 'large'),
    });
    expect(faults).toContain(`SESSION_SECRET_FILE: ${join(folder, 'nowhere')} cannot be read (ENOENT)`);
    expect(faults).toContain(`DATABASE_URL_FILE: ${folder} is not a file`);
    expect(faults).toContain(`EVENTSTORE_URL_FILE: ${join(folder, 'pipe')} is not a file`);
    expect(faults).toContain(`GATEWAY_TOKEN_FILE: ${join(folder, 'secret')} is empty`);
    expect(faults).toContain('BACKUP_PASSPHRASE_FILE');
    expect(faults).not.toContain('xxx');
  });
});
