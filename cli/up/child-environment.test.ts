import { describe, expect, it } from '@jest/globals';
import { SECRET_SETTINGS, secretFileVariable, type SettingName } from '../../schemas/settings/config.ts';
import { environmentOf, type PartName } from './child-environment.ts';

const PARTS: readonly PartName[] = ['event-store', 'gateway', 'services', 'web-app'];

/** Parts that get each secret setting of somebody's environment. A new secret has to be thought about here. */
const EXPECTED: Readonly<Partial<Record<SettingName, readonly PartName[]>>> = {
  SESSION_SECRET: ['services'],
  GATEWAY_TOKEN: ['services'],
  DATABASE_URL: ['services'],
  EVENTSTORE_URL: ['services'],
  AWS_ACCESS_KEY_ID: ['services'],
  AWS_SECRET_ACCESS_KEY: ['services'],
  AWS_SESSION_TOKEN: ['services'],
  BACKUP_PASSPHRASE: [],
  ANALYTICS_DATABASE_URL: [],
};

const having = (name: string, more: Record<string, string> = {}): PartName[] =>
  PARTS.filter((part) => name in environmentOf(part, { [name]: 'secret', ...more }));

describe('what a part of `docket up` is given', () => {
  it.each(SECRET_SETTINGS)('holds %s only where it is needed', (name) => {
    expect([name, having(name, { BLOB_STORE: 's3' })]).toEqual([name, EXPECTED[name]]);
  });

  it.each(['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'])(
    'holds %s only when the blobs are in S3',
    (name) => {
      expect([having(name), having(name, { BLOB_STORE: 's3' })]).toEqual([[], ['services']]);
    },
  );

  it('holds no variable of another program, and no name of a file with a secret', () => {
    for (const name of [
      'GITHUB_TOKEN',
      'NPM_TOKEN',
      'SSH_AUTH_SOCK',
      ...SECRET_SETTINGS.map(secretFileVariable),
    ])
      // Files are read before: the part gets the value by the setting's own name.
      if (!name.startsWith('AWS_')) expect([name, having(name)]).toEqual([name, []]);
  });
});
